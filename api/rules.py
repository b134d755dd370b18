"""Rule sets: what a clinic holds to be a risk."""

from typing import Any

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.rules import service
from diary.rules.model import rule_sets
from diary.work import House, Work
from schemas.rules import ComparisonQuery, ComparisonView, RuleSetDraft, RuleSetView

ns = Namespace("rule-sets", "Rule sets", path="/v1/rule-sets")


def _checked(_: House, body: dict[str, Any]) -> dict[str, Any]:
    # It may take seconds, and nothing could be written meanwhile.
    return {"ruleset": service.checked(body["document"]), "reason": body["reason"]}


@ns.route("")
class RuleSets(Resource):
    """The versions that the clinic published."""

    @operation(scope=Scope.RULES_READ, returns=RuleSetView, page=True)
    def get(self, work: Work, page: Page) -> Found:
        """List the published versions, the newest first."""
        return page.read(work, service.visible(work), rule_sets.c.version)

    @operation(
        scope=Scope.RULES_WRITE,
        before=_checked,
        body=RuleSetDraft,
        returns=RuleSetView,
        status=201,
        raises=(service.RuleSetHasGap,),
        idempotent=True,
    )
    def post(self, work: Work, body: dict[str, Any]) -> service.Published:
        """Put a rule set in force.

        It is run over every combination of what its rules on suicidality can see first: one that
        lets a worse answer weigh less, or stays silent at the floor, is refused with the
        counter-example; a condition that never holds or always does is refused at its place.
        """
        return service.publish(work, body["ruleset"], reason=body["reason"])


@ns.route("/current")
class CurrentRuleSet(Resource):
    """The rule set in force."""

    @operation(scope=Scope.RULES_READ, returns=RuleSetView)
    def get(self, work: Work) -> service.Published:
        """Read the rule set that judges now; version 0 ships with the product."""
        return service.get(work)


@ns.route("/<int:version>")
class RuleSet(Resource):
    """One version."""

    @operation(scope=Scope.RULES_READ, returns=RuleSetView, raises=(NotFound,))
    def get(self, work: Work, version: int) -> service.Published:
        """Read a version."""
        return service.get(work, version)


@ns.route("/<int:version>/comparison")
class RuleSetComparison(Resource):
    """One version beside another."""

    @operation(
        scope=Scope.RULES_READ,
        query=ComparisonQuery,
        returns=ComparisonView,
        raises=(NotFound,),
    )
    def get(self, work: Work, version: int, query: dict[str, int | None]) -> service.Comparison:
        """Compare a version with another one.

        Tells which rules and phrases were added, removed or changed, and how many combinations of
        the daily suicidality items are now graver or milder; version 0 ships with the product.
        """
        return service.comparison(work, version, query["with"])
