"""Infusions: the visits that the diary lies between."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource
from sqlalchemy import Row

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.infusions import service
from diary.infusions.model import infusions
from diary.patients.service import OnlyReading
from diary.work import Work
from schemas.infusions import InfusionDraft, InfusionEnd, InfusionStart, InfusionView

ns = Namespace("infusions", "Infusions", path="/v1/patients/<uuid:patient_id>/infusions")
_STEP = (NotFound, OnlyReading, service.InfusionNotReady)


@ns.route("")
class Infusions(Resource):
    """A patient's infusions."""

    @operation(scope=Scope.PATIENTS_READ, returns=InfusionView, page=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, page: Page) -> Found:
        """List a patient's infusions, the last one first."""
        return page.read(work, service.of_patient(work, patient_id), infusions.c.number)

    @operation(
        scope=Scope.INFUSIONS_WRITE,
        body=InfusionDraft,
        returns=InfusionView,
        status=201,
        raises=(NotFound, OnlyReading),
        idempotent=True,
    )
    def post(self, work: Work, patient_id: UUID, body: dict[str, Any]) -> Row[Any]:
        """Plan a patient's next infusion."""
        return service.plan(work, patient_id, **body)


@ns.route("/<uuid:infusion_id>/start")
class InfusionStarting(Resource):
    """The beginning."""

    @operation(
        scope=Scope.INFUSIONS_WRITE,
        body=InfusionStart,
        returns=InfusionView,
        raises=_STEP,
        idempotent=True,
    )
    def post(
        self, work: Work, patient_id: UUID, infusion_id: UUID, body: dict[str, Any]
    ) -> Row[Any]:
        """Record that a planned infusion began."""
        return service.start(work, patient_id, infusion_id, **body)


@ns.route("/<uuid:infusion_id>/end")
class InfusionEnding(Resource):
    """The end."""

    @operation(
        scope=Scope.INFUSIONS_WRITE,
        body=InfusionEnd,
        returns=InfusionView,
        raises=_STEP,
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
        returns=InfusionView,
        raises=_STEP,
        idempotent=True,
    )
    def post(self, work: Work, patient_id: UUID, infusion_id: UUID) -> Row[Any]:
        """Cancel a planned infusion."""
        return service.cancel(work, patient_id, infusion_id)
