"""Judging every combination at once: what `evaluation` and `ruleset.judge` do for one check-in,
with sets of combinations in the place of true and false.

Conditions that look back, at infusions or at the note are axes of their own.
"""

from collections.abc import Iterable
from functools import partial, reduce
from operator import and_, eq, or_
from typing import TypeAlias

from diary.rules.conditions import (
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Condition,
    Declined,
    HadNoRisk,
    Is,
    Missed,
    Not,
    NotAnswered,
    Silent,
    Traced,
    Unreadable,
)
from diary.rules.facts import DECLINED, UNREADABLE
from diary.rules.publishing.combinations import MISSED, PRIOR, SILENT_HOURS, Combinations, Key
from diary.rules.publishing.thresholds import at_threshold
from diary.rules.ruleset import Prior, Raised, Rule
from diary.severity import Severity

Levels: TypeAlias = dict[Severity, int]
"""For each severity the combinations found at least as grave."""


def holding(condition: Condition, among: Combinations) -> int:
    """The combinations of which the condition is true."""
    match condition:
        case AtLeast(measure, value):
            return at_least(among, measure, value)
        case AtMost(measure, value):
            return among.where(measure, lambda state: isinstance(state, int) and state <= value)
        case Is(measure, choice):
            return among.where(measure, partial(eq, choice))
        case Declined(measure):
            return among.where(measure, partial(eq, DECLINED))
        case NotAnswered(measure):
            if among.of_silence:
                return 0
            if measure not in among.axes:
                return among.everything
            return among.where(measure, partial(eq, None))
        case Unreadable():
            return unreadable(among)
        case Not(of):
            return among.everything ^ holding(of, among)
        case All(parts):
            return reduce(and_, (holding(part, among) for part in parts), among.everything)
        case AnyOf(parts):
            return reduce(or_, (holding(part, among) for part in parts), 0)
        case Silent(after, hours):
            floor = Severity.of(after)
            return at_least(among, SILENT_HOURS, hours) & at_least(among, PRIOR, floor)
        case Missed(count):
            return at_least(among, MISSED, count)
        case HadNoRisk():
            return among.where(PRIOR, partial(eq, None))
    if isinstance(condition, Traced):
        return _traced(condition, among)
    return at_least(among, condition, 1)


def at_least(among: Combinations, axis: Key, least: int) -> int:
    """Those in which the axis is in a state that is a number so high or higher."""
    return among.where(axis, lambda state: isinstance(state, int) and state >= least)


def unreadable(among: Combinations) -> int:
    """Those in which any item cannot be read."""
    each = (among.where(axis, partial(eq, UNREADABLE)) for axis in among.axes)
    return reduce(or_, each, 0)


def judged(rules: Iterable[Rule], among: Combinations) -> Levels:
    """How grave each combination is found by the rules, and by the product where an answer cannot
    be read; as `ruleset.judge` finds it."""
    found: Levels = dict.fromkeys(Severity, 0)
    raisable: Levels = dict.fromkeys(Severity, 0)
    raising: list[tuple[Raised, int]] = []
    for rule in rules:
        fired = holding(rule.when, among)
        if isinstance(rule.severity, Raised):
            raising.append((rule.severity, fired))
            continue
        _add(found, rule.severity, fired, among)
        if rule.suicidality and not rule.looks_back:
            _add(raisable, rule.severity, fired, among)
    for severity, fired in raising:
        for level in Severity:
            least = level <= severity.at_least
            found[level] |= fired if least else fired & raisable[Severity(level - 1)]
    _add(found, Prior(Severity.HIGH), unreadable(among), among)
    return found


def _add(levels: Levels, severity: Severity | Prior, fired: int, among: Combinations) -> None:
    least = severity.at_least if isinstance(severity, Prior) else severity
    for level in Severity:
        if level <= least:
            levels[level] |= fired
        elif isinstance(severity, Prior):
            levels[level] |= fired & at_least(among, PRIOR, level)


def _traced(condition: Traced, among: Combinations) -> int:
    held = 0
    for threshold in among.axes.get(condition, ()):
        if isinstance(threshold, int):
            reached = holding(at_threshold(condition, threshold), among)
            held |= reached & among.where(condition, partial(eq, threshold))
    return held
