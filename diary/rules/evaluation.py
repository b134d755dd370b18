"""What a condition means: the tree as one callable, so that judging walks no tree."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from statistics import fmean, median
from typing import TypeAlias

from diary.rules.conditions import (
    AboveMedian,
    All,
    AnyOf,
    AtLeast,
    AtMost,
    BelowMedian,
    Condition,
    DaysAfterInfusion,
    Declined,
    Emerges,
    Falls,
    HadNoRisk,
    HoursAfterInfusion,
    ImprovedLessThan,
    InfusionNumber,
    Is,
    Missed,
    NearBaseline,
    Not,
    NotAnswered,
    Phrase,
    Rises,
    RisesInARow,
    Silent,
    Traced,
    Unreadable,
    WasAtLeast,
    WasAtMost,
    WasImproved,
)
from diary.rules.facts import Facts, History
from diary.severity import Severity

Test: TypeAlias = Callable[[Facts], bool]


def compiled(condition: Condition) -> Test:
    """The condition as one callable."""
    match condition:
        case AtLeast(measure, value):
            return lambda facts: (
                isinstance(answer := facts.measures.get(measure), int) and answer >= value
            )
        case AtMost(measure, value):
            return lambda facts: (
                isinstance(answer := facts.measures.get(measure), int) and answer <= value
            )
        case Is(measure, choice):
            return lambda facts: facts.measures.get(measure) == choice
        case Declined(measure):
            return lambda facts: measure in facts.declined
        case NotAnswered(measure):
            return lambda facts: facts.silence is None and facts.state(measure) is None
        case Unreadable():
            return lambda facts: bool(facts.unreadable)
        case Not(of):
            inner = compiled(of)
            return lambda facts: not inner(facts)
        case All(parts):
            return _until([compiled(part) for part in parts], stop_at=False)
        case AnyOf(parts):
            return _until([compiled(part) for part in parts], stop_at=True)
        case InfusionNumber(first, last):
            return lambda facts: (
                facts.infusion is not None and first <= facts.infusion.number <= last
            )
        case DaysAfterInfusion(first, last):
            return lambda facts: facts.infusion is not None and first <= facts.infusion.days <= last
        case HoursAfterInfusion(more_than):
            return lambda facts: facts.infusion is not None and facts.infusion.hours > more_than
        case Silent(after, hours):
            floor = Severity.of(after)
            return lambda facts: (
                facts.silence is not None
                and facts.silence.hours >= hours
                and (facts.prior or 0) >= floor
            )
        case Missed(at_least):
            return lambda facts: facts.silence is not None and facts.silence.missed >= at_least
        case HadNoRisk():
            return lambda facts: facts.prior is None
        case Phrase():
            return lambda facts: bool(facts.phrases)
        case _:
            return _traced(condition)


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether the condition is true of the facts."""
    return compiled(condition)(facts)


def _until(tests: list[Test], stop_at: bool) -> Test:
    def test(facts: Facts) -> bool:
        for part in tests:
            if part(facts) is stop_at:
                return stop_at
        return not stop_at

    return test


def _traced(condition: Traced) -> Test:
    test, measure = _over(condition), condition.measure

    def holds(facts: Facts) -> bool:
        answer = facts.measures.get(measure)
        return facts.history is not None and isinstance(answer, int) and test(answer, facts.history)

    return holds


def _over(condition: Traced) -> Callable[[int, History], bool]:
    """Whether it holds of an answer and what came before it."""
    measure = condition.measure
    match condition:
        case Rises(_, by, hours):
            return lambda answer, history: any(
                answer - value >= by for value in _within(history, measure, hours=hours)
            )
        case Falls(_, by, hours):
            return lambda answer, history: any(
                value - answer >= by for value in _within(history, measure, hours=hours)
            )
        case RisesInARow(_, times, hours):
            return lambda answer, history: _rising(
                answer, list(_within(history, measure, hours=hours))[:times], times
            )
        case Emerges(_, value, days, entries):
            return lambda answer, history: (
                answer >= value and _was_below(history, measure, value, days, entries)
            )
        case BelowMedian():
            return lambda answer, history: _off_median(condition, answer, history, sign=-1)
        case AboveMedian():
            return lambda answer, history: _off_median(condition, answer, history, sign=1)
        case WasAtLeast(_, value, days):
            return lambda _, history: any(
                each >= value for each in _within(history, measure, hours=24 * days)
            )
        case WasAtMost(_, value, days):
            return lambda _, history: any(
                each <= value for each in _within(history, measure, hours=24 * days)
            )
        case _:
            return _against_baseline(condition)


def _against_baseline(
    condition: WasImproved | ImprovedLessThan | NearBaseline,
) -> Callable[[int, History], bool]:
    measure, percent = condition.measure, condition.percent
    match condition:
        case WasImproved(_, _, days):

            def was(_: int, history: History) -> bool:
                base = history.baselines.get(measure, 0)
                earlier = _within(history, measure, hours=24 * days)
                return base > 0 and any((base - each) * 100 >= percent * base for each in earlier)

            return was
        case ImprovedLessThan(_, _, in_a_row):
            return lambda answer, history: _each(
                history, measure, answer, in_a_row, lambda v, b: (b - v) * 100 < percent * b
            )
        case NearBaseline(_, _, in_a_row):
            return lambda answer, history: _each(
                history, measure, answer, in_a_row, lambda v, b: v * 100 >= percent * b
            )


def _each(
    history: History, measure: str, answer: int, count: int, test: Callable[[int, int], bool]
) -> bool:
    base = history.baselines.get(measure, 0)
    values = [answer, *_within(history, measure)][:count]
    return base > 0 and len(values) == count and all(test(value, base) for value in values)


def _within(history: History, measure: str, *, hours: int | None = None) -> Iterator[int]:
    """The earlier answers, the newest first."""
    for entry in history.entries:
        if hours is not None and history.recorded_at - entry.recorded_at > timedelta(hours=hours):
            return
        value = entry.measures.get(measure)
        if isinstance(value, int):
            yield value


def _rising(answer: int, earlier: list[int], times: int) -> bool:
    values = [answer, *earlier]
    return len(earlier) == times and all(later > before for later, before in pairwise(values))


def _was_below(history: History, measure: str, value: int, days: int, entries: int) -> bool:
    count, first = 0, history.recorded_at
    for entry in history.entries:
        answer = entry.measures.get(measure)
        if isinstance(answer, int):
            if answer >= value:
                break
            count, first = count + 1, entry.recorded_at
    return count >= entries and history.recorded_at - first >= timedelta(days=days)


def _off_median(
    condition: BelowMedian | AboveMedian, answer: int, history: History, *, sign: int
) -> bool:
    told: dict[int, list[int]] = {0: [answer]}
    for entry in history.entries:
        value = entry.measures.get(condition.measure)
        if isinstance(value, int):
            told.setdefault((history.day - entry.day).days, []).append(value)
    for ago in range(condition.running):
        before = range(ago + 1, ago + 1 + condition.days)
        means = [fmean(told[day]) for day in before if day in told]
        if ago not in told or len(means) < condition.entries:
            return False
        extreme = max(value * sign for value in told[ago])
        if extreme - median(means) * sign < condition.by:
            return False
    return True
