"""The safety plan: written by the care team with a patient, and by the patient."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.patients.service import OnlyReading
from diary.safety import plans
from diary.safety.model import safety_plans
from diary.safety.plans import Plan
from diary.versions import Expected
from diary.work import Work
from schemas.safety_plans import (
    OwnSafetyPlanDraft,
    PatientPlanView,
    SafetyPlanDraft,
    SafetyPlanView,
)

ns = Namespace("safety-plans", "Safety plans", path="/v1")


@ns.route("/me/safety-plan")
class OwnSafetyPlan(Resource):
    """The patient's own."""

    @operation(
        scope=Scope.ME_READ,
        returns=SafetyPlanView,
        versioned=True,
        also=(304,),
        raises=(NotFound,),
    )
    def get(self, work: Work) -> Plan:
        """Read your safety plan; 404 where nobody has written one."""
        return plans.get(work, work.caller.patient)

    @operation(
        scope=Scope.ME_WRITE,
        body=OwnSafetyPlanDraft,
        returns=SafetyPlanView,
        versioned=True,
        # Whoever is erased in this moment.
        raises=(NotFound,),
    )
    def put(self, work: Work, body: dict[str, Any], expected: Expected) -> Plan:
        """Write steps that are your own; what you do not name stays as it is.

        Nobody is told, and nothing in it is judged: the care team reads it when they look.
        """
        return plans.write(work, work.caller.patient, body["steps"], expected)


@ns.route("/patients/<uuid:patient_id>/safety-plan")
class PatientSafetyPlan(Resource):
    """A patient's."""

    @operation(
        scope=Scope.SAFETY_PLANS_READ,
        returns=PatientPlanView,
        versioned=True,
        also=(304,),
        raises=(NotFound,),
    )
    def get(self, work: Work, patient_id: UUID) -> Plan:
        """Read a patient's safety plan; 404 where nobody has written one."""
        return plans.get(work, patient_id)

    @operation(
        scope=Scope.SAFETY_PLANS_WRITE,
        body=SafetyPlanDraft,
        returns=PatientPlanView,
        versioned=True,
        raises=(NotFound, OnlyReading),
    )
    def put(self, work: Work, patient_id: UUID, body: dict[str, Any], expected: Expected) -> Plan:
        """Write the plan with the patient. A step that you do not name stays as it is."""
        return plans.write(work, patient_id, body["steps"], expected)


@ns.route("/patients/<uuid:patient_id>/safety-plan/versions")
class PatientSafetyPlanVersions(Resource):
    """What it was, and who wrote it."""

    @operation(
        scope=Scope.SAFETY_PLANS_READ, returns=PatientPlanView, page=True, raises=(NotFound,)
    )
    def get(self, work: Work, patient_id: UUID, page: Page) -> Found:
        """List every version of a patient's safety plan, the newest first."""
        return page.read(
            work,
            plans.versions(work, patient_id),
            safety_plans.c.version,
            shown=lambda row: plans.opened(work, row),
        )
