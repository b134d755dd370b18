"""Which windows a plan asks for, between two moments. Pure.

A slot is told by its item and its day, week or infusion, never by its times: whatever moves, it
stays one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.schedule.days import DAY_STARTS, at, day_of
from diary.schedule.plan import (
    AFTER_EFFECTS,
    SHORTEST,
    VISIT,
    AfterInfusion,
    Asked,
    Daily,
    Plan,
    Weekly,
)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Visit:
    """An infusion that takes place, took place, or is planned."""

    id: UUID
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, row: object) -> "Visit":
        """Of a row of `infusions`; what is not recorded yet is as planned."""
        begin = row.started_at or row.planned_at  # type: ignore[attr-defined]
        return cls(row.id, begin, row.ended_at or begin + VISIT)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Slot:
    """One window as the plan wants it. after_effects: whether it opens within 48 h of an infusion.

    local_date: the diary's day that it belongs to, in the patient's zone.
    """

    key: str
    asked: Asked
    local_date: date
    opens_at: datetime
    closes_at: datetime
    after_effects: bool
    infusion_id: UUID | None = None


def wanted(
    plan: Plan, visits: Sequence[Visit], zone: ZoneInfo, *, start: datetime, end: datetime
) -> Mapping[str, Slot]:
    """The windows that are still open after `start` and open before `end`, by their keys."""
    found: dict[str, Slot] = {}
    for slot in _slots(plan, visits, zone, start, end):
        if slot.closes_at > start and slot.opens_at < end:
            found[slot.key] = slot
    return found


def _slots(
    plan: Plan, visits: Sequence[Visit], zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[Slot]:
    days = list(_days(day_of(start, zone) - _DAY, day_of(end, zone)))
    for item in plan.items:
        if isinstance(item, AfterInfusion):
            for visit in visits:
                opens = visit.ends_at + timedelta(hours=item.hours)
                closes = opens + timedelta(hours=item.open_hours)
                key = f"{item.id}@{visit.id}"
                day = day_of(opens, zone)
                yield _slot(key, item, day, opens, closes, visits, visit.id)
            continue
        for day in days:
            if isinstance(item, Weekly) and day.isoweekday() == item.weekday:
                year, week, _ = day.isocalendar()
                opens, closes = _between(item, day, zone)
                yield _slot(f"{item.id}@{year}-W{week:02}", item, day, opens, closes, visits)
            elif isinstance(item, Daily) and _is_asked(item, day, visits, zone):
                opens, closes = _between(item, day, zone)
                opens = max(opens, min(_earliest(item, day, visits, zone), closes - SHORTEST))
                yield _slot(f"{item.id}@{day}", item, day, opens, closes, visits)


def _between(item: Daily | Weekly, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    until = day + _DAY if item.closes == DAY_STARTS else day
    return at(day, item.opens, zone), at(until, item.closes, zone)


def _is_asked(item: Daily, day: date, visits: Iterable[Visit], zone: ZoneInfo) -> bool:
    if item.days is None:
        return True
    first, last = item.days
    return any(first <= (day - day_of(each.ends_at, zone)).days <= last for each in visits)


def _earliest(item: Daily, day: date, visits: Iterable[Visit], zone: ZoneInfo) -> datetime:
    """Not before so many hours after the end of the day's last infusion."""
    ends = [each.ends_at for each in visits if day_of(each.ends_at, zone) == day]
    if not ends or not item.after_infusion_hours:
        return at(day, item.opens, zone)
    return max(ends) + timedelta(hours=item.after_infusion_hours)


def _slot(
    key: str,
    item: Asked,
    day: date,
    opens: datetime,
    closes: datetime,
    visits: Iterable[Visit],
    infusion_id: UUID | None = None,
) -> Slot:
    soon = any(each.starts_at <= opens < each.ends_at + AFTER_EFFECTS for each in visits)
    return Slot(key, item, day, opens, closes, soon, infusion_id)


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + number * _DAY
