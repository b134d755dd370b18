"""After a restore from a backup: what happened since is lost, so every open alert is asked anew."""

from uuid import UUID

from sqlalchemy import select

from diary.alerts.apply import apply, locked
from diary.alerts.model import alerts
from diary.alerts.situation import Restored, Status
from diary.work import Work


def open_alerts(work: Work) -> list[tuple[UUID, UUID]]:
    """Every alert (clinic, id) that is not resolved, the gravest first."""
    rows = work.rows(
        select(alerts.c.clinic_id, alerts.c.id)
        .where(alerts.c.status != Status.RESOLVED)
        .order_by(alerts.c.severity.desc(), alerts.c.opened_at)
    )
    return [(row.clinic_id, row.id) for row in rows]


def page_again(work: Work, clinic_id: UUID, alert_id: UUID) -> None:
    """Page an alert from its first step, whoever had it; raises AlertResolved."""
    row = locked(work, clinic_id, alert_id)
    changes = {"acknowledged_at": None, "acknowledged_by": None}
    apply(work, row, Restored(), kind="restored", changes=changes)
