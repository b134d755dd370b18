"""Which day of the diary an entry may be about: its own, or the day before until noon.

A mood is remembered for a day and made up after that. An answer on suicidality is taken whatever
day it is about: what cannot stand in the diary is kept apart, and judged all the same.
"""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from diary.checkins.receipt import Draft
from diary.errors import FieldFault
from diary.schedule.days import day_of

_UNTIL: Final = time(12)
_DAY: Final = timedelta(days=1)


def faults(draft: Draft) -> Iterator[FieldFault]:
    """What is wrong with the day that a check-in says it is about."""
    own = _own(draft)
    if draft.day is None or draft.day == own:
        return
    if draft.day > own:
        yield FieldFault("/day", "out_of_range", "must not lie ahead of `recorded_at`")
    elif draft.day < own - _DAY or not _is_before_noon(draft):
        message = "the day of `recorded_at`, or the one before until 12:00; a day begins at 04:00"
        yield FieldFault("/day", "out_of_range", message)


def is_late(draft: Draft) -> bool:
    """Whether it is about the day before."""
    return draft.day is not None and draft.day < _own(draft)


def _own(draft: Draft) -> date:
    return day_of(draft.recorded_at, ZoneInfo(draft.time_zone))


def _is_before_noon(draft: Draft) -> bool:
    local = draft.recorded_at.astimezone(ZoneInfo(draft.time_zone))
    return day_of(local, ZoneInfo(draft.time_zone)) == local.date() and local.time() < _UNTIL
