"""How long a rule set waits after a word of the patient before it asks about the silence."""

from collections.abc import Iterable

from diary.rules.conditions import Silent, nodes
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
