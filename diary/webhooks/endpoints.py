"""Webhook endpoints: where the care team's systems listen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, case, select, update

from diary.access.model import staff
from diary.columns import Id
from diary.errors import FieldFault, Invalid, NotFound
from diary.webhooks.addresses import AddressGuard, ForbiddenTarget
from diary.webhooks.model import deliveries, endpoints
from diary.webhooks.signing import new_secret
from diary.work import Work

MAX_IN_FLIGHT = 4
SEALED_AT = "endpoints.secret"
KINDS = ("webhook", "contact", "last-resort")


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint with its signing secret, which is shown this once."""

    id: UUID
    url: str
    description: str | None
    state: str
    created_at: datetime
    secret: str


def create(work: Work, *, url: str, description: str | None) -> NewEndpoint:
    """Add an endpoint. The URL's form is checked here, the address it leads to on every send."""
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
        secret=work.vault.seal(secret, place=SEALED_AT, clinic=clinic, row=endpoint_id),
        state="active",
        max_in_flight=MAX_IN_FLIGHT,
        created_at=work.now,
    )
    work.audit("endpoint.created", "endpoint", endpoint_id)
    return NewEndpoint(endpoint_id, url, description, "active", work.now, secret)


def visible(work: Work) -> Select[Any]:
    """The caller's clinic's endpoints, without their secrets."""
    columns = [column for column in endpoints.c if "secret" not in column.name]
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
    clinic = work.caller.clinic
    work.execute(
        update(endpoints)
        .where(endpoints.c.clinic_id == clinic, endpoints.c.id == endpoint_id)
        .values(state="disabled")
    )
    waiting = deliveries.c.state == "pending"
    work.execute(
        update(deliveries)
        .where(
            deliveries.c.clinic_id == clinic,
            deliveries.c.endpoint_id == endpoint_id,
            deliveries.c.state.in_(("pending", "leased")),
        )
        .values(
            state=case((waiting, "cancelled"), else_=deliveries.c.state),
            settled_at=case((waiting, work.now), else_=None),
            withdrawn=True,
        )
    )
    work.audit("endpoint.disabled", "endpoint", endpoint_id)


@dataclass(frozen=True, slots=True)
class Live:
    """What a clinic's messages can be owed to now.

    contacts: each with its member, of those who are active. last_resort: the operator's channel,
    None where there is none.
    """

    webhooks: frozenset[UUID]
    contacts: Mapping[UUID, UUID]
    last_resort: UUID | None

    @property
    def ids(self) -> set[UUID]:
        """All of them but the last resort, which is for what nobody answered."""
        return {*self.webhooks, *self.contacts}


# The lock lets others read and claim, and keeps an endpoint from being disabled between this and
# the commit of what is owed to it.
_LIVE = (
    select(endpoints.c.id, endpoints.c.kind, endpoints.c.staff_id, staff.c.password_hash)
    .outerjoin(
        staff, (staff.c.clinic_id == endpoints.c.clinic_id) & (staff.c.id == endpoints.c.staff_id)
    )
    .where(endpoints.c.clinic_id == bindparam("clinic", type_=Id), endpoints.c.state == "active")
    .with_for_update(read=True, key_share=True, of=endpoints)
)


def live(work: Work, clinic_id: UUID) -> Live:
    """What is active in a clinic."""
    rows = work.rows(_LIVE, {"clinic": clinic_id})
    found = {kind: [row for row in rows if row.kind == kind] for kind in KINDS}
    last = found["last-resort"] if work.settings.last_resort is not None else []
    return Live(
        webhooks=frozenset(row.id for row in found["webhook"]),
        contacts={row.id: row.staff_id for row in found["contact"] if row.password_hash},
        last_resort=last[0].id if last else None,
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


def active(work: Work, clinic_id: UUID, among: set[UUID] | None = None) -> set[UUID]:
    """The ids of a clinic's active webhooks, or of those among the given ones."""
    if among is not None and not among:
        return set()
    found = set(live(work, clinic_id).webhooks)
    return found if among is None else found & among
