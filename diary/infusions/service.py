"""Infusions: planned, moved, started, ended, cancelled."""

from collections.abc import Collection
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select, update

from diary.errors import FieldFault, Invalid
from diary.infusions import doubts
from diary.infusions.courses.reading import Totals, current
from diary.infusions.courses.starting import doubts_of, hold, weigh
from diary.infusions.model import infusion_moves, infusions
from diary.infusions.numbers import renumber
from diary.infusions.reading import get, in_state, lock, of
from diary.patients.service import reschedule
from diary.work import Work

# Why an infusion is moved or does not take place.
REASONS: Final = ("patient-request", "unwell", "not-indicated", "no-escort", "clinic", "other")


WARN_BEFORE: Final = timedelta(hours=24)
"""How long before an infusion it is told that the way home is not arranged: a working day to find
somebody, or to move the visit. A design value."""


def plan(
    work: Work,
    patient_id: UUID,
    *,
    planned_at: datetime,
    dose_mg_per_kg: float | None,
    route: str,
    planned_minutes: int | None = None,
    confirm: Collection[str] = (),
) -> Row[Any]:
    """Plan an infusion.

    planned_minutes: how long it is to run. confirm: fields whose value is meant, though unusual.
    Raises NotFound, OnlyReading, NeedsConfirmation.
    """
    zone = lock(work, patient_id)
    confirmed = doubts.settle(
        [
            *doubts.of_plan(planned_at, _all(work, patient_id), zone=zone, now=work.now),
            *doubts.of_dose(route, dose_mg_per_kg),
            *doubts.of_length("planned_minutes", route, planned_minutes),
        ],
        confirm,
    )
    infusion_id = work.new_id()
    work.add(
        infusions,
        clinic_id=work.caller.clinic,
        id=infusion_id,
        patient_id=patient_id,
        course_id=current(work, patient_id),
        state="planned",
        planned_at=planned_at,
        planned_minutes=planned_minutes,
        dose_mg_per_kg=dose_mg_per_kg,
        route=route,
        created_at=work.now,
        escort_due_at=planned_at - WARN_BEFORE,
    )
    return _done(work, patient_id, infusion_id, "planned", confirmed)


def move(
    work: Work,
    patient_id: UUID,
    infusion_id: UUID,
    *,
    planned_at: datetime,
    reason: str,
    confirm: Collection[str] = (),
) -> Row[Any]:
    """Plan a planned infusion for another moment. reason: one of REASONS.

    To where it is already changes nothing. Raises as `plan` and InfusionNotReady.
    """
    zone = lock(work, patient_id)
    infusion = in_state(work, patient_id, infusion_id, "planned")
    if infusion.planned_at == planned_at:
        return infusion
    others = _others(work, patient_id, infusion_id)
    confirmed = doubts.settle(doubts.of_plan(planned_at, others, zone=zone, now=work.now), confirm)
    # Whoever was to come may not be free then.
    _set(
        work,
        infusion_id,
        planned_at=planned_at,
        escort_arranged_at=None,
        transport_arranged_at=None,
        escort_due_at=planned_at - WARN_BEFORE,
    )
    work.add(
        infusion_moves,
        clinic_id=work.caller.clinic,
        id=work.new_id(),
        patient_id=patient_id,
        infusion_id=infusion_id,
        from_at=infusion.planned_at,
        to_at=planned_at,
        reason=reason,
        moved_at=work.now,
        moved_by=work.caller.id,
    )
    return _done(work, patient_id, infusion_id, "moved", confirmed, reason=reason)


def start(
    work: Work,
    patient_id: UUID,
    infusion_id: UUID,
    *,
    started_at: datetime,
    confirm: Collection[str] = (),
    totals: Totals = MappingProxyType({}),
) -> Row[Any]:
    """Record that a planned infusion began.

    totals: what the patient's own answers say of a course's baseline. Raises NotFound,
    OnlyReading, InfusionNotReady, CourseNotReady, NeedsConfirmation, and Invalid for a moment that
    is yet to come.
    """
    zone = lock(work, patient_id)
    infusion = in_state(work, patient_id, infusion_id, "planned")
    doubts.not_ahead("started_at", started_at, work.now)
    beginning = weigh(work, infusion, started_at, totals)
    others = _others(work, patient_id, infusion_id)
    asked = doubts.of_start(infusion, started_at, others, zone=zone)
    confirmed = doubts.settle([*asked, *doubts_of(beginning)], confirm)
    hold(work, beginning)
    _set(work, infusion_id, state="started", started_at=started_at, escort_due_at=None)
    return _done(work, patient_id, infusion_id, "started", confirmed)


def end(
    work: Work,
    patient_id: UUID,
    infusion_id: UUID,
    *,
    ended_at: datetime,
    dose_mg_per_kg: float | None,
    confirm: Collection[str] = (),
) -> Row[Any]:
    """Record that a started infusion ended, with the dose that was given.

    dose_mg_per_kg: None where it was the planned one. Raises as `start`, and Invalid for an end
    before the beginning.
    """
    lock(work, patient_id)
    infusion = in_state(work, patient_id, infusion_id, "started")
    if ended_at < infusion.started_at:
        fault = FieldFault("/ended_at", "too_early", "must not lie before started_at")
        raise Invalid(errors=[fault])
    doubts.not_ahead("ended_at", ended_at, work.now)
    confirmed = doubts.settle(
        [
            *doubts.of_end(infusion, ended_at, _others(work, patient_id, infusion_id)),
            *doubts.of_dose(infusion.route, dose_mg_per_kg),
        ],
        confirm,
    )
    values: dict[str, Any] = {"state": "ended", "ended_at": ended_at}
    if dose_mg_per_kg is not None:
        values["dose_mg_per_kg"] = dose_mg_per_kg
    _set(work, infusion_id, **values)
    return _done(work, patient_id, infusion_id, "ended", confirmed)


def cancel(work: Work, patient_id: UUID, infusion_id: UUID, *, reason: str) -> Row[Any]:
    """Cancel a planned infusion: it has no number any more. reason: one of REASONS.

    Raises NotFound, OnlyReading, InfusionNotReady.
    """
    lock(work, patient_id)
    in_state(work, patient_id, infusion_id, "planned")
    _set(
        work,
        infusion_id,
        state="cancelled",
        cancel_reason=reason,
        cancelled_at=work.now,
        escort_due_at=None,
    )
    return _done(work, patient_id, infusion_id, "cancelled", reason=reason)


def _all(work: Work, patient_id: UUID) -> list[Row[Any]]:
    return list(work.rows(select(infusions).where(of(work, patient_id))))


def _others(work: Work, patient_id: UUID, infusion_id: UUID) -> list[Row[Any]]:
    return [each for each in _all(work, patient_id) if each.id != infusion_id]


def _set(work: Work, infusion_id: UUID, **values: Any) -> None:
    work.execute(
        update(infusions)
        .where(infusions.c.clinic_id == work.caller.clinic, infusions.c.id == infusion_id)
        .values(**values)
    )


def _done(
    work: Work,
    patient_id: UUID,
    infusion_id: UUID,
    what: str,
    confirmed: list[dict[str, str]] | None = None,
    **detail: Any,
) -> Row[Any]:
    """What follows whenever the order or the moments of a patient's infusions change."""
    renumber(work, patient_id)
    reschedule(work, patient_id)
    if confirmed:
        detail["confirmed"] = confirmed
    work.audit(f"infusion.{what}", "infusion", infusion_id, **detail)
    return get(work, patient_id, infusion_id)
