"""How much of what was asked was answered."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from diary.access.permissions import Scope
from diary.errors import BadPeriod, NotFound
from diary.schedule import adherence
from diary.schedule.adherence import Adherence
from diary.work import Work
from schemas.adherence import AdherenceQuery, AdherenceView

ns = Namespace("adherence", "Response rates", path="/v1")


@ns.route("/adherence")
class ClinicAdherence(Resource):
    """The clinic's."""

    @operation(
        scope=Scope.SCORECARD_READ, query=AdherenceQuery, returns=AdherenceView, raises=(BadPeriod,)
    )
    def get(self, work: Work, query: dict[str, Any]) -> Adherence:
        """Read how many of the check-ins that were due were answered, of all patients, by week."""
        return adherence.of_clinic(work, **query)


@ns.route("/patients/<uuid:patient_id>/adherence")
class PatientAdherence(Resource):
    """A patient's."""

    @operation(
        scope=Scope.PATIENTS_READ,
        query=AdherenceQuery,
        returns=AdherenceView,
        raises=(NotFound, BadPeriod),
    )
    def get(self, work: Work, patient_id: UUID, query: dict[str, Any]) -> Adherence:
        """Read how many of the check-ins that were due a patient answered, by week."""
        return adherence.of_patient(work, patient_id, **query)
