"""What comes together, as axes: one check-in of an instrument, or a check-in that did not come.

Axes are taken as independent of each other: a total of 0 beside an item of 3, a rise within a day
without a rise within a week, an infusion both hours and months ago. That is more than can happen,
so a rule set may be refused for what never does, and none is let pass for what can.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

from diary.instruments.measures import GROUPS, MEASURES, RISKS, Scale
from diary.rules.conditions import (
    Answered,
    AtLeast,
    AtMost,
    Condition,
    DaysAfterInfusion,
    Declined,
    HoursAfterInfusion,
    InfusionNumber,
    Missed,
    NotAnswered,
    Phrase,
    Silent,
    Traced,
    measures_of,
    nodes,
)
from diary.rules.facts import DECLINED, UNREADABLE
from diary.rules.publishing.combinations import MISSED, PRIOR, SILENT_HOURS, Axes, Key, State
from diary.rules.publishing.thresholds import at_threshold, thresholds
from diary.rules.ruleset import Rule
from diary.severity import Severity

Infused: TypeAlias = InfusionNumber | HoursAfterInfusion | DaysAfterInfusion

SILENCE: Final = "silence"
KINDS_OF_FACTS: Final = (*GROUPS, SILENCE)
"""Every group of measures, and the silence, which has none."""


def risks_of(group: str) -> tuple[str, ...]:
    """The measures of the group that tell of suicidality, in the order they are asked."""
    if group == SILENCE:
        return ()
    return tuple(name for name in GROUPS[group] if name in RISKS)


def axes_to_order(group: str, rules: Iterable[Rule]) -> Axes:
    """What the rules are held to an order over: every risk measure of the group and all its
    answers, and what the rules name beside. Left, and never, come first everywhere and the ladder
    is last, so that the first gap found is the plainest."""
    conditions = [node for rule in rules for node in nodes(rule.when)]
    return _axes(group, conditions, risks_of(group), exact=True)


def axes_of(group: str, condition: Condition) -> Axes:
    """What one condition can tell apart in a group. Of what looks back both truths are there for
    every answer that has them, which takes no more than two states."""
    named = set(measures_of(condition))
    risks = tuple(name for name in risks_of(group) if name in named)
    return _axes(group, list(nodes(condition)), risks, exact=False)


def _axes(group: str, conditions: list[Condition], risks: tuple[str, ...], *, exact: bool) -> Axes:
    axes: dict[Key, tuple[State, ...]] = {
        node: (None, 1)
        for node in conditions
        if isinstance(node, Infused) or (isinstance(node, Phrase) and group != SILENCE)
    }
    if group == SILENCE:
        hours = {node.hours for node in conditions if isinstance(node, Silent)}
        missed = {node.at_least for node in conditions if isinstance(node, Missed)}
        axes |= {MISSED: (0, *sorted(missed)), SILENT_HOURS: (0, *sorted(hours))}
        return axes | {PRIOR: (None, *Severity)}
    measures = GROUPS[group]
    named = [node for node in conditions if isinstance(node, Answered | Traced)]
    for name in dict.fromkeys(node.measure for node in named):
        if name in measures and name not in risks:
            axes[name] = (None, *_told_apart(name, conditions))
    for node in named:
        if isinstance(node, Traced) and node.measure in measures:
            possible = thresholds(node)
            each = exact and node.measure in risks
            axes[node] = (None, *(possible if each else possible[-1:]))
    axes[PRIOR] = (None, *Severity)
    for name in sorted(risks, key=lambda name: (name == "si", -risks.index(name))):
        axes[name] = (None, *answers(name), DECLINED, UNREADABLE)
    return axes


def answers(measure: str) -> tuple[int | str, ...]:
    """Everything the measure can be answered with, from harmless to worst."""
    scale = MEASURES[measure]
    if isinstance(scale, Scale):
        return tuple(range(scale.low, scale.high + 1))
    return scale.options


def _told_apart(measure: str, conditions: list[Condition]) -> tuple[State, ...]:
    """The lowest of the answers that no condition tells apart; declined, where one asks for it."""
    declined: set[State] = set()
    firsts: set[State] = set()
    for node in conditions:
        compared = [node]
        if isinstance(node, Traced):
            compared = [at_threshold(node, threshold) for threshold in thresholds(node)[-1:]]
        match compared:
            case [AtLeast(name, value)] if name == measure:
                firsts.add(value)
            case [AtMost(name, value)] if name == measure:
                firsts.add(value + 1)
            case [Declined(name) | NotAnswered(name)] if name == measure:
                declined.add(DECLINED)
    lowest, *others = answers(measure)
    choices = isinstance(lowest, str)
    kept = [answer for answer in others if choices or answer in firsts]
    return (lowest, *kept, *declined)
