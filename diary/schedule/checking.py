"""What is wrong with a plan, before it is put in force. Pure."""

from collections.abc import Iterator
from datetime import time, timedelta
from itertools import combinations

from diary.errors import FieldFault
from diary.schedule.days import DAY_STARTS
from diary.schedule.plan import SHORTEST, AfterInfusion, Daily, Item, Plan, Weekly

_DAY = 24 * 60
_WEEK_HOURS = 7 * 24
# Two infusions of a series lie two days apart or more.
_SERIES_HOURS = 48


def faults_of(plan: Plan) -> list[FieldFault]:
    """Items of one name, windows that end before they begin, and two that ask for one instrument
    at the same time, so that an answer would be of both."""
    return [*_names(plan), *_ends(plan), *_overlaps(plan)]


def hours_between(plan: Plan, item: Item) -> int:
    """How many hours lie at least between two windows of an item's instrument."""
    alike = [each for each in plan.items if each.instrument == item.instrument]
    if any(isinstance(each, Daily) for each in alike):
        return 24 // len(alike)
    if len(alike) > 1 or isinstance(item, AfterInfusion):
        return _SERIES_HOURS // len(alike)
    return _WEEK_HOURS


def _names(plan: Plan) -> Iterator[FieldFault]:
    seen = set()
    for number, item in enumerate(plan.items):
        if item.id in seen:
            yield FieldFault(f"/items/{number}/id", "duplicate", "another item has this id")
        seen.add(item.id)


def _ends(plan: Plan) -> Iterator[FieldFault]:
    least = SHORTEST // timedelta(minutes=1)
    for number, item in enumerate(plan.items):
        if isinstance(item, Daily | Weekly) and _close(item) - _open(item) < least:
            message = "must be an hour after `opens` or more; a day ends at 04:00"
            yield FieldFault(f"/items/{number}/closes", "too_early", message)
        if isinstance(item, Daily) and item.days is not None and item.days[0] > item.days[1]:
            message = "the first of the days must not lie after the last"
            yield FieldFault(f"/items/{number}/days", "order", message)


def _overlaps(plan: Plan) -> Iterator[FieldFault]:
    for (one, first), (other, second) in combinations(enumerate(plan.items), 2):
        if first.instrument == second.instrument and _meet(first, second):
            message = f"may be open while item {one} asks for the same instrument"
            yield FieldFault(f"/items/{other}", "overlap", message)


def _meet(first: Item, second: Item) -> bool:
    if isinstance(first, AfterInfusion) and isinstance(second, AfterInfusion):
        begins = max(first.hours, second.hours)
        ends = min(each.hours + each.open_hours for each in (first, second))
        return begins < ends
    if isinstance(first, AfterInfusion) or isinstance(second, AfterInfusion):
        return True
    if isinstance(first, Weekly) and isinstance(second, Weekly) and first.weekday != second.weekday:
        return False
    # Whatever days after an infusion they are for: of two infusions each may be about another.
    return _open(first) < _close(second) and _open(second) < _close(first)


def _open(item: Daily | Weekly) -> int:
    return _minutes(item.opens)


def _close(item: Daily | Weekly) -> int:
    return _minutes(item.closes) or _DAY


def _minutes(wall: time) -> int:
    """Since the diary's day began."""
    return (wall.hour * 60 + wall.minute - DAY_STARTS.hour * 60) % _DAY
