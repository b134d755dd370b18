"""Whether this process lives, and whether it can serve."""

from typing import Any

from flask_restx import Namespace, Resource
from sqlalchemy import literal, select

from api.operation import operation
from diary.work import House, Work
from schemas.health import HealthView

ns = Namespace("health", "Whether the API can serve", path="/health")


@ns.route("/live")
class Liveness(Resource):
    """The process answers."""

    @operation(public=True, own_work=True, returns=HealthView)
    def get(self, house: House) -> dict[str, Any]:
        """Tell whether the process lives; asks nothing of the database."""
        return {"status": "ok"}


@ns.route("/ready")
class Readiness(Resource):
    """The database answers."""

    @operation(public=True, returns=HealthView)
    def get(self, work: Work) -> dict[str, Any]:
        """Tell whether requests can be served: 503 while the database does not answer."""
        work.row(select(literal(1)))
        return {"status": "ok"}
