"""Quarantine: what could not be taken as it was, until a person of the care team has looked."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.checkins import reading, review
from diary.checkins.model import quarantine
from diary.checkins.reading import SetApart
from diary.checkins.review import AlreadyReviewed
from diary.errors import NotFound
from diary.patients.service import OnlyReading
from diary.work import Work
from schemas.quarantine import QuarantineFilter, ReviewDraft, SetApartView, WaitingView

ns = Namespace("quarantine", "Quarantine", path="/v1")


@ns.route("/quarantine")
class Quarantine(Resource):
    """What was set apart of every patient whom the caller can see."""

    @operation(scope=Scope.CHECK_INS_READ, query=QuarantineFilter, returns=SetApartView, page=True)
    def get(self, work: Work, query: dict[str, str | None], page: Page) -> Found:
        """List what was set apart, the last received first; `reviewed=false`: what waits."""
        wanted = {None: None, "true": True, "false": False}[query["reviewed"]]
        return page.read(
            work,
            review.visible(work, reviewed=wanted),
            quarantine.c.received_at,
            quarantine.c.id,
            shown=lambda row: reading.opened(work, row),
        )


@ns.route("/quarantine/waiting")
class QuarantineWaiting(Resource):
    """How much waits."""

    @operation(scope=Scope.CHECK_INS_READ, returns=WaitingView)
    def get(self, work: Work) -> review.Waiting:
        """Count what waits for a review, of every patient whom you can see."""
        return review.waiting(work)


@ns.route("/patients/<uuid:patient_id>/quarantine")
class PatientQuarantine(Resource):
    """What a patient's phone sent that could not be taken as it was."""

    @operation(scope=Scope.CHECK_INS_READ, returns=SetApartView, page=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, page: Page) -> Found:
        """List the bodies that were kept apart, the last received first."""
        return page.read(
            work,
            reading.set_apart(work, patient_id),
            quarantine.c.received_at,
            quarantine.c.id,
            shown=lambda row: reading.opened(work, row),
        )


@ns.route("/patients/<uuid:patient_id>/quarantine/<uuid:quarantine_id>")
class PatientSetApart(Resource):
    """One of them."""

    @operation(scope=Scope.CHECK_INS_READ, returns=SetApartView, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, quarantine_id: UUID) -> SetApart:
        """Read a body that was kept apart."""
        return review.get(work, patient_id, quarantine_id)


@ns.route("/patients/<uuid:patient_id>/quarantine/<uuid:quarantine_id>/review")
class SetApartReview(Resource):
    """What a person found it to be."""

    @operation(
        scope=Scope.CHECK_INS_REVIEW,
        body=ReviewDraft,
        returns=SetApartView,
        status=201,
        raises=(NotFound, OnlyReading, AlreadyReviewed),
        idempotent=True,
    )
    def post(
        self, work: Work, patient_id: UUID, quarantine_id: UUID, body: dict[str, Any]
    ) -> SetApart:
        """Say what it was, once. No alert ends by it: a person closes that one."""
        return review.review(work, patient_id, quarantine_id, **body)
