"""The audit trail: who did what, for the clinic's auditor."""

from typing import Any

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.audit import audit_events
from diary.trail import events
from diary.work import Work
from schemas.audit import AuditEventView, AuditFilter

ns = Namespace("audit-events", "The audit trail", path="/v1/audit-events")


@ns.route("")
class AuditEvents(Resource):
    """The clinic's events."""

    # It writes: where no trace of the reading can be left, nothing is shown.
    @operation(
        scope=Scope.AUDIT_READ, query=AuditFilter, returns=AuditEventView, page=True, write=True
    )
    def get(self, work: Work, query: dict[str, Any], page: Page) -> Found:
        """List who did what, the newest first; reading leaves a trace too."""
        found = page.read(work, events.visible(work, query), audit_events.c.at, audit_events.c.id)
        events.leave_trace(work, query)
        return found
