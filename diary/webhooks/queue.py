"""The delivery queue: claim under a lease, send with no transaction open, settle under its token.

An endpoint is claimed for as a whole, under its row lock, so that a dead endpoint with a long
queue delays nobody and no two engines overfill it. A lease that was lost (a stalled engine, a
killed one) runs out and the delivery is owed again: at least once, with the same message id.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update

from diary.webhooks.endpoints import SEALED_AT
from diary.webhooks.model import attempts, deliveries, endpoints, messages
from diary.webhooks.schedule import LONGEST_FOR_A_PAGE, next_try
from diary.work import Work

LEASE = timedelta(seconds=15)
# Absolute, and shorter than the lease: an attempt is over before anyone else may try.
REQUEST_DEADLINE = timedelta(seconds=10)
# By how much the clocks of two machines may differ, as for tokens.
_CLOCKS_DIFFER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery that this engine, and no other, may send until its lease ends."""

    clinic_id: UUID
    id: UUID
    message_id: UUID
    alert_id: UUID | None
    is_page: bool
    attempts: int
    lease_token: UUID
    kind: str
    url: str | None
    secret: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Attempted:
    """How one attempt went. status: the HTTP status, None where there was no answer."""

    delivered: bool
    status: int | None
    error: str | None
    retry_after: float | None
    started_at: datetime
    duration_ms: int


def due_endpoints(work: Work) -> list[tuple[UUID, UUID]]:
    """The active endpoints (clinic, id) for which something is due now."""
    owed = exists().where(_due(work, endpoints.c.clinic_id, endpoints.c.id))
    query = select(endpoints.c.clinic_id, endpoints.c.id).where(endpoints.c.state == "active", owed)
    return [(row.clinic_id, row.id) for row in work.rows(query)]


def next_due(work: Work, after: datetime) -> datetime | None:
    """When the next delivery falls due or the next lease ends, of those that were not yet then.

    What was due before and is still waiting waits for room, not for time.
    """
    moments = []
    for moment, state in ((deliveries.c.due_at, "pending"), (deliveries.c.leased_until, "leased")):
        later = (deliveries.c.state == state) & (moment > after)
        row = work.row(select(func.min(moment).label("at")).where(later))
        if row is not None and row.at is not None:
            moments.append(row.at)
    return min(moments, default=None)


def claim(work: Work, clinic_id: UUID, endpoint_id: UUID) -> list[Claimed]:
    """Lease what this endpoint has room for: pages, then the gravest; one of an alert at a time."""
    endpoint = work.row(
        select(endpoints)
        .where(
            endpoints.c.clinic_id == clinic_id,
            endpoints.c.id == endpoint_id,
            endpoints.c.state == "active",
        )
        # Not FOR UPDATE: a check-in's delivery must be able to refer to the endpoint meanwhile.
        .with_for_update(key_share=True, skip_locked=True)
    )
    if endpoint is None:
        return []
    busy = work.rows(
        select(deliveries.c.alert_id).where(
            deliveries.c.clinic_id == clinic_id,
            deliveries.c.endpoint_id == endpoint_id,
            deliveries.c.state == "leased",
        )
    )
    room = endpoint.max_in_flight - len(busy)
    if room <= 0:
        return []
    candidates = work.rows(
        select(deliveries, messages.c.body)
        .join(
            messages,
            and_(
                messages.c.clinic_id == deliveries.c.clinic_id,
                messages.c.id == deliveries.c.message_id,
            ),
        )
        .where(_due(work, clinic_id, endpoint_id))
        .order_by(
            deliveries.c.is_page.desc(),
            deliveries.c.priority.desc(),
            deliveries.c.due_at,
            deliveries.c.id,
        )
        # Newer messages supersede older ones, so an alert has at most a page and a state event
        # waiting here: enough for one of each alert, whatever is in flight.
        .limit(2 * endpoint.max_in_flight)
        .with_for_update(of=deliveries, skip_locked=True)
    )
    in_flight = {row.alert_id for row in busy if row.alert_id is not None}
    token = work.new_id()
    secret = endpoint.secret and work.vault.open(
        endpoint.secret, place=SEALED_AT, clinic=clinic_id, row=endpoint_id
    )
    claimed: list[Claimed] = []
    for row in candidates:
        if row.alert_id in in_flight or len(claimed) == room:
            continue
        if row.alert_id is not None:
            in_flight.add(row.alert_id)
        claimed.append(
            Claimed(
                clinic_id=clinic_id,
                id=row.id,
                message_id=row.message_id,
                alert_id=row.alert_id,
                is_page=row.is_page,
                attempts=row.attempts,
                lease_token=token,
                kind=endpoint.kind,
                url=endpoint.url,
                secret=secret,
                body=row.body,
            )
        )
    if claimed:
        work.execute(
            update(deliveries)
            .where(
                deliveries.c.clinic_id == clinic_id,
                deliveries.c.id.in_([one.id for one in claimed]),
            )
            .values(state="leased", lease_token=token, leased_until=work.now + LEASE)
        )
    return claimed


def settle(work: Work, claimed: Claimed, attempted: Attempted) -> bool:
    """Write down how an attempt went; False where the lease was lost meanwhile.

    A worker whose lease was lost leaves only the trace of its attempt.
    """
    held = (
        (deliveries.c.clinic_id == claimed.clinic_id)
        & (deliveries.c.id == claimed.id)
        & (deliveries.c.lease_token == claimed.lease_token)
    )
    row = work.row(select(deliveries.c.withdrawn).where(held).with_for_update())
    if row is not None:
        values = _after(work, claimed, attempted, withdrawn=row.withdrawn)
        work.execute(
            update(deliveries)
            .where(held)
            .values(lease_token=None, leased_until=None, attempts=claimed.attempts + 1, **values)
        )
    work.add(
        attempts,
        clinic_id=claimed.clinic_id,
        id=work.new_id(),
        delivery_id=claimed.id,
        started_at=attempted.started_at,
        duration_ms=attempted.duration_ms,
        status=attempted.status,
        error=attempted.error,
        stale=row is None,
    )
    return row is not None


def any_lost(work: Work, *, all_leases: bool = False) -> bool:
    """Whether `release_lost` would find anything."""
    query = select(deliveries.c.id).where(_lost(work, all_leases)).limit(1)
    return work.row(query) is not None


def release_lost(work: Work, *, all_leases: bool = False) -> int:
    """Owe again what was leased and never settled. all_leases: nobody else can be holding one."""
    lost = _lost(work, all_leases)
    free = {"lease_token": None, "leased_until": None}
    wanted = ~deliveries.c.withdrawn
    work.execute(
        update(deliveries)
        .where(lost, ~wanted)
        .values(state="cancelled", settled_at=work.now, **free)
    )
    again = work.execute(update(deliveries).where(lost, wanted).values(state="pending", **free))
    return again.rowcount


def _lost(work: Work, all_leases: bool) -> ColumnElement[bool]:
    leased: ColumnElement[bool] = deliveries.c.state == "leased"
    if all_leases:
        return leased
    # No lease ends so late, but by a clock that was set back since.
    too_late = deliveries.c.leased_until > work.now + LEASE + _CLOCKS_DIFFER
    return leased & or_(deliveries.c.leased_until <= work.now, too_late)


def _due(work: Work, clinic_id: Any, endpoint_id: Any) -> ColumnElement[bool]:
    # A new page never waits and none waits so long, but by a clock that was set back since: that
    # must not postpone a page.
    too_late = deliveries.c.is_page & or_(
        deliveries.c.attempts == 0, deliveries.c.due_at > work.now + LONGEST_FOR_A_PAGE
    )
    return and_(
        deliveries.c.clinic_id == clinic_id,
        deliveries.c.endpoint_id == endpoint_id,
        deliveries.c.state == "pending",
        or_(deliveries.c.due_at <= work.now, too_late),
    )


def _after(
    work: Work, claimed: Claimed, attempted: Attempted, *, withdrawn: bool
) -> dict[str, Any]:
    if attempted.delivered:
        return {"state": "delivered", "settled_at": work.now}
    if withdrawn:
        return {"state": "cancelled", "settled_at": work.now}
    wait = next_try(
        is_page=claimed.is_page,
        attempts=claimed.attempts + 1,
        retry_after=attempted.retry_after,
        random=work.random,
    )
    if wait is None:
        return {"state": "exhausted", "settled_at": work.now}
    return {"state": "pending", "due_at": work.now + wait}
