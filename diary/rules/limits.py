"""How much a rule set may take to check, so that nobody's publication keeps a process busy."""

from collections.abc import Iterable
from typing import Final

from diary.rules.combinations import Combinations
from diary.rules.conditions import Condition, Traced, nodes
from diary.rules.documents import Fault
from diary.rules.ruleset import RuleSetFaults

MAX_WORK: Final = 2_000_000_000
"""Combinations times operations on all of them at once."""

_OVERHEAD = 2_000
"""What an operation costs however few they are, in combinations."""


def limit(
    among: Combinations, conditions: Iterable[Condition], pointer: str, *, steps: int = 0
) -> None:
    """Refuses, with RuleSetFaults, what would take too long: so many combinations that the
    conditions and the steps between them, tried on each, come to more than `MAX_WORK`."""
    operations = steps + sum(
        len(among.axes.get(node, ())) if isinstance(node, Traced) else 1
        for condition in conditions
        for node in nodes(condition)
    )
    work = (among.total + _OVERHEAD) * operations
    if work > MAX_WORK:
        most = MAX_WORK // operations - _OVERHEAD
        detail = (
            f"So many thresholds, histories and other conditions are named that {among.total} "
            f"combinations would have to be tried; at most {max(most, 0)} can be, with so many "
            f"conditions."
        )
        raise RuleSetFaults([Fault(pointer, "too_many_combinations", detail)])
