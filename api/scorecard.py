"""The scorecard: how fast alerts are answered."""

from typing import Any

from flask_restx import Namespace, Resource

from api.operation import operation
from diary.access.permissions import Scope
from diary.errors import BadPeriod
from diary.outcomes import service
from diary.work import Work
from schemas.scorecard import ScorecardQuery, ScorecardView

ns = Namespace("scorecard", "Scorecard", path="/v1/scorecard")


@ns.route("")
class Scorecard(Resource):
    """Figures of a clinic and a period."""

    @operation(
        scope=Scope.SCORECARD_READ,
        query=ScorecardQuery,
        returns=ScorecardView,
        raises=(BadPeriod,),
    )
    def get(self, work: Work, query: dict[str, Any]) -> service.Scorecard:
        """Read how soon alerts were answered and patients spoken to, and how many in time."""
        return service.scorecard(work, **query)
