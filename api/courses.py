"""Courses of treatment, and what must be known before their first infusion."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource
from sqlalchemy import Select

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.checkins.administered import last_totals
from diary.errors import NotFound
from diary.infusions.courses import reading, service
from diary.infusions.courses.reading import Course
from diary.infusions.courses.service import CourseOpen, CourseState
from diary.infusions.model import courses
from diary.patients.service import OnlyReading
from diary.versions import Expected
from diary.work import Work
from schemas.courses import (
    CourseAssessmentDraft,
    CourseBaselineDraft,
    CourseClosing,
    CourseDraft,
    CourseView,
    CourseWaiverDraft,
    NewCourseDraft,
)

ns = Namespace("courses", "Courses of treatment", path="/v1")
_CHANGE = (NotFound, OnlyReading, CourseState)


@ns.route("/courses/waiting")
class WaitingCourses(Resource):
    """Courses that have not begun."""

    @operation(scope=Scope.COURSES_READ, returns=CourseView, page=True)
    def get(self, work: Work, page: Page) -> Found:
        """List the courses that have not begun, each with what is missing.

        The newest first.
        """
        return _listed(work, page, reading.waiting(work))


@ns.route("/courses/incomplete")
class IncompleteCourses(Resource):
    """Courses that began without something."""

    @operation(scope=Scope.COURSES_READ, returns=CourseView, page=True)
    def get(self, work: Work, page: Page) -> Found:
        """List the open courses that began though something was missing.

        `lacked` says what, and nobody had waived it. The newest first.
        """
        return _listed(work, page, reading.incomplete(work))


@ns.route("/patients/<uuid:patient_id>/courses")
class Courses(Resource):
    """Of one patient."""

    @operation(scope=Scope.COURSES_READ, returns=CourseView, page=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, page: Page) -> Found:
        """List a patient's courses, the newest first."""
        return _listed(work, page, reading.of_patient(work, patient_id))

    @operation(
        scope=Scope.COURSES_WRITE,
        body=NewCourseDraft,
        returns=CourseView,
        status=201,
        versioned=True,
        raises=(NotFound, OnlyReading, CourseOpen),
        idempotent=True,
    )
    def post(self, work: Work, patient_id: UUID, body: dict[str, Any]) -> Course:
        """Open a course of treatment.

        The planned infusions are of it, and whatever is planned until it is closed.
        """
        return _read(work, patient_id, service.create(work, patient_id, **body))


@ns.route("/patients/<uuid:patient_id>/courses/<uuid:course_id>")
class OneCourse(Resource):
    """One of them."""

    @operation(
        scope=Scope.COURSES_READ,
        returns=CourseView,
        versioned=True,
        raises=(NotFound,),
    )
    def get(self, work: Work, patient_id: UUID, course_id: UUID) -> Course:
        """Read a course."""
        return _read(work, patient_id, course_id)

    @operation(
        scope=Scope.COURSES_WRITE,
        body=CourseDraft,
        returns=CourseView,
        versioned=True,
        raises=_CHANGE,
    )
    def put(
        self,
        work: Work,
        patient_id: UUID,
        course_id: UUID,
        body: dict[str, Any],
        expected: Expected,
    ) -> Course:
        """Say anew what a course rests on.

        With another baseline instrument, what was entered of the one before is no baseline any
        more. Once the course has begun, `induction_infusions` alone can be another.
        """
        service.change(work, patient_id, course_id, **body, expected=expected)
        return _read(work, patient_id, course_id)


@ns.route("/patients/<uuid:patient_id>/courses/<uuid:course_id>/assessment")
class CourseAssessment(Resource):
    """Whether ketamine may be given."""

    @operation(
        scope=Scope.ASSESSMENTS_WRITE,
        body=CourseAssessmentDraft,
        returns=CourseView,
        versioned=True,
        raises=_CHANGE,
    )
    def put(
        self,
        work: Work,
        patient_id: UUID,
        course_id: UUID,
        body: dict[str, Any],
        expected: Expected,
    ) -> Course:
        """Say when you examined the patient and found that ketamine may be given.

        It counts for a first infusion of the 30 days after.
        """
        service.assess(work, patient_id, course_id, **body, expected=expected)
        return _read(work, patient_id, course_id)


@ns.route("/patients/<uuid:patient_id>/courses/<uuid:course_id>/baseline")
class CourseBaseline(Resource):
    """From where the course is measured."""

    @operation(
        scope=Scope.COURSES_WRITE,
        body=CourseBaselineDraft,
        returns=CourseView,
        versioned=True,
        raises=_CHANGE,
    )
    def put(
        self,
        work: Work,
        patient_id: UUID,
        course_id: UUID,
        body: dict[str, Any],
        expected: Expected,
    ) -> Course:
        """Enter a total of the baseline instrument.

        It counts for a first infusion of the 14 days after, unless the patient has answered the
        instrument since.
        """
        service.rate(work, patient_id, course_id, **body, expected=expected)
        return _read(work, patient_id, course_id)


@ns.route("/patients/<uuid:patient_id>/courses/<uuid:course_id>/waiver")
class CourseWaiver(Resource):
    """What the first infusion may do without."""

    @operation(
        scope=Scope.ASSESSMENTS_WRITE,
        step_up=True,
        body=CourseWaiverDraft,
        returns=CourseView,
        versioned=True,
        raises=_CHANGE,
    )
    def put(
        self,
        work: Work,
        patient_id: UUID,
        course_id: UUID,
        body: dict[str, Any],
        expected: Expected,
    ) -> Course:
        """Let the first infusion begin though what you name is missing.

        It takes the place of what was waived before.
        """
        service.waive(work, patient_id, course_id, **body, expected=expected)
        return _read(work, patient_id, course_id)


@ns.route("/patients/<uuid:patient_id>/courses/<uuid:course_id>/close")
class CourseClosed(Resource):
    """The end."""

    @operation(
        scope=Scope.COURSES_WRITE,
        body=CourseClosing,
        returns=CourseView,
        raises=_CHANGE,
        idempotent=True,
    )
    def post(self, work: Work, patient_id: UUID, course_id: UUID, body: dict[str, Any]) -> Course:
        """Close a course of which no infusion is planned or runs."""
        service.close(work, patient_id, course_id, **body)
        return _read(work, patient_id, course_id)


def _read(work: Work, patient_id: UUID, course_id: UUID) -> Course:
    course = reading.opened(work, reading.find(work, patient_id, course_id))
    return reading.weighed(course, last_totals(work, [patient_id], work.now), work.now)


def _listed(work: Work, page: Page, query: Select[Any]) -> Found:
    found = page.read(work, query, courses.c.id, shown=lambda row: reading.opened(work, row))
    totals = last_totals(work, {each.patient_id for each in found.items}, work.now)
    shown = [reading.weighed(each, totals, work.now) for each in found.items]
    return Found(shown, found.next_cursor)
