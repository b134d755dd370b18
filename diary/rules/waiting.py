"""What a rule set waits for: hours of silence after a word of risk, and days that were missed."""

from collections.abc import Iterable

from diary.rules.conditions import Missed, Silent, nodes
from diary.rules.ruleset import RuleSet
from diary.severity import Severity

Waits = tuple[tuple[Severity, int], ...]
"""From which severity on a rule waits, and how many hours."""


def waits(ruleset: RuleSet) -> Waits:
    """Every wait that some rule of the set names."""
    leaves = (node for rule in ruleset.rules for node in nodes(rule.when))
    return tuple(
        (Severity.of(leaf.after), leaf.hours) for leaf in leaves if isinstance(leaf, Silent)
    )


def next_hours(
    waits: Iterable[tuple[Severity, int]], prior: Severity, *, judged: int
) -> int | None:
    """The next hour of a silence at which the rules are asked: the least that waits after a word
    this grave and was not judged yet. None where there is none. judged: up to which hour it was.
    """
    return min(
        (hours for after, hours in waits if prior >= after and hours > judged),
        default=None,
    )


def counts(ruleset: RuleSet) -> tuple[RuleSet, frozenset[int]]:
    """The rules that ask how many days were missed, and all the numbers that they ask for."""
    asked = {
        rule: [node.at_least for node in nodes(rule.when) if isinstance(node, Missed)]
        for rule in ruleset.rules
    }
    counting = RuleSet(tuple(rule for rule, numbers in asked.items() if numbers))
    return counting, frozenset(number for numbers in asked.values() for number in numbers)
