"""The earlier answers of one measure, as conditions look at them and evidence tells of them."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from statistics import fmean, median
from typing import Final, NamedTuple

from diary.rules.conditions import AboveMedian, BelowMedian
from diary.rules.facts import History

SLACK_DAYS: Final = 3
"""How much longer than it must be a run is looked back at: some days are missed, and the answer
that shows the run to be long enough may be as much older."""

IN_A_ROW_DAYS: Final = 180
"""An answer of half a year ago is not the one before this one: a course of treatment and its
relapse lie well within that, and so does the longest sensible gap between two administrations."""

_HOUR = timedelta(hours=1)


class Answer(NamedTuple):
    """An answer, and how many hours before the check-in that is judged it was given."""

    value: int
    hours: float


class Day(NamedTuple):
    """The extreme answer of a day, and the median of the days before it."""

    extreme: int
    median: float


def earlier(history: History, measure: str, hours: int) -> Iterator[Answer]:
    """The answers within so many hours, the newest first."""
    for entry in history.entries:
        ago = (history.recorded_at - entry.recorded_at) / _HOUR
        if ago > hours:
            return
        value = entry.measures.get(measure)
        if isinstance(value, int):
            yield Answer(value, ago)


def in_treatment(history: History, measure: str, hours: int) -> Iterator[Answer]:
    """Those of them since the first infusion began; none where this one itself is of before."""
    begun = history.treated_since
    treated = None if begun is None else (history.recorded_at - begun) / _HOUR
    for answer in earlier(history, measure, hours):
        if treated is not None and answer.hours >= treated:
            return
        yield answer


def row(history: History, measure: str, count: int, hours: int) -> list[Answer]:
    """The last so many answers before this one; fewer where there are not as many."""
    return list(islice(earlier(history, measure, hours), count))


def row_in_treatment(history: History, measure: str, count: int) -> list[Answer]:
    """The last so many answers before this one that were given since the first infusion."""
    return list(islice(in_treatment(history, measure, 24 * IN_A_ROW_DAYS), count))


def run_below(history: History, measure: str, value: int, days: int) -> list[Answer]:
    """The unbroken run of answers below the value, the newest first."""
    run = []
    for answer in earlier(history, measure, 24 * (days + SLACK_DAYS)):
        if answer.value >= value:
            break
        run.append(answer)
    return run


def off_median(
    condition: BelowMedian | AboveMedian, answer: int, history: History
) -> tuple[Day, ...] | None:
    """The running days, today first, where each is so far off; None where one is not."""
    sign = 1 if isinstance(condition, AboveMedian) else -1
    told: dict[int, list[int]] = {0: [answer]}
    for entry in history.entries:
        ago = (history.day - entry.day).days
        value = entry.measures.get(condition.measure)
        if isinstance(value, int) and ago < condition.running + condition.days:
            told.setdefault(ago, []).append(value)
    found = []
    for ago in range(condition.running):
        before = range(ago + 1, ago + 1 + condition.days)
        means = [fmean(told[day]) for day in before if day in told]
        if ago not in told or len(means) < condition.entries:
            return None
        day = Day(max(told[ago], key=lambda value: value * sign), median(means))
        if (day.extreme - day.median) * sign < condition.by:
            return None
        found.append(day)
    return tuple(found)
