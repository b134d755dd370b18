"""What a phone may lack."""

from datetime import UTC, datetime
from typing import Any

from flask_restx import Namespace, Resource
from itsdangerous import BadData, URLSafeSerializer

from api import cursors
from api.operation import operation
from api.problems import BadQuery
from diary.access.permissions import Scope
from diary.checkins import changes
from diary.checkins.changes import Place
from diary.errors import FieldFault
from diary.work import Work
from schemas.changes import ChangesQuery, ChangesView

ns = Namespace("changes", "What a phone may lack", path="/v1/me/changes")


@ns.route("")
class OwnChanges(Resource):
    """What is kept of the patient, whichever phone sent it."""

    @operation(scope=Scope.ME_READ, query=ChangesQuery, returns=ChangesView)
    def get(self, work: Work, query: dict[str, Any]) -> dict[str, Any]:
        """Read what was kept since the phone last asked, and the versions of what else it keeps.

        An entry is a receipt: what it names is durable, and whatever phone still has it in its
        queue can let it go. What stands in the queue and in no entry was not kept.
        """
        # Of one patient, and of nobody else.
        by = cursors.signer(work.vault.vault, "changes", work.caller.patient)
        found = changes.changes(work, _read(by, query["since"]))
        at = found.upto.at.astimezone(UTC).isoformat()
        return {
            "entries": found.entries,
            "cursor": cursors.signed(by, [at, found.upto.id]),
            "more": found.more,
            "crisis_pack": found.crisis_pack,
            "safety_plan": found.safety_plan,
            "schedule": found.schedule,
        }


def _read(by: URLSafeSerializer, since: str | None) -> Place | None:
    if since is None:
        return None
    try:
        at, id = cursors.position(by, since)
    except BadData:
        fault = FieldFault("/since", "invalid_cursor", "this cursor was not given here")
        raise BadQuery(errors=[fault]) from None
    return Place(datetime.fromisoformat(at), id)
