"""What is seen of a patient during a visit: vital signs and dissociation."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource
from sqlalchemy import Row

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.infusions import observations as seen
from diary.infusions.doubts import NeedsConfirmation
from diary.infusions.model import observations
from diary.infusions.reading import InfusionNotReady
from diary.patients.service import OnlyReading
from diary.work import Work
from schemas.observations import ObservationDraft, ObservationView

ns = Namespace("observations", "What is seen during visits", path="/v1/patients")


@ns.route("/<uuid:patient_id>/infusions/<uuid:infusion_id>/observations")
class Observations(Resource):
    """Of one visit."""

    @operation(scope=Scope.PATIENTS_READ, returns=ObservationView, page=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, infusion_id: UUID, page: Page) -> Found:
        """List what was seen during a visit, the first that was seen first, with what was wrong."""
        return page.read(
            work,
            seen.of_infusion(work, patient_id, infusion_id),
            observations.c.observed_at,
            observations.c.id,
            descending=False,
        )

    @operation(
        scope=Scope.INFUSIONS_WRITE,
        body=ObservationDraft,
        returns=ObservationView,
        status=201,
        raises=(NotFound, OnlyReading, InfusionNotReady, NeedsConfirmation),
        idempotent=True,
    )
    def post(
        self, work: Work, patient_id: UUID, infusion_id: UUID, body: dict[str, Any]
    ) -> Row[Any]:
        """Enter vital signs, dissociation, or both.

        Nothing is changed: a wrong entry is corrected by another one that names it. Nobody
        is paged by it: whoever enters it is with the patient.
        """
        return seen.record(work, patient_id, infusion_id, **body)
