"""A patient's windows are made to follow: the plan, the infusions, the zone, the state.

What was answered is never touched. What is open stays open, though nothing asks for it any more:
somebody may be answering. All else that is ahead moves, comes and goes with what it follows.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update

from diary.agenda import Agenda
from diary.infusions.model import infusions
from diary.patients.model import patients
from diary.patients.states import State
from diary.schedule.model import windows
from diary.schedule.plan import VISIT
from diary.schedule.plans import in_force
from diary.schedule.slots import Slot, Visit, wanted
from diary.work import Work

HORIZON: Final = timedelta(days=14)
"""So far ahead windows are there: a phone that hears nothing for so long knows what it asks."""
AGENDA: Final = Agenda(patients.c.schedule_due_at, patients.c.id)
"""Patients whose windows are to be made anew."""

_AGAIN: Final = timedelta(days=1)
# An infusion that nobody has recorded for so long did not take place as planned.
_UNRECORDED: Final = timedelta(days=1)
# What passes by itself is no change.
_TIMED: Final = frozenset({"remind_at", "chase_at", "next_at"})
# No item reaches further back.
_REACH: Final = timedelta(days=100)


def follow(work: Work, patient_id: UUID) -> bool:
    """Make the windows of a patient of the caller's clinic anew; False where somebody else has
    the patient in hand."""
    here = and_(patients.c.clinic_id == work.caller.clinic, patients.c.id == patient_id)
    # Two who follow would make a slot twice. Whoever answers meanwhile is not waited for.
    held = select(patients).where(here).with_for_update(key_share=True, skip_locked=True)
    patient = work.row(held)
    if patient is None:
        return False
    is_active = patient.state == State.ACTIVE and not patient.drill
    slots = _wanted(work, patient) if is_active else {}
    there = _there(work, patient_id, slots)
    _move(work, patient_id, slots, there)
    _leave_out(work, there, slots, opened=not is_active)
    for key in slots.keys() - {row.slot for row in there}:
        _add(work, patient_id, slots[key])
    again = work.now + _AGAIN if is_active else None
    work.execute(update(patients).where(here).values(schedule_due_at=again))
    return True


def _wanted(work: Work, patient: Row[Any]) -> Mapping[str, Slot]:
    begun = func.coalesce(infusions.c.started_at, infusions.c.planned_at)
    rows = work.rows(
        select(infusions).where(
            infusions.c.clinic_id == patient.clinic_id,
            infusions.c.patient_id == patient.id,
            infusions.c.state != "cancelled",
            begun > work.now - _REACH,
            or_(
                infusions.c.started_at.is_not(None),
                infusions.c.planned_at > work.now - _UNRECORDED,
            ),
        )
    )
    visits = [_visit(row) for row in rows]
    zone = ZoneInfo(patient.time_zone)
    return wanted(in_force(work), visits, zone, start=work.now, end=work.now + HORIZON + _AGAIN)


def _visit(row: Row[Any]) -> Visit:
    begins = row.started_at or row.planned_at
    return Visit(row.id, begins, row.ended_at or begins + VISIT)


def _there(work: Work, patient_id: UUID, slots: Iterable[str]) -> list[Row[Any]]:
    """What is there of the slots that are wanted, and whatever else is still to come."""
    ahead = and_(windows.c.state == "pending", windows.c.closes_at > work.now)
    return list(
        work.rows(
            select(windows).where(
                windows.c.clinic_id == work.caller.clinic,
                windows.c.patient_id == patient_id,
                or_(windows.c.slot.in_(list(slots)), ahead),
            )
        )
    )


def _move(
    work: Work, patient_id: UUID, slots: Mapping[str, Slot], there: Iterable[Row[Any]]
) -> None:
    follows = (
        (row, _values(work, slots[row.slot], row))
        for row in there
        if row.state != "answered" and row.slot in slots
    )
    changed = [{"id": row.id, **values} for row, values in follows if _differs(row, values)]
    if changed:
        # Asked again of the row itself: it may have been answered since it was read.
        rows = and_(
            windows.c.clinic_id == work.caller.clinic,
            windows.c.patient_id == patient_id,
            windows.c.state != "answered",
        )
        columns = {windows.c[name]: [each[name] for each in changed] for name in changed[0]}
        work.update_each(rows, windows.c.id, columns)
        # A reminder of before a window opens reminded of nothing.
        work.execute(
            update(windows)
            .where(rows, windows.c.reminded_at < windows.c.opens_at)
            .values(reminded_at=None, reminder_id=None, reminder_shown_at=None)
        )


def _differs(row: Row[Any], values: Mapping[str, Any]) -> bool:
    return any(getattr(row, name) != values[name] for name in values if name not in _TIMED)


def _leave_out(
    work: Work, there: Iterable[Row[Any]], slots: Mapping[str, Slot], *, opened: bool
) -> None:
    """Cancel what is not wanted any more. opened: what is open already, too."""
    gone = [
        row.id for row in there if row.slot not in slots and (opened or row.opens_at > work.now)
    ]
    if gone:
        work.execute(
            update(windows)
            .where(_pending(work), windows.c.id.in_(gone))
            .values(state="cancelled", next_at=None)
        )


def _pending(work: Work) -> ColumnElement[bool]:
    return and_(windows.c.clinic_id == work.caller.clinic, windows.c.state == "pending")


def _add(work: Work, patient_id: UUID, slot: Slot) -> None:
    work.add(
        windows,
        clinic_id=work.caller.clinic,
        id=work.new_id(),
        patient_id=patient_id,
        slot=slot.key,
        **_values(work, slot, None),
    )


def _values(work: Work, slot: Slot, row: Row[Any] | None) -> dict[str, Any]:
    """What a slot is from now on. What is past of its reminders is not made up for."""
    opens_at = slot.opens_at
    if row is not None and _is_open(work, row) and row.local_date == slot.local_date:
        # It stays so, though it would open later by now: somebody may be answering.
        opens_at = min(row.opens_at, opens_at)
    reminded = row is not None and row.reminded_at is not None and row.reminded_at >= opens_at
    remind_at = None if reminded or not _is_ahead(work, slot.remind_at) else slot.remind_at
    # Whoever moves west after the second one has another such hour ahead on that day.
    chased = reminded and row is not None and row.chase_at is None
    chase_at = None if chased or not _is_ahead(work, slot.chase_at) else slot.chase_at
    return {
        "plan": slot.plan,
        "instrument": slot.asked.instrument,
        "instrument_version": slot.asked.version,
        "infusion_id": slot.infusion_id,
        "after_effects": slot.after_effects,
        "local_date": slot.local_date,
        "opens_at": opens_at,
        "closes_at": slot.closes_at,
        "state": "pending",
        "remind_at": remind_at,
        "chase_at": chase_at,
        "next_at": remind_at or chase_at or slot.closes_at,
    }


def _is_open(work: Work, row: Row[Any]) -> bool:
    return bool(row.state == "pending" and row.opens_at <= work.now)


def _is_ahead(work: Work, moment: datetime | None) -> bool:
    return moment is not None and moment > work.now
