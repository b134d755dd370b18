"""The trail as an auditor reads it, and the trace that this leaves."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select

from diary.audit import audit_events
from diary.work import Work


def visible(work: Work, wanted: Mapping[str, Any]) -> Select[Any]:
    """The events of the caller's clinic. wanted: `subject`, `subject_id`, `actor_id`, and `since` ≤
    at < `until`; None for any."""
    query = select(audit_events).where(audit_events.c.clinic_id == work.caller.clinic)
    for name in ("subject", "subject_id", "actor_id"):
        if wanted[name] is not None:
            query = query.where(audit_events.c[name] == wanted[name])
    if wanted["since"] is not None:
        query = query.where(audit_events.c.at >= wanted["since"])
    if wanted["until"] is not None:
        query = query.where(audit_events.c.at < wanted["until"])
    return query


def leave_trace(work: Work, wanted: Mapping[str, Any]) -> None:
    """That the caller read the trail, and what of it."""
    asked = {name: str(value) for name, value in wanted.items() if value is not None}
    work.audit("read", "audit-trail", work.caller.clinic, wanted=asked)
