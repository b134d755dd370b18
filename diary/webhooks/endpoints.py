"""Webhook endpoints: where the care team's systems listen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, select, update

from diary.access.model import staff
from diary.columns import Id
from diary.errors import FieldFault, Invalid, NotFound
from diary.webhooks.addresses import AddressGuard, ForbiddenTarget
from diary.webhooks.breaker import spared_for
from diary.webhooks.model import deliveries, endpoints
from diary.webhooks.signing import new_secret
from diary.webhooks.withdraw import withdraw
from diary.work import Work

MAX_IN_FLIGHT = 8
SEALED_AT = "endpoints.secret"


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint with its signing secret, which is shown this once."""

    id: UUID
    url: str
    description: str | None
    purpose: str
    state: str
    created_at: datetime
    secret: str
    failures: int = 0
    blocked_until: datetime | None = None
    previous_secret_until: datetime | None = None


def create(work: Work, *, url: str, description: str | None, purpose: str = "care") -> NewEndpoint:
    """Add an endpoint. The URL's form is checked here, the address it leads to on every send.

    purpose: `care`, or `disclosure` for one outside the clinic; it never changes.
    """
    settings = work.settings
    guard = AddressGuard(settings.webhook_allowed_networks, settings.webhook_allow_http)
    try:
        guard.check_url(url)
    except ForbiddenTarget as refusal:
        fault = FieldFault("/url", refusal.code, str(refusal))
        raise Invalid(errors=[fault]) from None
    endpoint_id = work.new_id()
    secret = new_secret(work.random_bytes)
    clinic = work.caller.clinic
    work.add(
        endpoints,
        clinic_id=clinic,
        id=endpoint_id,
        url=url,
        description=description,
        purpose=purpose,
        secret=work.vault.seal(secret, place=SEALED_AT, clinic=clinic, row=endpoint_id),
        state="active",
        max_in_flight=MAX_IN_FLIGHT,
        created_at=work.now,
    )
    work.audit("endpoint.created", "endpoint", endpoint_id, purpose=purpose)
    return NewEndpoint(endpoint_id, url, description, purpose, "active", work.now, secret)


def visible(work: Work) -> Select[Any]:
    """The caller's clinic's endpoints, without their secrets."""
    hidden = ("secret", "previous_secret")
    columns = [column for column in endpoints.c if column.name not in hidden]
    return select(*columns).where(
        endpoints.c.clinic_id == work.caller.clinic, endpoints.c.kind == "webhook"
    )


def get(work: Work, endpoint_id: UUID) -> Row[Any]:
    """One endpoint; raises NotFound."""
    row = work.row(visible(work).where(endpoints.c.id == endpoint_id))
    if row is None:
        raise NotFound
    return row


def lock(work: Work, endpoint_id: UUID, kind: str = "webhook") -> None:
    """Hold an endpoint against whoever is about to owe it a message; raises NotFound."""
    query = select(endpoints.c.id).where(
        endpoints.c.clinic_id == work.caller.clinic,
        endpoints.c.id == endpoint_id,
        endpoints.c.kind == kind,
    )
    if work.row(query.with_for_update()) is None:
        raise NotFound


def disable(work: Work, endpoint_id: UUID) -> None:
    """Stop sending to an endpoint and cancel what waits for it; what is in flight is not retried.

    The endpoint is locked with `lock` before.

    That no policy in force relies on it is for the caller of this to see to.
    """
    retire(work, work.caller.clinic, endpoint_id, state="disabled")
    work.audit("endpoint.disabled", "endpoint", endpoint_id)


def retire(work: Work, clinic_id: UUID, endpoint_id: UUID, *, state: str) -> None:
    """Leave the state `active` for another one, and cancel what waits."""
    _change(work, clinic_id, endpoint_id, state=state)
    withdraw(
        work,
        deliveries.c.clinic_id == clinic_id,
        deliveries.c.endpoint_id == endpoint_id,
        state="cancelled",
    )


def activate(work: Work, endpoint_id: UUID) -> Row[Any]:
    """Send to an endpoint again that was disabled or gone; what was cancelled stays so."""
    lock(work, endpoint_id)
    row = get(work, endpoint_id)
    if row.state != "active" or row.failures:
        changes = {"state": "active", "failures": 0, "blocked_until": None}
        _change(work, work.caller.clinic, endpoint_id, **changes)
        work.audit("endpoint.activated", "endpoint", endpoint_id)
    return get(work, endpoint_id)


def rotate_secret(work: Work, endpoint_id: UUID, *, overlap_hours: int) -> NewEndpoint:
    """Replace the signing secret. The one before signs beside it for so many hours; none: at once.

    Only the last two ever sign: rotating again ends the overlap of the time before.
    """
    lock(work, endpoint_id)
    shown = get(work, endpoint_id)
    clinic = work.caller.clinic
    secret = new_secret(work.random_bytes)
    until = work.now + timedelta(hours=overlap_hours) if overlap_hours else None
    _change(
        work,
        clinic,
        endpoint_id,
        previous_secret=endpoints.c.secret if overlap_hours else None,
        previous_secret_until=until,
        secret=work.vault.seal(secret, place=SEALED_AT, clinic=clinic, row=endpoint_id),
    )
    work.audit("endpoint.secret-rotated", "endpoint", endpoint_id, overlap_hours=overlap_hours)
    return NewEndpoint(
        id=endpoint_id,
        url=shown.url,
        description=shown.description,
        purpose=shown.purpose,
        state=shown.state,
        created_at=shown.created_at,
        secret=secret,
        failures=shown.failures,
        blocked_until=shown.blocked_until,
        previous_secret_until=until,
    )


def secrets_of(work: Work, endpoint: Row[Any]) -> tuple[str, ...]:
    """What an endpoint's row seals, the newest first; the one before it while that still signs."""
    until = endpoint.previous_secret_until
    sealed = [endpoint.secret]
    if until is not None and work.now < until:
        sealed.append(endpoint.previous_secret)
    place = {"place": SEALED_AT, "clinic": endpoint.clinic_id, "row": endpoint.id}
    return tuple(work.vault.open(each, **place) for each in sealed if each is not None)


def arrived(work: Work, clinic_id: UUID, endpoint_id: UUID) -> None:
    """An endpoint that had failed took something."""
    _change(work, clinic_id, endpoint_id, failures=0, blocked_until=None)


def failed(work: Work, clinic_id: UUID, endpoint_id: UUID) -> None:
    """One more attempt in a row failed: from a number on, all but pages are spared it a while."""
    here = (endpoints.c.clinic_id == clinic_id) & (endpoints.c.id == endpoint_id)
    held = select(endpoints.c.failures).where(here).with_for_update(key_share=True)
    row = work.row(held)
    if row is None:
        return
    span = spared_for(row.failures + 1)
    until = None if span is None else work.now + span
    _change(work, clinic_id, endpoint_id, failures=row.failures + 1, blocked_until=until)


def _change(work: Work, clinic_id: UUID, endpoint_id: UUID, **values: Any) -> None:
    work.execute(
        update(endpoints)
        .where(endpoints.c.clinic_id == clinic_id, endpoints.c.id == endpoint_id)
        .values(**values)
    )


@dataclass(frozen=True, slots=True)
class Live:
    """What a clinic's messages can be owed to now.

    contacts: each with its member, of those who are active. last_resort: the operator's channel,
    None where there is none. disclosures: the webhooks outside the clinic, which are none of
    `webhooks`: nobody is alerted through them.
    """

    webhooks: frozenset[UUID]
    contacts: Mapping[UUID, UUID]
    last_resort: UUID | None
    disclosures: frozenset[UUID]

    @property
    def ids(self) -> set[UUID]:
        """All of them but the last resort, which is for what nobody answered."""
        return {*self.webhooks, *self.contacts}


# The lock lets others read and claim, and keeps an endpoint from being disabled between this and
# the commit of what is owed to it.
_LIVE = (
    select(
        endpoints.c.id,
        endpoints.c.kind,
        endpoints.c.purpose,
        endpoints.c.staff_id,
        staff.c.password_hash,
    )
    .outerjoin(
        staff, (staff.c.clinic_id == endpoints.c.clinic_id) & (staff.c.id == endpoints.c.staff_id)
    )
    .where(endpoints.c.clinic_id == bindparam("clinic", type_=Id), endpoints.c.state == "active")
    .with_for_update(read=True, key_share=True, of=endpoints)
)


def live(work: Work, clinic_id: UUID) -> Live:
    """What is active in a clinic."""
    rows = work.rows(_LIVE, {"clinic": clinic_id})
    reachable = work.settings.last_resort is not None
    last = [row.id for row in rows if row.kind == "last-resort" and reachable]
    return Live(
        # The canary's sink is a system like any other; its own clinic alone has one.
        webhooks=frozenset(
            row.id for row in rows if row.kind in ("webhook", "canary") and row.purpose == "care"
        ),
        contacts={
            row.id: row.staff_id for row in rows if row.kind == "contact" and row.password_hash
        },
        last_resort=last[0] if last else None,
        disclosures=frozenset(row.id for row in rows if row.purpose == "disclosure"),
    )


def last_resort(work: Work, clinic_id: UUID, live: Live) -> UUID | None:
    """The operator's channel as one of the clinic's, made where it has none yet; None where the
    operator has set no address."""
    if work.settings.last_resort is None:
        return None
    found = live.last_resort
    if found is None:
        found = work.new_id()
        work.add(
            endpoints,
            clinic_id=clinic_id,
            id=found,
            kind="last-resort",
            state="active",
            max_in_flight=MAX_IN_FLIGHT,
            created_at=work.now,
        )
    return found


def gone(work: Work, clinic_id: UUID) -> set[UUID]:
    """The ids of a clinic's endpoints that answered 410 and were not activated since."""
    query = select(endpoints.c.id).where(
        endpoints.c.clinic_id == clinic_id, endpoints.c.state == "gone"
    )
    return {row.id for row in work.rows(query)}
