"""Which windows a plan asks for, between two moments. Pure.

A slot is told by its item and its day, week or infusion, never by its times: whatever moves, it
stays one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.schedule.days import DAY_STARTS, at, day_of
from diary.schedule.plan import (
    AFTER_EFFECTS,
    SHORTEST,
    AfterInfusion,
    Asked,
    Daily,
    Item,
    Plan,
    Weekly,
)

_DAY: Final = timedelta(days=1)
BETWEEN_REMINDERS: Final = timedelta(hours=2)
"""Nobody is reminded of the same again so soon."""
# Nobody is woken to answer a question.
_LATEST_REMINDER: Final = time(21)


@dataclass(frozen=True, slots=True)
class Visit:
    """An infusion that takes place, or did; what nobody has recorded yet is as it was planned."""

    id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """One window as a plan wants it.

    plan: its version. after_effects: whether it opens within 48 h of an infusion. local_date: the
    diary's day that it belongs to, in the patient's zone. remind_at, chase_at: None where there is
    no time for it.
    """

    key: str
    plan: int
    asked: Asked
    local_date: date
    opens_at: datetime
    closes_at: datetime
    after_effects: bool
    infusion_id: UUID | None
    remind_at: datetime | None
    chase_at: datetime | None


def wanted(
    plan: Plan, visits: Sequence[Visit], zone: ZoneInfo, *, start: datetime, end: datetime
) -> Mapping[str, Slot]:
    """The windows that are still open after `start` and open before `end`, by their keys."""
    days = tuple(_days(day_of(start, zone) - _DAY, day_of(end, zone)))
    found = {}
    for item in plan.items:
        for key, day, opens, closes, infusion_id in _times(item, days, visits, zone):
            if opens >= end or closes <= start:
                continue
            remind_at, chase_at = _reminders(plan, day, opens, closes, zone)
            found[key] = Slot(
                key=key,
                plan=plan.version,
                asked=item,
                local_date=day,
                opens_at=opens,
                closes_at=closes,
                after_effects=any(_is_soon(each, opens) for each in visits),
                infusion_id=infusion_id,
                remind_at=remind_at,
                chase_at=chase_at,
            )
    return found


_Times = tuple[str, date, datetime, datetime, UUID | None]


def _times(
    item: Item, days: Iterable[date], visits: Sequence[Visit], zone: ZoneInfo
) -> Iterator[_Times]:
    if isinstance(item, AfterInfusion):
        for visit in visits:
            opens = visit.ends_at + timedelta(hours=item.hours)
            closes = opens + timedelta(hours=item.open_hours)
            yield f"{item.id}@{visit.id}", day_of(opens, zone), opens, closes, visit.id
        return
    for day in days:
        opens, closes = _between(item, day, zone)
        if isinstance(item, Daily):
            if _is_asked(item, day, visits, zone):
                opens = max(opens, min(_earliest(item, day, visits, zone), closes - SHORTEST))
                yield f"{item.id}@{day}", day, opens, closes, None
        elif day.isoweekday() == item.weekday:
            year, week, _ = day.isocalendar()
            yield f"{item.id}@{year}-W{week:02}", day, opens, closes, None


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


def _is_soon(visit: Visit, opens: datetime) -> bool:
    return visit.starts_at <= opens < visit.ends_at + AFTER_EFFECTS


def _reminders(
    plan: Plan, day: date, opens: datetime, closes: datetime, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    latest = min(closes, at(day, _LATEST_REMINDER, zone))
    remind_at = chase_at = None
    if plan.remind_at is not None:
        due = max(opens, at(day, plan.remind_at, zone))
        remind_at = due if due < latest else None
    if plan.chase_at is not None:
        due = at(day, plan.chase_at, zone)
        earliest = opens if remind_at is None else remind_at + BETWEEN_REMINDERS
        chase_at = due if earliest <= due < latest else None
    return remind_at, chase_at


def is_too_late(day: date, moment: datetime, zone: ZoneInfo) -> bool:
    """Whether nobody is reminded any more at that moment of a window of that day: the day's evening
    is over, or it is night where the patient is."""
    return moment >= at(min(day, day_of(moment, zone)), _LATEST_REMINDER, zone)


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + number * _DAY
