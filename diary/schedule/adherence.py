"""How much of what was asked was answered: the response rate, answered by due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select

from diary.errors import BadPeriod, FieldFault
from diary.patients.service import require
from diary.schedule.model import windows
from diary.work import Work

LONGEST: Final = timedelta(days=366)
DEFAULT: Final = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Period:
    """Some days of the diary. due: windows that were answered, or are over; what is still open and
    what was cancelled is neither. late: of the answered, those whose answer came after the end.
    rate: answered by due, None where nothing was due."""

    starts_on: date
    ends_on: date
    due: int
    answered: int
    late: int

    @property
    def rate(self) -> float | None:
        """The response rate."""
        return round(self.answered / self.due, 3) if self.due else None


@dataclass(frozen=True, slots=True)
class Adherence:
    """The whole span, and the weeks in it, the first and the last perhaps cut short."""

    total: Period
    weeks: list[Period]


def of_patient(
    work: Work, patient_id: UUID, *, start: date | None, end: date | None, instrument: str | None
) -> Adherence:
    """A patient's, from start to end, both included: the last four weeks by default. instrument:
    of that one alone. Raises NotFound, BadPeriod."""
    require(work, patient_id)
    return _of(work, windows.c.patient_id == patient_id, start, end, instrument)


def of_clinic(
    work: Work, *, start: date | None, end: date | None, instrument: str | None
) -> Adherence:
    """The same of all patients of the caller's clinic."""
    return _of(work, None, start, end, instrument)


def _of(
    work: Work,
    whose: ColumnElement[bool] | None,
    start: date | None,
    end: date | None,
    instrument: str | None,
) -> Adherence:
    end = end or work.now.date()
    start = start or end - DEFAULT + timedelta(days=1)
    if not timedelta(0) <= end - start < LONGEST:
        message = "must lie from 0 to 365 days after `from`"
        raise BadPeriod(errors=[FieldFault("/to", "out_of_range", message)])
    is_answered = windows.c.state == "answered"
    is_over = and_(windows.c.state.in_(("pending", "missed")), windows.c.closes_at <= work.now)
    query = select(
        windows.c.local_date,
        func.count().label("due"),
        func.sum(case((is_answered, 1), else_=0)).label("answered"),
        func.sum(case((windows.c.late.is_(True), 1), else_=0)).label("late"),
    ).where(
        windows.c.clinic_id == work.caller.clinic,
        windows.c.local_date >= start,
        windows.c.local_date <= end,
        or_(is_answered, is_over),
    )
    if whose is not None:
        query = query.where(whose)
    if instrument is not None:
        query = query.where(windows.c.instrument == instrument)
    days = work.rows(query.group_by(windows.c.local_date))
    weeks = []
    monday = start - timedelta(days=start.weekday())
    while monday <= end:
        first, last = max(monday, start), min(monday + timedelta(days=6), end)
        weeks.append(_period(days, first, last))
        monday += timedelta(weeks=1)
    return Adherence(_period(days, start, end), weeks)


def _period(days: Iterable[Row[Any]], first: date, last: date) -> Period:
    within = [day for day in days if first <= day.local_date <= last]
    return Period(
        starts_on=first,
        ends_on=last,
        due=sum(day.due for day in within),
        answered=sum(day.answered for day in within),
        late=sum(day.late for day in within),
    )
