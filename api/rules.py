"""Rule sets: what a clinic holds to be a risk."""

from collections.abc import Iterator
from typing import Any

from flask_restx import Namespace, Resource

from api.limits import Rate
from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.callers import Caller
from diary.errors import NotFound
from diary.rehearsal import service as rehearsal
from diary.rehearsal.service import Progress
from diary.rules import service
from diary.rules.model import rule_sets
from diary.work import House, Work
from schemas.rehearsal import DryRunDraft, DryRunLineView
from schemas.rules import ComparisonQuery, ComparisonView, RuleSetDraft, RuleSetView

ns = Namespace("rule-sets", "Rule sets", path="/v1/rule-sets")


def _checked(_: House, body: dict[str, Any]) -> dict[str, Any]:
    # It may take seconds, and nothing could be written meanwhile.
    return {"ruleset": service.checked(body["document"]), "reason": body["reason"]}


def _examined(_: House, body: dict[str, Any]) -> dict[str, Any]:
    ruleset, gap = service.examined(body["document"])
    return {"ruleset": ruleset, "gap": gap, "days": body["days"]}


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


@ns.route("/dry-runs")
class RuleSetDryRuns(Resource):
    """What a rule set would have found."""

    @operation(
        scope=Scope.RULES_WRITE,
        before=_examined,
        body=DryRunDraft,
        returns=DryRunLineView,
        lines=True,
        own_work=True,
        rate=Rate.HEAVY,
    )
    def post(self, house: House, caller: Caller, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Try a rule set on the check-ins of the last days; nothing is changed.

        Every check-in is judged again with what was known when it came, by this rule set and by
        the one in force. A gap of the publication check is a part of the result. A line says how
        far it has got; the last one has the result, or the problem that kept it from coming.
        """
        for found in rehearsal.rehearse(
            house, caller, body["ruleset"], body["gap"], days=body["days"]
        ):
            yield {"progress" if isinstance(found, Progress) else "result": found}


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
