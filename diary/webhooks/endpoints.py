"""Webhook endpoints: where the care team's systems listen."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, case, select, update

from diary.columns import Id
from diary.errors import FieldFault, Invalid, NotFound
from diary.webhooks.addresses import AddressGuard, ForbiddenTarget
from diary.webhooks.model import deliveries, endpoints
from diary.webhooks.signing import new_secret
from diary.work import Work

MAX_IN_FLIGHT = 4
SEALED_AT = "endpoints.secret"


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


def lock(work: Work, endpoint_id: UUID) -> None:
    """Hold an endpoint against whoever is about to owe it a message; raises NotFound."""
    query = select(endpoints.c.id).where(
        endpoints.c.clinic_id == work.caller.clinic, endpoints.c.id == endpoint_id
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


# The lock lets others read and claim, and keeps an endpoint from being disabled between this and
# the commit of what is owed to it.
_ACTIVE = (
    select(endpoints.c.id)
    .where(endpoints.c.clinic_id == bindparam("clinic", type_=Id), endpoints.c.state == "active")
    .with_for_update(read=True, key_share=True)
)


def active(work: Work, clinic_id: UUID, among: set[UUID] | None = None) -> set[UUID]:
    """The ids of a clinic's active endpoints, or of those among the given ones."""
    if among is not None and not among:
        return set()
    found = {row.id for row in work.rows(_ACTIVE, {"clinic": clinic_id})}
    return found if among is None else found & among
