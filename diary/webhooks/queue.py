"""The delivery queue: claim under a lease, send with no transaction open, settle under its token.

An endpoint is claimed for as a whole, under its row lock, so that a dead endpoint with a long
queue delays nobody and no two engines overfill it. A lease that was lost (a stalled engine, a
killed one) runs out and the delivery is owed again: at least once, with the same message id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from diary.clock import CLOCKS_DIFFER
from diary.webhooks import breaker, disclosure, due
from diary.webhooks.endpoints import secrets_of
from diary.webhooks.model import LEASED, attempts, deliveries
from diary.webhooks.schedule import LONGEST_PAGE_WAIT, next_try
from diary.work import Work

LEASE = timedelta(seconds=15)
# Absolute, and shorter than the lease: an attempt is over before anyone else may try.
REQUEST_DEADLINE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery that this engine, and no other, may send until its lease ends.

    secrets: the newest first; two while a secret is being replaced. failures: of the endpoint, in
    a row, when this was claimed.
    """

    clinic_id: UUID
    id: UUID
    message_id: UUID
    endpoint_id: UUID
    alert_id: UUID | None
    is_page: bool
    attempts: int
    lease_token: UUID
    kind: str
    url: str | None
    secrets: tuple[str, ...]
    failures: int
    body: bytes
    owed_at: datetime

    @property
    def secret(self) -> str | None:
        """The newest: what signs, or the address of a contact."""
        return self.secrets[0] if self.secrets else None


@dataclass(frozen=True, slots=True)
class Attempted:
    """How one attempt went. status: the HTTP status, None where there was no answer."""

    delivered: bool
    status: int | None
    error: str | None
    retry_after: float | None
    started_at: datetime
    duration_ms: int


def due_endpoints(work: Work, *, outside: bool | None = None) -> list[tuple[UUID, UUID]]:
    """The active endpoints (clinic, id) for which something may be sent now.

    However long an endpoint's queue is, an entry or two of it are looked at. outside: those outside
    the clinic alone, or the others alone.
    """
    rows = work.rows(due.DUE_ENDPOINTS, _moments(work))
    return [
        (row.clinic_id, row.id)
        for row in rows
        if outside in (None, row.purpose == disclosure.PURPOSE)
    ]


def next_due(work: Work, after: datetime) -> datetime | None:
    """When the next delivery falls due, the next lease ends or an endpoint is spared no longer.

    Only of those that were not yet then: what was due before waits for room, not for time.
    """
    rows = [work.row(query, {"after": after}) for query in due.NEXT]
    return min((row.at for row in rows if row is not None and row.at is not None), default=None)


def claim(
    work: Work, clinic_id: UUID, endpoint_id: UUID, *, leased_by: UUID | None = None
) -> list[Claimed]:
    """Lease what this endpoint has room for: pages, then the gravest; one of an alert at a time.

    leased_by: the engine, where a lock of its own shows that it lives.
    """
    place = {"clinic": clinic_id, "endpoint": endpoint_id}
    endpoint = work.row(due.ENDPOINT, place)
    if endpoint is None:
        return []
    busy = work.rows(due.IN_FLIGHT, place)
    room = endpoint.max_in_flight - len(busy)
    if room <= 0:
        return []
    room_for_events = breaker.room_for_events(
        room,
        failures=endpoint.failures,
        blocked_until=endpoint.blocked_until,
        in_flight=sum(not row.is_page for row in busy),
        now=work.now,
    )
    # Newer messages supersede older ones, so an alert has at most a page and a state event
    # waiting here: enough for one of each alert, whatever is in flight.
    most = 2 * endpoint.max_in_flight
    candidates = work.rows(due.IN_ORDER, _moments(work) | place | {"most": most})
    if endpoint.purpose == disclosure.PURPOSE:
        candidates = disclosure.still_consented(work, clinic_id, candidates)
    in_flight = {row.alert_id for row in busy if row.alert_id is not None}
    token = work.new_id()
    # Its key is one more thing to read.
    secrets = secrets_of(work, endpoint) if candidates else ()
    claimed: list[Claimed] = []
    for row in candidates:
        if row.alert_id in in_flight or len(claimed) == room:
            continue
        if not row.is_page:
            if room_for_events == 0:
                continue
            room_for_events -= 1
        if row.alert_id is not None:
            in_flight.add(row.alert_id)
        claimed.append(
            Claimed(
                clinic_id=clinic_id,
                id=row.id,
                message_id=row.message_id,
                endpoint_id=endpoint_id,
                alert_id=row.alert_id,
                is_page=row.is_page,
                attempts=row.attempts,
                lease_token=token,
                kind=endpoint.kind,
                url=endpoint.url,
                secrets=secrets,
                failures=endpoint.failures,
                body=row.body,
                owed_at=row.created_at,
            )
        )
    if claimed:
        lease = {"token": token, "until": work.now + LEASE, "by": leased_by}
        ids = [one.id for one in claimed]
        work.execute(due.LEASE_THEM, {"clinic": clinic_id, "ids": ids} | lease)
    return claimed


def settle(work: Work, ended: Sequence[tuple[Claimed, Attempted]]) -> list[bool]:
    """Write down how attempts went; False for each whose lease was lost meanwhile.

    A worker whose lease was lost leaves only the trace of its attempt.
    """
    rows = work.rows(due.HELD, _these([claimed for claimed, _ in ended]))
    withdrawn = {(row.id, row.lease_token): row.withdrawn for row in rows}
    told: list[bool] = []
    arrived: list[Claimed] = []
    failed: list[tuple[Claimed, dict[str, Any]]] = []
    for claimed, attempted in ended:
        unwanted = withdrawn.get((claimed.id, claimed.lease_token))
        held = unwanted is not None
        told.append(held)
        work.add(
            attempts,
            clinic_id=claimed.clinic_id,
            id=work.new_id(),
            delivery_id=claimed.id,
            started_at=attempted.started_at,
            duration_ms=attempted.duration_ms,
            status=attempted.status,
            error=attempted.error,
            stale=not held,
        )
        if held and attempted.delivered:
            arrived.append(claimed)
        elif held:
            failed.append((claimed, _after_failure(work, claimed, attempted, unwanted is True)))
    if arrived:
        values = {"to": "delivered", "settled": work.now, "due": None}
        work.execute(due.ATTEMPTED, _these(arrived) | values)
    for claimed, values in failed:
        work.execute(due.ATTEMPTED, _these([claimed]) | values)
    return told


def _these(claimed: Sequence[Claimed]) -> dict[str, Any]:
    return {
        "clinics": list({one.clinic_id for one in claimed}),
        "ids": [one.id for one in claimed],
    }


def any_lost(work: Work, *, all_leases: bool = False) -> bool:
    """Whether `release_lost` would find anything."""
    query = select(deliveries.c.id).where(_lost(work, all_leases)).limit(1)
    return work.row(query) is not None


def release_lost(work: Work, *, all_leases: bool = False) -> int:
    """Owe again what was leased and never settled. all_leases: nobody else can be holding one."""
    return release(work, _lost(work, all_leases))


def release(work: Work, lost: ColumnElement[bool]) -> int:
    """Owe these leased ones again, but for those that nobody wants any more."""
    free = {"lease_token": None, "leased_until": None, "leased_by": None}
    wanted = ~deliveries.c.withdrawn
    work.execute(
        update(deliveries)
        .where(lost, ~wanted)
        .values(state="cancelled", settled_at=work.now, **free)
    )
    again = work.execute(update(deliveries).where(lost, wanted).values(state="pending", **free))
    return again.rowcount


def _moments(work: Work) -> dict[str, Any]:
    return {
        "now": work.now,
        "page_limit": work.now + LONGEST_PAGE_WAIT,
        "block_limit": work.now + breaker.LONGEST,
    }


def _lost(work: Work, all_leases: bool) -> ColumnElement[bool]:
    if all_leases:
        return LEASED
    # No lease ends so late, but by a clock that was set back since.
    until = deliveries.c.leased_until
    return LEASED & ((until <= work.now) | (until > work.now + LEASE + CLOCKS_DIFFER))


def _after_failure(
    work: Work, claimed: Claimed, attempted: Attempted, unwanted: bool
) -> dict[str, Any]:
    over = {"settled": work.now, "due": None}
    if unwanted:
        return {"to": "cancelled"} | over
    wait = next_try(
        is_page=claimed.is_page,
        attempts=claimed.attempts + 1,
        retry_after=attempted.retry_after,
        random=work.random,
    )
    if wait is None:
        return {"to": "exhausted"} | over
    return {"to": "pending", "settled": None, "due": work.now + wait}
