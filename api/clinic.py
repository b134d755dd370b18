"""The caller's own clinic."""

from typing import Any

from flask_restx import Namespace, Resource
from sqlalchemy import Row

from api.operation import operation
from diary.access import clinics
from diary.access.permissions import Scope
from diary.alerts import readiness
from diary.versions import Expected
from diary.work import Work
from schemas.clinic import ClinicDraft, ClinicView, ReadinessView

ns = Namespace("clinic", "The clinic itself", path="/v1/clinic")


@ns.route("")
class Clinic(Resource):
    """What patients are shown, and when the team reads answers."""

    @operation(scope=Scope.CLINIC_READ, returns=ClinicView, versioned=True, also=(304,))
    def get(self, work: Work) -> Row[Any]:
        """Read the clinic."""
        return clinics.get(work)

    @operation(scope=Scope.CLINIC_WRITE, body=ClinicDraft, returns=ClinicView, versioned=True)
    def put(self, work: Work, body: dict[str, Any], expected: Expected) -> Row[Any]:
        """Replace what patients are shown of the clinic, its staffed hours included."""
        return clinics.change(work, expected, **body)


@ns.route("/readiness")
class ClinicReadiness(Resource):
    """Whether patients can be enrolled."""

    @operation(scope=Scope.CLINIC_READ, returns=ReadinessView)
    def get(self, work: Work) -> readiness.Readiness:
        """Tell whether an alert of every severity would reach someone, and what is missing."""
        return readiness.report(work)
