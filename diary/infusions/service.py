"""Infusions: planned, started, ended; and what a moment is relative to them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, func, select, update

from diary.errors import Conflict, FieldFault, Invalid, NotFound
from diary.infusions.model import infusions
from diary.patients.service import require, reschedule
from diary.work import Work


class InfusionNotReady(Conflict):
    """The infusion is not in the state that this step starts from."""

    code = "infusion-state"
    title = "The infusion is not in the right state for this"


@dataclass(frozen=True, slots=True)
class Since:
    """How long after the last infusion a moment lies.

    number: the infusion's. days: local calendar days in the patient's zone, 0 on the day itself.
    hours: whole hours since its end, None while it runs.
    """

    number: int
    days: int
    hours: int | None


def plan(
    work: Work, patient_id: UUID, *, planned_at: datetime, dose_mg_per_kg: float | None, route: str
) -> Row[Any]:
    """Plan the patient's next infusion; numbers count up from 1, cancelled ones included."""
    require(work, patient_id, change=True)
    last = work.row(
        select(func.max(infusions.c.number).label("number")).where(_of(work, patient_id))
    )
    infusion_id = work.new_id()
    work.add(
        infusions,
        clinic_id=work.caller.clinic,
        id=infusion_id,
        patient_id=patient_id,
        number=((last and last.number) or 0) + 1,
        state="planned",
        planned_at=planned_at,
        dose_mg_per_kg=dose_mg_per_kg,
        route=route,
        created_at=work.now,
    )
    reschedule(work, patient_id)
    work.audit("infusion.planned", "infusion", infusion_id)
    return get(work, patient_id, infusion_id)


def start(work: Work, patient_id: UUID, infusion_id: UUID, *, started_at: datetime) -> Row[Any]:
    """Record that a planned infusion began."""
    return _step(work, patient_id, infusion_id, "planned", state="started", started_at=started_at)


def end(
    work: Work,
    patient_id: UUID,
    infusion_id: UUID,
    *,
    ended_at: datetime,
    dose_mg_per_kg: float | None,
) -> Row[Any]:
    """Record that a started infusion ended, with the dose that was given."""
    infusion = get(work, patient_id, infusion_id)
    if infusion.started_at is not None and ended_at < infusion.started_at:
        fault = FieldFault("/ended_at", "too_early", "must not lie before started_at")
        raise Invalid(errors=[fault])
    values: dict[str, Any] = {"state": "ended", "ended_at": ended_at}
    if dose_mg_per_kg is not None:
        values["dose_mg_per_kg"] = dose_mg_per_kg
    return _step(work, patient_id, infusion_id, "started", **values)


def cancel(work: Work, patient_id: UUID, infusion_id: UUID) -> Row[Any]:
    """Cancel a planned infusion."""
    return _step(work, patient_id, infusion_id, "planned", state="cancelled")


def get(work: Work, patient_id: UUID, infusion_id: UUID) -> Row[Any]:
    """One infusion of a patient the caller can see; raises NotFound."""
    require(work, patient_id)
    row = work.row(select(infusions).where(_of(work, patient_id), infusions.c.id == infusion_id))
    if row is None:
        raise NotFound
    return row


def of_patient(work: Work, patient_id: UUID) -> Select[Any]:
    """The infusions of a patient the caller can see."""
    require(work, patient_id)
    return select(infusions).where(_of(work, patient_id))


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


def _of(work: Work, patient_id: UUID) -> ColumnElement[bool]:
    return (infusions.c.clinic_id == work.caller.clinic) & (infusions.c.patient_id == patient_id)


def _step(
    work: Work, patient_id: UUID, infusion_id: UUID, required: str, **values: Any
) -> Row[Any]:
    require(work, patient_id, change=True)
    infusion = get(work, patient_id, infusion_id)
    changed = work.execute(
        update(infusions)
        .where(_of(work, patient_id), infusions.c.id == infusion_id, infusions.c.state == required)
        .values(**values)
    )
    if not changed.rowcount:
        raise InfusionNotReady(f"it is {infusion.state}; this needs one that is {required}")
    reschedule(work, patient_id)
    work.audit(f"infusion.{values['state']}", "infusion", infusion_id)
    return get(work, patient_id, infusion_id)
