"""What a condition means: the tree as one callable, so that judging walks no tree."""

from collections.abc import Callable
from itertools import pairwise
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
from diary.rules.trace import (
    Answer,
    earlier,
    in_treatment,
    off_median,
    row,
    row_in_treatment,
    run_below,
)
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
                answer - before.value >= by for before in earlier(history, measure, hours)
            )
        case Falls(_, by, hours):
            return lambda answer, history: any(
                before.value - answer >= by for before in earlier(history, measure, hours)
            )
        case RisesInARow(_, times, hours):
            return lambda answer, history: _is_rising(
                answer, row(history, measure, times, hours), times
            )
        case Emerges(_, value, days, entries):
            return lambda answer, history: (
                answer >= value
                and len(run := run_below(history, measure, value, days)) >= entries
                and run[-1].hours >= 24 * days
            )
        case BelowMedian() | AboveMedian():
            return lambda answer, history: off_median(condition, answer, history) is not None
        case WasAtLeast(_, value, days):
            return lambda _, history: any(
                before.value >= value for before in earlier(history, measure, 24 * days)
            )
        case WasAtMost(_, value, days):
            return lambda _, history: any(
                before.value <= value for before in earlier(history, measure, 24 * days)
            )
        case WasImproved(_, percent, days):
            return lambda _, history: (
                (base := history.baselines.get(measure, 0)) > 0
                and any(
                    is_improved(before.value, base, percent)
                    for before in in_treatment(history, measure, 24 * days)
                )
            )
        case ImprovedLessThan(_, percent, count):
            return lambda answer, history: _each(
                history, measure, answer, count, lambda v, base: not is_improved(v, base, percent)
            )
        case NearBaseline(_, percent, count):
            return lambda answer, history: _each(
                history, measure, answer, count, lambda v, base: v * 100 >= percent * base
            )


def is_improved(value: int, baseline: int, percent: int) -> bool:
    """Whether the value is lower than the baseline by so many percent of it or more."""
    return (baseline - value) * 100 >= percent * baseline


def _each(
    history: History, measure: str, answer: int, count: int, test: Callable[[int, int], bool]
) -> bool:
    base = history.baselines.get(measure, 0)
    begun = history.treated_since
    if base <= 0 or (begun is not None and history.recorded_at <= begun) or not test(answer, base):
        return False
    before = row_in_treatment(history, measure, count - 1)
    return len(before) == count - 1 and all(test(each.value, base) for each in before)


def _is_rising(answer: int, before: list[Answer], times: int) -> bool:
    values = [answer, *(each.value for each in before)]
    return len(before) == times and all(later > former for later, former in pairwise(values))
