"""A patient's windows as they are shown, and filled by a check-in."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, and_, not_, or_, select, update

from diary.errors import NotFound
from diary.patients.model import patients
from diary.patients.service import require
from diary.schedule.follow import HORIZON
from diary.schedule.model import windows
from diary.schedule.plans import get as plan
from diary.schedule.reminders import was_delivered
from diary.work import Work

BACK: Final = timedelta(days=2)
"""What was open so lately is still shown to a phone: it may have an answer that it has not sent."""
# What can still be answered: whether it was swept since makes no difference to whoever answers.
_UNANSWERED: Final = ("pending", "missed")
# An answer may be about the day before, and come from a phone that was long without a network.
_LATEST: Final = timedelta(days=400)
_SHOWN: Final = select(windows, was_delivered().label("reminder_delivered"))


class Reminder(StrEnum):
    """How far the last reminder of a window is known to have come: none was sent, no system of the
    clinic took it, one did, the phone showed it."""

    NONE = "none"
    UNDELIVERED = "undelivered"
    DELIVERED = "delivered"
    SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class Window:
    """A window. local_date: the diary's day, in the patient's zone. state: as it is now, whether
    the engine has looked at it yet or not. late: whether the answer came after it had closed.
    reminder: how far the last one is known to have come.
    """

    id: UUID
    patient_id: UUID
    slot: str
    instrument: str
    instrument_version: str
    infusion_id: UUID | None
    after_effects: bool
    local_date: date
    opens_at: datetime
    closes_at: datetime
    state: str
    check_in_id: UUID | None
    answered_at: datetime | None
    late: bool | None
    reminded_at: datetime | None
    reminder: Reminder


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a patient is asked from two days ago to the horizon, in the order that it opens.

    made_until: up to when windows are made; they are made anew every day, and on every change.
    """

    time_zone: str
    plan_version: int
    as_of: datetime
    made_until: datetime
    windows: list[Window]


def own(work: Work) -> Schedule:
    """The caller's own."""
    clinic, patient_id = work.caller.clinic, work.caller.patient
    zone = work.row(
        select(patients.c.time_zone).where(
            patients.c.clinic_id == clinic, patients.c.id == patient_id
        )
    )
    assert zone is not None
    rows = work.rows(
        _SHOWN.where(
            windows.c.clinic_id == clinic,
            windows.c.patient_id == patient_id,
            windows.c.closes_at > work.now - BACK,
            windows.c.opens_at < work.now + HORIZON,
            windows.c.state != "cancelled",
        ).order_by(windows.c.opens_at, windows.c.slot)
    )
    return Schedule(
        time_zone=zone.time_zone,
        plan_version=plan(work).version,
        as_of=work.now,
        made_until=work.now + HORIZON,
        windows=[shown(row, work.now) for row in rows],
    )


def of_patient(work: Work, patient_id: UUID, *, state: str | None = None) -> Select[Any]:
    """Every window that a patient ever had, but for what was cancelled. state: those alone that
    are so now. Raises NotFound."""
    require(work, patient_id)
    found = _SHOWN.where(
        windows.c.clinic_id == work.caller.clinic,
        windows.c.patient_id == patient_id,
        windows.c.state != "cancelled",
    )
    if state is None:
        return found
    is_over = and_(windows.c.state == "pending", windows.c.closes_at <= work.now)
    if state == "missed":
        return found.where(or_(windows.c.state == state, is_over))
    return found.where(windows.c.state == state, not_(is_over))


def shown(row: Row[Any], now: datetime) -> Window:
    """A window as it is at that moment."""
    is_over = row.state == "pending" and row.closes_at <= now
    return Window(
        id=row.id,
        patient_id=row.patient_id,
        slot=row.slot,
        instrument=row.instrument,
        instrument_version=row.instrument_version,
        infusion_id=row.infusion_id,
        after_effects=row.after_effects,
        local_date=row.local_date,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        state="missed" if is_over else row.state,
        check_in_id=row.check_in_id,
        answered_at=row.answered_at,
        late=row.late,
        reminded_at=row.reminded_at,
        reminder=_reminder(row),
    )


def remind_shown(work: Work, window_id: UUID, *, shown_at: datetime) -> Window:
    """The caller's phone showed the reminder of a window; the first time stays. Raises NotFound."""
    mine = and_(
        windows.c.clinic_id == work.caller.clinic,
        windows.c.patient_id == work.caller.patient,
        windows.c.id == window_id,
    )
    work.execute(
        update(windows)
        .where(mine, windows.c.reminder_shown_at.is_(None))
        .values(reminder_shown_at=shown_at)
    )
    row = work.row(_SHOWN.where(mine))
    if row is None:
        raise NotFound
    return shown(row, work.now)


def _reminder(row: Row[Any]) -> Reminder:
    if row.reminder_shown_at is not None:
        return Reminder.SHOWN
    if row.reminded_at is None:
        return Reminder.NONE
    return Reminder.DELIVERED if row.reminder_delivered else Reminder.UNDELIVERED


def waiting_for(
    clinic_id: ColumnElement[UUID],
    patient_id: ColumnElement[UUID],
    instrument: ColumnElement[str],
    moment: ColumnElement[datetime],
    latest: ColumnElement[datetime],
) -> ScalarSelect[UUID | None]:
    """The id of the window that an answer of that moment fills, for use inside a query. latest: the
    moment and LONGEST: no window that closes later was open then, so none of those is looked at.
    """
    return (
        select(windows.c.id)
        .where(
            windows.c.clinic_id == clinic_id,
            windows.c.patient_id == patient_id,
            windows.c.instrument == instrument,
            windows.c.closes_at > moment,
            windows.c.closes_at <= latest,
            windows.c.opens_at <= moment,
            windows.c.state.in_(_UNANSWERED),
        )
        .order_by(windows.c.closes_at)
        .limit(1)
        .correlate_except(windows)
        .scalar_subquery()
    )


def unanswered_on(work: Work, patient_id: UUID, instrument: str, day: date) -> UUID | None:
    """The id of the first window of an instrument on a day of the diary that can be answered."""
    row = work.row(
        select(windows.c.id)
        .where(
            windows.c.clinic_id == work.caller.clinic,
            windows.c.patient_id == patient_id,
            windows.c.instrument == instrument,
            windows.c.local_date == day,
            windows.c.closes_at > work.now - _LATEST,
            windows.c.state.in_(_UNANSWERED),
        )
        .order_by(windows.c.closes_at)
        .limit(1)
    )
    return None if row is None else row.id


def fill(work: Work, window_id: UUID, check_in_id: UUID, recorded_at: datetime) -> bool:
    """Answer a window of the caller's clinic; False where another check-in was quicker."""
    filled = work.execute(
        update(windows)
        .where(
            windows.c.clinic_id == work.caller.clinic,
            windows.c.id == window_id,
            windows.c.state.in_(_UNANSWERED),
        )
        .values(
            state="answered",
            check_in_id=check_in_id,
            answered_at=recorded_at,
            late=windows.c.closes_at <= work.now,
            remind_at=None,
            chase_at=None,
            next_at=None,
        )
    )
    return filled.rowcount > 0
