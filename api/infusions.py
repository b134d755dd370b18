"""Infusions: the visits that the diary lies between."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource
from sqlalchemy import Row

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.checkins.administered import last_totals
from diary.errors import NotFound
from diary.infusions import departures, escorts, reading, service
from diary.infusions.courses.starting import CourseNotReady
from diary.infusions.doubts import NeedsConfirmation
from diary.infusions.model import infusions
from diary.patients.service import OnlyReading
from diary.work import Work
from schemas.infusions import (
    EscortDraft,
    InfusionCancellation,
    InfusionDetailView,
    InfusionDraft,
    InfusionEnd,
    InfusionMove,
    InfusionStart,
    InfusionView,
    OwnInfusionView,
)

ns = Namespace("infusions", "Infusions", path="/v1/patients/<uuid:patient_id>/infusions")
own = Namespace("own-infusions", "The patient's infusions", path="/v1/me/infusions")
visits = Namespace("visits", "The clinic's infusions", path="/v1/infusions")
_STEP = (NotFound, OnlyReading, reading.InfusionNotReady)
_UNUSUAL = (*_STEP, NeedsConfirmation)


@ns.route("")
class Infusions(Resource):
    """A patient's infusions."""

    @operation(scope=Scope.PATIENTS_READ, returns=InfusionView, page=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, page: Page) -> Found:
        """List a patient's infusions, cancelled ones included, the last that was planned first."""
        return page.read(work, reading.of_patient(work, patient_id), infusions.c.id)

    @operation(
        scope=Scope.INFUSIONS_WRITE,
        body=InfusionDraft,
        returns=InfusionView,
        status=201,
        raises=(NotFound, OnlyReading, NeedsConfirmation),
        idempotent=True,
    )
    def post(self, work: Work, patient_id: UUID, body: dict[str, Any]) -> Row[Any]:
        """Plan an infusion.

        An unusual dose or length, a second one on a day, and one before others that were given, are
        refused until the fields are confirmed.
        """
        return service.plan(work, patient_id, **body)


@ns.route("/<uuid:infusion_id>")
class Infusion(Resource):
    """One of them."""

    @operation(scope=Scope.PATIENTS_READ, returns=InfusionDetailView, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, infusion_id: UUID) -> dict[str, Any]:
        """Read an infusion, and from where to where it was moved."""
        infusion = reading.get(work, patient_id, infusion_id)
        return dict(infusion._mapping) | {"moves": reading.moves(work, infusion_id)}


@ns.route("/<uuid:infusion_id>/move")
class InfusionMoving(Resource):
    """Another moment."""

    @operation(
        scope=Scope.INFUSIONS_WRITE,
        body=InfusionMove,
        returns=InfusionView,
        raises=_UNUSUAL,
        idempotent=True,
    )
    def post(
        self, work: Work, patient_id: UUID, infusion_id: UUID, body: dict[str, Any]
    ) -> Row[Any]:
        """Move a planned infusion to another moment."""
        return service.move(work, patient_id, infusion_id, **body)


@ns.route("/<uuid:infusion_id>/escort")
class InfusionEscort(Resource):
    """The way home."""

    @operation(
        scope=Scope.INFUSIONS_WRITE,
        body=EscortDraft,
        returns=InfusionView,
        raises=_STEP,
    )
    def put(
        self, work: Work, patient_id: UUID, infusion_id: UUID, body: dict[str, Any]
    ) -> Row[Any]:
        """Say what of the way home is arranged: somebody who comes along, and how they travel.

        A move asks anew. What is missing a day ahead every webhook hears:
        `infusion.escort_missing`.
        """
        return escorts.arrange(work, patient_id, infusion_id, **body)


@ns.route("/<uuid:infusion_id>/start")
class InfusionStarting(Resource):
    """The beginning."""

    @operation(
        scope=Scope.INFUSIONS_WRITE,
        body=InfusionStart,
        returns=InfusionView,
        raises=(*_UNUSUAL, CourseNotReady),
        idempotent=True,
    )
    def post(
        self, work: Work, patient_id: UUID, infusion_id: UUID, body: dict[str, Any]
    ) -> Row[Any]:
        """Record that a planned infusion began.

        The first one of a course needs what has to be known before it: 409 `course-not-ready` names
        what is missing. One that began more than 15 minutes ago was given: it is asked about, and
        so is one that is of no course.
        """
        totals = last_totals(work, [patient_id], body["started_at"])
        return service.start(work, patient_id, infusion_id, **body, totals=totals)


@ns.route("/<uuid:infusion_id>/end")
class InfusionEnding(Resource):
    """The end."""

    @operation(
        scope=Scope.INFUSIONS_WRITE,
        body=InfusionEnd,
        returns=InfusionView,
        raises=_UNUSUAL,
        idempotent=True,
    )
    def post(
        self, work: Work, patient_id: UUID, infusion_id: UUID, body: dict[str, Any]
    ) -> Row[Any]:
        """Record that a started infusion ended."""
        return service.end(work, patient_id, infusion_id, **body)


@ns.route("/<uuid:infusion_id>/cancel")
class InfusionCancelling(Resource):
    """Not taking place."""

    @operation(
        scope=Scope.INFUSIONS_WRITE,
        body=InfusionCancellation,
        returns=InfusionView,
        raises=_STEP,
        idempotent=True,
    )
    def post(
        self, work: Work, patient_id: UUID, infusion_id: UUID, body: dict[str, Any]
    ) -> Row[Any]:
        """Cancel a planned infusion: it is not counted any more."""
        return service.cancel(work, patient_id, infusion_id, **body)


@own.route("")
class OwnInfusions(Resource):
    """What lies ahead of the patient."""

    @operation(scope=Scope.ME_READ, returns=OwnInfusionView, page=True)
    def get(self, work: Work, page: Page) -> Found:
        """List the infusions that are planned for you, the next first.

        What is not arranged of the way home is to be said to the clinic: nobody drives before the
        next morning.
        """
        return page.read(
            work,
            reading.ahead(work, work.caller.patient),
            infusions.c.planned_at,
            infusions.c.id,
            descending=False,
        )


@visits.route("/not-left")
class InfusionsNotLeft(Resource):
    """Visits that nobody is known to have gone home from."""

    @operation(scope=Scope.PATIENTS_READ, returns=InfusionView, page=True)
    def get(self, work: Work, page: Page) -> Found:
        """List the infusions of the last seven days from which nobody is known to have gone home.

        The first that began comes first.
        """
        return page.read(
            work,
            departures.missing(work),
            infusions.c.started_at,
            infusions.c.id,
            descending=False,
        )


@visits.route("/not-recorded")
class InfusionsNotRecorded(Resource):
    """Visits that were planned, and of which nobody knows whether they took place."""

    @operation(scope=Scope.PATIENTS_READ, returns=InfusionView, page=True)
    def get(self, work: Work, page: Page) -> Found:
        """List the infusions that were planned for 12 hours ago or earlier, with nothing recorded.

        The longest ago comes first. Each wants a beginning and an end, to be moved or cancelled:
        until then no answer is judged as one that follows it.
        """
        return page.read(
            work,
            reading.unrecorded(work),
            infusions.c.planned_at,
            infusions.c.id,
            descending=False,
        )


@visits.route("/without-escort")
class InfusionsWithoutEscort(Resource):
    """Visits whose way home is not arranged."""

    @operation(scope=Scope.PATIENTS_READ, returns=InfusionView, page=True)
    def get(self, work: Work, page: Page) -> Found:
        """List the infusions of the next week for which an escort or the transport is missing.

        The next comes first.
        """
        return page.read(
            work,
            escorts.missing(work),
            infusions.c.planned_at,
            infusions.c.id,
            descending=False,
        )
