"""The log: what was owed to whom, and every attempt."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, select

from diary.errors import NotFound
from diary.webhooks.model import attempts, deliveries, messages
from diary.webhooks.signing import message_name
from diary.work import Work


def visible(work: Work, wanted: Mapping[str, Any]) -> Select[Any]:
    """The deliveries of the caller's clinic. wanted: `endpoint_id`, `alert_id`, `state`, `type`,
    and `since` ≤ created_at < `until`; None for any."""
    query = _of_clinic(work)
    for column in (
        deliveries.c.endpoint_id,
        deliveries.c.alert_id,
        deliveries.c.state,
        messages.c.type,
    ):
        if wanted[column.name] is not None:
            query = query.where(column == wanted[column.name])
    if wanted["since"] is not None:
        query = query.where(deliveries.c.created_at >= wanted["since"])
    if wanted["until"] is not None:
        query = query.where(deliveries.c.created_at < wanted["until"])
    return query


def shown(row: Row[Any]) -> dict[str, Any]:
    """A delivery as the log shows it."""
    return dict(row._mapping) | {"webhook_id": message_name(row.message_id)}


def get(work: Work, delivery_id: UUID) -> dict[str, Any]:
    """One delivery with its `tries`; raises NotFound."""
    row = work.row(_of_clinic(work).where(deliveries.c.id == delivery_id))
    if row is None:
        raise NotFound
    tries = work.rows(
        select(attempts)
        .where(attempts.c.clinic_id == row.clinic_id, attempts.c.delivery_id == delivery_id)
        .order_by(attempts.c.started_at, attempts.c.id)
    )
    return shown(row) | {"tries": tries}


def _of_clinic(work: Work) -> Select[Any]:
    return (
        select(deliveries, messages.c.type)
        .join(
            messages,
            and_(
                messages.c.clinic_id == deliveries.c.clinic_id,
                messages.c.id == deliveries.c.message_id,
            ),
        )
        .where(deliveries.c.clinic_id == work.caller.clinic)
    )
