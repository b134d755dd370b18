"""What the rows say of the escalation now: read by the health check, the metrics and the doctor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from diary.alerts.model import alerts
from diary.rules.model import silences
from diary.severity import Severity
from diary.trail import seal
from diary.watch import canary, engines, marks
from diary.webhooks.model import deliveries, endpoints
from diary.work import Work

# Later than this is late: an engine looks twice a second.
LATE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Figures:
    """Over all clinics; none of them, and nobody, can be told from it.

    overdue_alerts: whose next action is late. overdue_pages: owed and late, to an endpoint that
    could be sent to and that no engine is sending to. overdue_silences: late to be judged.
    exhausted: high and critical alerts that nobody answers although the policy is used up.
    engines: those alive. trail_sealed_at: when no event waited to be sealed; trail_met_broken_at:
    when a chain was last found that does not hold.
    """

    now: datetime
    overdue_alerts: int
    overdue_pages: int
    overdue_silences: int
    exhausted: int
    engines: Sequence[Any]
    canary_arrived_at: datetime | None
    heartbeat_expected: bool
    heartbeat_taken_at: datetime | None
    trail_sealed_at: datetime | None
    trail_met_broken_at: datetime | None


def read(work: Work) -> Figures:
    """Look at the present."""
    known = marks.last(work)
    return Figures(
        now=work.now,
        overdue_alerts=_count(work, alerts, _is_open(), alerts.c.next_action_at < work.now - LATE),
        overdue_pages=_overdue_pages(work),
        overdue_silences=_count(work, silences, silences.c.due_at < work.now - LATE),
        exhausted=_count(
            work,
            alerts,
            alerts.c.status == "triggered",
            alerts.c.exhausted,
            alerts.c.severity >= Severity.HIGH,
            alerts.c.clinic_id != canary.CLINIC,
        ),
        engines=engines.living(work),
        canary_arrived_at=known.get(canary.ARRIVED),
        heartbeat_expected=work.settings.heartbeat_url is not None,
        heartbeat_taken_at=known.get(canary.HEARTBEAT),
        trail_sealed_at=known.get(seal.DONE),
        trail_met_broken_at=known.get(seal.MET_BROKEN),
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """What only the metrics show. open_alerts: by severity and status; deliveries: by state."""

    open_alerts: Sequence[tuple[Severity, str, int]]
    deliveries: Sequence[tuple[str, int]]
    oldest_page_owed_at: datetime | None
    acknowledged_after: Sequence[float]


def count(work: Work, *, since: datetime) -> Counts:
    """since: acknowledged_after has the seconds of each alert that was opened from then on."""
    real = alerts.c.clinic_id != canary.CLINIC
    open_alerts = work.rows(
        select(alerts.c.severity, alerts.c.status, func.count().label("number"))
        .where(_is_open(), real)
        .group_by(alerts.c.severity, alerts.c.status)
    )
    # What is settled is a count that grows with the years, and is not looked at again.
    waiting = work.rows(
        select(deliveries.c.state, func.count().label("number"))
        .where(deliveries.c.state.in_(("pending", "leased")))
        .group_by(deliveries.c.state)
    )
    oldest = work.row(
        select(func.min(deliveries.c.created_at).label("at")).where(
            deliveries.c.state == "pending", deliveries.c.is_page
        )
    )
    first = func.coalesce(alerts.c.first_acknowledged_at, alerts.c.acknowledged_at)
    answered = work.rows(
        select(alerts.c.opened_at, first.label("at")).where(
            real, alerts.c.opened_at >= since, first.is_not(None)
        )
    )
    return Counts(
        open_alerts=[(row.severity, row.status, row.number) for row in open_alerts],
        deliveries=[(row.state, row.number) for row in waiting],
        oldest_page_owed_at=None if oldest is None else oldest.at,
        acknowledged_after=[(row.at - row.opened_at).total_seconds() for row in answered],
    )


def _overdue_pages(work: Work) -> int:
    late = work.now - LATE
    at_its_endpoint = and_(
        endpoints.c.clinic_id == deliveries.c.clinic_id,
        endpoints.c.id == deliveries.c.endpoint_id,
    )
    can_be_sent_to = exists().where(
        at_its_endpoint,
        endpoints.c.state == "active",
        or_(endpoints.c.blocked_until.is_(None), endpoints.c.blocked_until < late),
    )
    # An endpoint that is slow to answer keeps the others that wait for it: that is its own fault.
    others = deliveries.alias("others")
    is_being_sent_to = exists().where(
        others.c.clinic_id == deliveries.c.clinic_id,
        others.c.endpoint_id == deliveries.c.endpoint_id,
        others.c.state == "leased",
        others.c.leased_until > work.now,
    )
    owed = and_(
        deliveries.c.state == "pending",
        deliveries.c.due_at < late,
        can_be_sent_to,
        ~is_being_sent_to,
    )
    lost = and_(deliveries.c.state == "leased", deliveries.c.leased_until < late)
    return _count(work, deliveries, deliveries.c.is_page, owed) + _count(
        work, deliveries, deliveries.c.is_page, lost
    )


def _is_open() -> ColumnElement[bool]:
    is_open: ColumnElement[bool] = alerts.c.status != "resolved"
    return is_open


def _count(work: Work, table: Any, *conditions: ColumnElement[bool]) -> int:
    row = work.row(select(func.count().label("number")).select_from(table).where(*conditions))
    assert row is not None
    number: int = row.number
    return number
