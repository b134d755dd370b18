"""Escalation policies: who is paged, how long until the next."""

from typing import Any

from flask_restx import Namespace, Resource
from sqlalchemy import Row

from api.operation import operation
from diary.access.permissions import Scope
from diary.alerts import policies
from diary.errors import NotFound
from diary.versions import Expected
from diary.work import Work
from schemas.policies import PolicyDraft, PolicyView

ns = Namespace("policies", "Escalation policies", path="/v1/policies")


@ns.route("")
class Policies(Resource):
    """The policies in force."""

    @operation(scope=Scope.POLICIES_READ, returns=PolicyView, many=True)
    def get(self, work: Work) -> list[Row[Any]]:
        """List the newest version for each severity that has one, and the default."""
        return policies.in_force(work)


@ns.route("/<string:applies_to>")
class Policy(Resource):
    """The policy of one severity, or the default."""

    @operation(
        scope=Scope.POLICIES_READ,
        returns=PolicyView,
        versioned=True,
        also=(304,),
        raises=(NotFound,),
    )
    def get(self, work: Work, applies_to: str) -> Row[Any]:
        """Read the version in force; 404 where the default holds."""
        return policies.newest(work, applies_to)

    @operation(
        scope=Scope.POLICIES_WRITE,
        body=PolicyDraft,
        returns=PolicyView,
        versioned=True,
        raises=(NotFound,),
    )
    def put(
        self, work: Work, applies_to: str, body: dict[str, Any], expected: Expected
    ) -> policies.SavedPolicy:
        """Put a new version in force, for `low`, `moderate`, `high`, `critical` or `default`.

        Open alerts keep the version that they were opened or worsened under. A step that reaches
        nobody is refused.
        """
        if applies_to not in policies.APPLIES_TO:
            raise NotFound
        return policies.save(work, applies_to, body["steps"], expected)
