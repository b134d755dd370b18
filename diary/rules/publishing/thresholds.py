"""What looks back, seen from the answer of now: for one given history it holds from one value on.

`Falls` and `BelowMedian` hold up to a value instead. `Was…` needs an answer and no more, so it
holds from the lowest value on. Where the history gives no such value, it never holds.
"""

from collections.abc import Callable

from diary.instruments.measures import MEASURES, Scale
from diary.rules.conditions import (
    AboveMedian,
    AtLeast,
    AtMost,
    BelowMedian,
    Emerges,
    Falls,
    ImprovedLessThan,
    NearBaseline,
    Rises,
    RisesInARow,
    Traced,
    WasAtLeast,
    WasAtMost,
    WasImproved,
)


def at_threshold(condition: Traced, threshold: int) -> AtLeast | AtMost:
    """What it amounts to for a history that gives it this threshold."""
    if isinstance(condition, Falls | BelowMedian):
        return AtMost(condition.measure, threshold)
    return AtLeast(condition.measure, threshold)


def thresholds(condition: Traced) -> tuple[int, ...]:
    """The values that some history makes its threshold, the one with the fewest answers first.

    None at all where no history can make it hold.
    """
    scale = MEASURES[condition.measure]
    assert isinstance(scale, Scale)
    low, high = scale.low, scale.high
    match condition:
        case Rises(_, by) | RisesInARow(_, by):
            return tuple(range(high, low + by - 1, -1))
        case Falls(_, by):
            return tuple(range(low, high - by + 1))
        case Emerges(_, value):
            return (value,) if value > low else ()
        # The day's earlier answers may be far enough from the median already.
        case AboveMedian(_, by):
            return (*range(high, low + by - 1, -1), low)
        case BelowMedian(_, by):
            return (*range(low, high - by + 1), high)
        case WasAtLeast() | WasAtMost() | WasImproved():
            return (low,)
        case ImprovedLessThan(_, percent):
            return _of_baselines(scale, lambda v, base: (base - v) * 100 < percent * base)
        case NearBaseline(_, percent):
            return _of_baselines(scale, lambda v, base: v * 100 >= percent * base)


def _of_baselines(scale: Scale, test: Callable[[int, int], bool]) -> tuple[int, ...]:
    values = range(scale.low, scale.high + 1)
    found = {next(v for v in values if test(v, base)) for base in values if base > 0}
    return tuple(sorted(found, reverse=True))
