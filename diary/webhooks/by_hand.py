"""What an administrator sends by hand: a ping, and a message once more."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from diary.errors import Conflict, NotFound
from diary.severity import Severity
from diary.webhooks import disclosure, log
from diary.webhooks.model import deliveries, endpoints
from diary.webhooks.publish import owe, publish
from diary.work import Work

REPLAYABLE = ("delivered", "cancelled", "exhausted")


class EndpointInactive(Conflict):
    """Nothing is sent to this endpoint: it is disabled or gone."""

    code = "endpoint-inactive"
    title = "Nothing is sent to this endpoint; activate it first"


class NotReplayable(Conflict):
    """The delivery is still under way, or a later one of its alert took its place."""

    code = "not-replayable"
    title = "Only what was delivered, cancelled or given up can be sent again"


def ping(work: Work, endpoint_id: UUID) -> dict[str, Any]:
    """Owe an endpoint a `ping` that leaves now, even while the endpoint is spared.

    Raises NotFound, EndpointInactive. Returns the delivery, for the log to follow.
    """
    _require_active(work, endpoint_id)
    work.execute(
        update(endpoints)
        .where(endpoints.c.clinic_id == work.caller.clinic, endpoints.c.id == endpoint_id)
        .values(blocked_until=None)
    )
    message_id = publish(
        work,
        clinic_id=work.caller.clinic,
        type="ping",
        data={"endpoint_id": endpoint_id},
        endpoint_ids=[endpoint_id],
        # Somebody waits for it.
        priority=Severity.CRITICAL,
    )
    work.audit("endpoint.pinged", "endpoint", endpoint_id)
    row = work.row(
        select(deliveries.c.id).where(
            deliveries.c.clinic_id == work.caller.clinic, deliveries.c.message_id == message_id
        )
    )
    assert row is not None
    return log.get(work, row.id)


def replay(work: Work, delivery_id: UUID) -> dict[str, Any]:
    """Owe a message to its endpoint once more: the same id, the same bytes, another delivery.

    It is no page even where the first was one: whether someone must still look is for the alert
    to say, and it pages by itself. Raises NotFound, NotReplayable, EndpointInactive, and
    ConsentNeeded for a disclosure to which the patient does not consent now.
    """
    clinic = work.caller.clinic
    row = work.row(
        select(deliveries)
        .where(deliveries.c.clinic_id == clinic, deliveries.c.id == delivery_id)
        .with_for_update(key_share=True)
    )
    if row is None:
        raise NotFound
    if row.state not in REPLAYABLE:
        raise NotReplayable
    _require_active(work, row.endpoint_id)
    if row.patient_id is not None:
        disclosure.require_consent(work, clinic, row.patient_id)
    again = owe(
        work,
        clinic_id=clinic,
        message_id=row.message_id,
        endpoint_id=row.endpoint_id,
        alert_id=row.alert_id,
        is_page=False,
        priority=row.priority,
        patient_id=row.patient_id,
    )
    work.audit("delivery.replayed", "delivery", delivery_id, again=str(again))
    return log.get(work, again)


def _require_active(work: Work, endpoint_id: UUID) -> None:
    row = work.row(
        select(endpoints.c.state)
        .where(endpoints.c.clinic_id == work.caller.clinic, endpoints.c.id == endpoint_id)
        # Against being disabled between this and the commit of what is owed.
        .with_for_update(read=True, key_share=True)
    )
    if row is None:
        raise NotFound
    if row.state != "active":
        raise EndpointInactive
