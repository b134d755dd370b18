"""What a moment is relative to a patient's infusions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, select

from diary.infusions.model import infusions


@dataclass(frozen=True, slots=True)
class Since:
    """How long after the last infusion a moment lies.

    number: the infusion's. days: local calendar days in the patient's zone, 0 on the day itself.
    hours: whole hours since its end, None while it runs.
    """

    number: int
    days: int
    hours: int | None


def latest_before(
    clinic_id: ColumnElement[UUID], patient_id: ColumnElement[UUID], moment: datetime
) -> Select[Any]:
    """The id of the infusion that most recently started by a moment, for use inside a query."""
    return (
        select(infusions.c.id)
        .where(
            infusions.c.clinic_id == clinic_id,
            infusions.c.patient_id == patient_id,
            infusions.c.started_at <= moment,
        )
        .order_by(infusions.c.started_at.desc())
        .limit(1)
        .correlate_except(infusions)
    )


def since(
    number: int | None,
    started_at: datetime | None,
    ended_at: datetime | None,
    *,
    moment: datetime,
    zone: ZoneInfo,
) -> Since | None:
    """Where a moment lies after the infusion that started before it; None before the first."""
    if number is None or started_at is None:
        return None
    days = (moment.astimezone(zone).date() - started_at.astimezone(zone).date()).days
    if ended_at is None or ended_at > moment:
        return Since(number, days, None)
    return Since(number, days, int((moment - ended_at).total_seconds() // 3600))
