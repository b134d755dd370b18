"""A patient's state, and its history."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.checkins.states import Standing, change
from diary.errors import NotFound
from diary.patients import states
from diary.patients.drill import DrillPatient
from diary.patients.model import patient_states
from diary.patients.service import OnlyReading, Patient
from diary.patients.states import State
from diary.work import Work
from schemas.patients import PatientView
from schemas.states import StandingView, StateDraft, StateView

ns = Namespace("states", "States of patients", path="/v1/patients/<uuid:patient_id>")
_REFUSALS = (NotFound, OnlyReading, DrillPatient)


@ns.route("/states")
class PatientStates(Resource):
    """In treatment, away from it, or no longer in it."""

    @operation(scope=Scope.PATIENTS_READ, returns=StateView, page=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, page: Page) -> Found:
        """List the changes of a patient's state, the newest first."""
        found = page.read(work, states.history(work, patient_id), patient_states.c.id)
        return Found([states.opened(work, row) for row in found.items], found.next_cursor)

    @operation(
        scope=Scope.PATIENTS_WRITE,
        body=StateDraft,
        returns=StandingView,
        status=201,
        raises=_REFUSALS,
        idempotent=True,
    )
    def post(self, work: Work, patient_id: UUID, body: dict[str, Any]) -> Standing:
        """Change a patient's state. No alert is closed by it, and nobody is forgotten.

        `discharged` and `deceased` put the phones out; in every other state a phone may go on
        sending, and what it sends is judged.
        """
        return change(work, patient_id, **body)


@ns.route("/discharge")
class PatientDischarge(Resource):
    """The end of a treatment."""

    @operation(scope=Scope.PATIENTS_WRITE, returns=PatientView, raises=_REFUSALS)
    def post(self, work: Work, patient_id: UUID) -> Patient:
        """Discharge a patient: their phones are put out, and no other is let in.

        What a phone has not sent by then is not taken any more. An alert that is open stays open.
        """
        return change(work, patient_id, State.DISCHARGED).patient


@ns.route("/readmit")
class PatientReadmission(Resource):
    """A treatment begins again."""

    @operation(scope=Scope.PATIENTS_WRITE, returns=PatientView, raises=_REFUSALS)
    def post(self, work: Work, patient_id: UUID) -> Patient:
        """Readmit a patient who was discharged; the phone has to be paired anew."""
        return change(work, patient_id, State.ACTIVE).patient
