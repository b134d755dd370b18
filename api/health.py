"""Whether this process lives, and whether it can serve."""

from typing import Any

from flask_restx import Namespace, Resource
from sqlalchemy import literal, select

from api.limits import Rate
from api.operation import operation
from diary.callers import WATCH
from diary.watch import figures
from diary.watch.errors import EscalationUnreliable
from diary.watch.verdict import verdict
from diary.work import House, Work
from schemas.health import EscalationView, HealthView

ns = Namespace("health", "Whether the API can serve", path="/health")


@ns.route("/live")
class Liveness(Resource):
    """The process answers."""

    @operation(
        public=True,
        own_work=True,
        returns=HealthView,
        rate=Rate.FREE,
    )
    def get(self, house: House) -> dict[str, Any]:
        """Tell whether the process lives; asks nothing of the database."""
        return {"status": "ok"}


@ns.route("/ready")
class Readiness(Resource):
    """The database answers."""

    @operation(
        public=True,
        returns=HealthView,
        rate=Rate.FREE,
    )
    def get(self, work: Work) -> dict[str, Any]:
        """Tell whether requests can be served: 503 while the database does not answer."""
        work.row(select(literal(1)))
        return {"status": "ok"}


@ns.route("/escalation")
class Escalation(Resource):
    """Alerts climb and arrive."""

    @operation(
        public=True,
        own_work=True,
        returns=EscalationView,
        raises=(EscalationUnreliable,),
        rate=Rate.FREE,
    )
    def get(self, house: House) -> dict[str, Any]:
        """Tell whether alerts are escalated as they should be: 503 with the reasons if not."""
        with house.work(WATCH, write=False) as work:
            found = verdict(figures.read(work))
        if found.reasons:
            raise EscalationUnreliable(extra={"reasons": found.reasons, "warnings": found.warnings})
        return {"status": "ok", "warnings": found.warnings}
