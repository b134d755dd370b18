"""The patient's own record."""

from typing import Any

from flask_restx import Namespace, Resource

from api.operation import operation
from diary.access import clinics
from diary.access.permissions import Scope
from diary.checkins.standing import OwnAlert, own_alert
from diary.patients import service
from diary.work import Work
from schemas.me import MeView, OwnAlertView

ns = Namespace("me", "The patient's own record", path="/v1/me")


@ns.route("")
class Me(Resource):
    """Whoever holds the phone."""

    @operation(scope=Scope.ME_READ, returns=MeView)
    def get(self, work: Work) -> dict[str, Any]:
        """Read the patient's own record and whom to call at the clinic."""
        patient = service.get(work, work.caller.patient)
        return {
            "id": patient.id,
            "reference": patient.reference,
            "locale": patient.locale,
            "time_zone": patient.time_zone,
            "clinic": clinics.get(work),
        }


@ns.route("/alert")
class OwnAlertState(Resource):
    """What became of what the patient sent."""

    @operation(scope=Scope.ME_READ, returns=OwnAlertView)
    def get(self, work: Work) -> OwnAlert:
        """Read how far it has got: sent, seen, being handled, or closed within the last day."""
        return own_alert(work)
