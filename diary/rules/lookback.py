"""How far a rule set looks back: what must be known of the past to judge by it, and no more, so
that judging costs the same however long a diary is."""

from collections.abc import Mapping
from dataclasses import dataclass

from diary.instruments.measures import group_of
from diary.rules.conditions import (
    AboveMedian,
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
    nodes,
)
from diary.rules.ruleset import RuleSet
from diary.rules.trace import IN_A_ROW_DAYS, SLACK_DAYS

# Two days with the same name can begin so far apart: from UTC+14 to UTC-12.
_ZONES = 26


@dataclass(frozen=True, slots=True)
class LookBack:
    """hours: how many hours before a check-in its entries must reach back, by its group; a group
    that is not named needs none. baselines: the groups whose baselines are asked for."""

    hours: Mapping[str, int]
    baselines: frozenset[str]


def look_back(ruleset: RuleSet) -> LookBack:
    """What judging by the rule set needs to know of the past."""
    hours: dict[str, int] = {}
    baselines: set[str] = set()
    for node in (node for rule in ruleset.rules for node in nodes(rule.when)):
        if isinstance(node, Traced):
            group = group_of(node.measure)
            hours[group] = max(hours.get(group, 0), _hours(node))
            if isinstance(node, WasImproved | ImprovedLessThan | NearBaseline):
                baselines.add(group)
    return LookBack(hours, frozenset(baselines))


def _hours(condition: Traced) -> int:
    match condition:
        case Rises() | Falls() | RisesInARow():
            return condition.within_hours
        case Emerges():
            return 24 * (condition.after_days + SLACK_DAYS)
        case BelowMedian() | AboveMedian():
            return 24 * (condition.running + condition.days) + _ZONES
        case WasAtLeast() | WasAtMost() | WasImproved():
            return 24 * condition.within_days
        case ImprovedLessThan() | NearBaseline():
            # A single answer is this check-in's own.
            return 24 * IN_A_ROW_DAYS if condition.in_a_row > 1 else 0
