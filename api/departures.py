"""Going home after an infusion."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.infusions import departures as leaving
from diary.infusions.doubts import NeedsConfirmation
from diary.infusions.model import departures
from diary.infusions.reading import InfusionNotReady
from diary.patients.service import OnlyReading
from diary.work import Work
from schemas.departures import DepartureDraft, DepartureView

ns = Namespace("departures", "Going home after visits", path="/v1/patients")


@ns.route("/<uuid:patient_id>/infusions/<uuid:infusion_id>/departures")
class Departures(Resource):
    """From one visit."""

    @operation(scope=Scope.PATIENTS_READ, returns=DepartureView, page=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, infusion_id: UUID, page: Page) -> Found:
        """List what was entered of how the patient left, the newest first.

        The newest counts, and took the place of the others.
        """
        found = page.read(work, leaving.of_infusion(work, patient_id, infusion_id), departures.c.id)
        return Found([leaving.opened(work, row) for row in found.items], found.next_cursor)

    @operation(
        scope=Scope.INFUSIONS_WRITE,
        body=DepartureDraft,
        returns=DepartureView,
        status=201,
        raises=(NotFound, OnlyReading, InfusionNotReady, NeedsConfirmation),
        idempotent=True,
    )
    def post(
        self, work: Work, patient_id: UUID, infusion_id: UUID, body: dict[str, Any]
    ) -> leaving.Departure:
        """Enter that the patient left, and which criteria were met.

        Whoever leaves though one is not needs a reason. What was entered wrongly is entered anew.
        """
        return leaving.record(work, patient_id, infusion_id, **body)
