"""Going home after an infusion."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.infusions import discharge
from diary.infusions.doubts import NeedsConfirmation
from diary.infusions.model import discharges
from diary.infusions.reading import InfusionNotReady
from diary.patients.service import OnlyReading
from diary.work import Work
from schemas.discharges import DischargeDraft, DischargeView

ns = Namespace("discharges", "Going home after visits", path="/v1/patients")


@ns.route("/<uuid:patient_id>/infusions/<uuid:infusion_id>/discharges")
class Discharges(Resource):
    """From one visit."""

    @operation(scope=Scope.PATIENTS_READ, returns=DischargeView, page=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, infusion_id: UUID, page: Page) -> Found:
        """List what was entered of how the patient left, the newest first: it counts, and took the
        place of the others."""
        found = page.read(
            work, discharge.of_infusion(work, patient_id, infusion_id), discharges.c.id
        )
        return Found([discharge.opened(work, row) for row in found.items], found.next_cursor)

    @operation(
        scope=Scope.INFUSIONS_WRITE,
        body=DischargeDraft,
        returns=DischargeView,
        status=201,
        raises=(NotFound, OnlyReading, InfusionNotReady, NeedsConfirmation),
        idempotent=True,
    )
    def post(
        self, work: Work, patient_id: UUID, infusion_id: UUID, body: dict[str, Any]
    ) -> discharge.Discharge:
        """Enter that the patient left, and which criteria were met. Whoever leaves though one is
        not needs a reason. What was entered wrongly is entered anew.
        """
        return discharge.record(work, patient_id, infusion_id, **body)
