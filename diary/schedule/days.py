"""The diary's day in a patient's zone: from 04:00 to 04:00, however long the clocks make it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# What is told at 1 a.m. belongs to the day before.
DAY_STARTS: Final = time(4)


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day that a moment belongs to. A day begins when a clock on the wall first shows 04:00."""
    local = moment.astimezone(zone)
    return local.date() if local.time() >= DAY_STARTS else local.date() - timedelta(days=1)


def at(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """When the clocks of the zone show a time of day; a time before 04:00 is of the night after.

    One that they show twice is the first of the two, and one that they skip is when they skip it:
    every day has each of its times once.
    """
    date_of = day if wall >= DAY_STARTS else day + timedelta(days=1)
    naive = datetime.combine(date_of, wall)
    first = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == naive:
        return first
    # Skipped: with the offset of after the gap it lies before it, by as much as is skipped.
    before = naive.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _change_between(before, first, zone)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which the zone's offset changes, to the second, between two that differ."""
    offset = before.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        same = datetime.fromtimestamp(middle, UTC).astimezone(zone).utcoffset() == offset
        low, high = (middle, high) if same else (low, middle)
    return datetime.fromtimestamp(high, UTC)
