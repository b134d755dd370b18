"""Schedule plans: what a clinic asks its patients, and when."""

from typing import Any

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.schedule import plans
from diary.schedule.model import schedule_plans
from diary.work import Work
from schemas.schedule import PlanDraft, PlanView

ns = Namespace("schedule-plans", "Schedule plans", path="/v1/schedule-plans")


@ns.route("")
class SchedulePlans(Resource):
    """The versions that the clinic published."""

    @operation(scope=Scope.SCHEDULE_PLANS_READ, returns=PlanView, page=True)
    def get(self, work: Work, page: Page) -> Found:
        """List the published versions, the newest first."""
        return page.read(work, plans.visible(work), schedule_plans.c.version)

    @operation(
        scope=Scope.SCHEDULE_PLANS_WRITE,
        body=PlanDraft,
        returns=PlanView,
        status=201,
        idempotent=True,
    )
    def post(self, work: Work, body: dict[str, Any]) -> plans.Published:
        """Put a plan in force for all patients of the clinic.

        What is ahead of them follows within moments; what was answered, and what is open already,
        stays. Refused: two items that could be open at once for one instrument, an instrument
        without a licence, and one that is asked more often than it may be.
        """
        return plans.publish(work, body["plan"], reason=body["reason"])


@ns.route("/current")
class CurrentSchedulePlan(Resource):
    """The one in force."""

    @operation(scope=Scope.SCHEDULE_PLANS_READ, returns=PlanView)
    def get(self, work: Work) -> plans.Published:
        """Read the plan in force."""
        return plans.get(work)


@ns.route("/<int:version>")
class OneSchedulePlan(Resource):
    """A version."""

    @operation(scope=Scope.SCHEDULE_PLANS_READ, returns=PlanView, raises=(NotFound,))
    def get(self, work: Work, version: int) -> plans.Published:
        """Read a version of the plan; 0 is what ships with the product."""
        return plans.get(work, version)
