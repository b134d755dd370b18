"""Messages enter here, in the transaction of what they tell of."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from diary.severity import Severity
from diary.webhooks.model import deliveries, messages
from diary.webhooks.withdraw import withdraw
from diary.work import Work


def publish(
    work: Work,
    *,
    clinic_id: UUID,
    type: str,
    data: dict[str, Any],
    endpoint_ids: Collection[UUID],
    message_id: UUID | None = None,
    alert_id: UUID | None = None,
    is_page: bool = False,
    priority: Severity = Severity.LOW,
    patient_id: UUID | None = None,
    disclosure: dict[str, Any] | None = None,
) -> UUID:
    """Freeze one message and owe it to each endpoint. The message's id is the `webhook-id`.

    patient_id, disclosure: for `diary.webhooks.disclosure`, whose messages carry the one and
    leave while the other consents.
    """
    message_id = message_id or work.new_id()
    body = {"type": type, "timestamp": work.now, "data": data}
    if disclosure is not None:
        body["disclosure"] = disclosure
    work.add(
        messages,
        clinic_id=clinic_id,
        id=message_id,
        type=type,
        alert_id=alert_id,
        body=orjson.dumps(body, option=orjson.OPT_UTC_Z),
        created_at=work.now,
    )
    for endpoint_id in sorted(endpoint_ids):
        owe(
            work,
            clinic_id=clinic_id,
            message_id=message_id,
            endpoint_id=endpoint_id,
            alert_id=alert_id,
            is_page=is_page,
            priority=int(priority),
            patient_id=patient_id,
        )
    return message_id


def owe(
    work: Work,
    *,
    clinic_id: UUID,
    message_id: UUID,
    endpoint_id: UUID,
    alert_id: UUID | None,
    is_page: bool,
    priority: int,
    patient_id: UUID | None = None,
) -> UUID:
    """Owe a message to one endpoint from now on; returns the delivery's id."""
    delivery_id = work.new_id()
    work.add(
        deliveries,
        clinic_id=clinic_id,
        id=delivery_id,
        message_id=message_id,
        endpoint_id=endpoint_id,
        alert_id=alert_id,
        patient_id=patient_id,
        is_page=is_page,
        priority=priority,
        state="pending",
        attempts=0,
        due_at=work.now,
        withdrawn=False,
        created_at=work.now,
    )
    work.wake_engine()
    return delivery_id


def withdraw_pages(work: Work, clinic_id: UUID, alert_id: UUID) -> None:
    """No page of this alert is wanted any more: none is claimed once this is committed.

    One that is in flight may still land; if it fails it is not tried again.
    """
    _retire(work, clinic_id, alert_id, state="cancelled", is_page=True)


def supersede(
    work: Work, clinic_id: UUID, alert_id: UUID, endpoint_ids: Collection[UUID], *, is_page: bool
) -> None:
    """A newer message of this alert is about to be owed to these endpoints and covers the older.

    A page covers pages and a state event state events: what asks for a person is not replaced by
    what only tells.
    """
    _retire(
        work,
        clinic_id,
        alert_id,
        state="superseded",
        is_page=is_page,
        endpoint_ids=endpoint_ids,
    )


def told(work: Work, clinic_id: UUID, alert_id: UUID) -> set[UUID]:
    """The endpoints that were ever owed a message of this alert."""
    query = (
        select(deliveries.c.endpoint_id)
        .where(deliveries.c.clinic_id == clinic_id, deliveries.c.alert_id == alert_id)
        .distinct()
    )
    return {row.endpoint_id for row in work.rows(query)}


def reached_nobody(work: Work, clinic_id: UUID, message_id: UUID) -> bool:
    """Whether every delivery of a message that is still owed failed twice and none arrived.

    One that was cancelled, because its endpoint was disabled, reaches nobody either.
    """
    rows = work.rows(
        select(deliveries.c.state, deliveries.c.attempts).where(
            deliveries.c.clinic_id == clinic_id,
            deliveries.c.message_id == message_id,
            # What was sent again by hand is beside the page.
            deliveries.c.is_page,
        )
    )
    return all(
        row.state == "cancelled" or (row.state != "delivered" and row.attempts >= 2) for row in rows
    )


def _retire(
    work: Work,
    clinic_id: UUID,
    alert_id: UUID,
    *,
    state: str,
    is_page: bool,
    endpoint_ids: Collection[UUID] | None = None,
) -> None:
    which = [
        deliveries.c.clinic_id == clinic_id,
        deliveries.c.alert_id == alert_id,
        deliveries.c.is_page == is_page,
    ]
    if endpoint_ids is not None:
        which.append(deliveries.c.endpoint_id.in_(endpoint_ids))
    withdraw(work, *which, state=state)
