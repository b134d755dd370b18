"""Drills: an alert rehearsed through the real path, about nobody real."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from diary.access.permissions import Scope
from diary.alerts import by_hand
from diary.alerts.errors import DrillOpen
from diary.work import Work
from schemas.drills import DrillDraft, DrillView

ns = Namespace("drills", "Drills", path="/v1/drills")


@ns.route("")
class Drills(Resource):
    """Rehearsals."""

    @operation(
        scope=Scope.POLICIES_WRITE,
        body=DrillDraft,
        returns=DrillView,
        status=201,
        raises=(DrillOpen,),
        idempotent=True,
    )
    def post(self, work: Work, body: dict[str, Any]) -> dict[str, UUID]:
        """Start a drill: page everyone whom a real alert of this severity would.

        It climbs, is acknowledged and is resolved as any alert, and every message of it says
        `drill`. One at a time.
        """
        return {"alert_id": by_hand.start_drill(work, body["severity"])}
