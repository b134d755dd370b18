"""The caller's own clinic."""

from typing import Any

from flask_restx import Namespace, Resource
from sqlalchemy import Row

from api.operation import operation
from diary.access import clinics
from diary.access.permissions import Scope
from diary.alerts import readiness
from diary.records import retention
from diary.versions import Expected
from diary.work import Work
from schemas.clinic import ClinicDraft, ClinicView, ReadinessView, RetentionDraft, RetentionView

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


@ns.route("/retention")
class ClinicRetention(Resource):
    """How long records are kept."""

    @operation(scope=Scope.CLINIC_READ, returns=RetentionView, versioned=True)
    def get(self, work: Work) -> retention.Retention:
        """Tell how long records are kept after a discharge, and whose time is over."""
        return retention.policy(work)

    @operation(
        scope=Scope.CLINIC_WRITE,
        step_up=True,
        body=RetentionDraft,
        returns=RetentionView,
        versioned=True,
    )
    def put(self, work: Work, body: dict[str, Any], expected: Expected) -> retention.Retention:
        """Keep records for so many months after a discharge, or for ever.

        It is a part of the clinic, whose version it has.
        """
        return retention.set_policy(work, body["months"], expected)
