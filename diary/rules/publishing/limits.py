"""How much a rule set may take to check, so that nobody's publication keeps a process busy."""

from collections.abc import Iterable
from typing import Final

from diary.rules.conditions import Condition, Traced, nodes
from diary.rules.documents import Fault
from diary.rules.publishing.combinations import Combinations
from diary.rules.ruleset import RuleSetFaults

MAX_WORK: Final = 2_000_000_000
"""Operations on sets, times the combinations in each. One takes up to 1 ns a combination (measured
with up to 34 million of them), so this is about two seconds."""

_OVERHEAD = 5_000
"""What an operation costs however few the combinations are, in combinations."""
_A_THRESHOLD = 5
"""What each threshold of a condition that looks back costs, in operations."""


class Budget:
    """What one check may still take."""

    def __init__(self) -> None:
        self._left = MAX_WORK

    def take(
        self, among: Combinations, conditions: Iterable[Condition], pointer: str, *, steps: int = 0
    ) -> None:
        """Refuses, with RuleSetFaults, conditions and steps between combinations that would take
        more than is left."""
        operations = steps
        for condition in conditions:
            for node in nodes(condition):
                thresholds = among.axes.get(node, ()) if isinstance(node, Traced) else ()
                operations += _A_THRESHOLD * len(thresholds) or 1
        self._left -= (among.total + _OVERHEAD) * operations
        if self._left < 0:
            detail = (
                f"So many thresholds, histories and other conditions are named together that "
                f"{among.total} combinations would have to be tried {operations} times."
            )
            raise RuleSetFaults([Fault(pointer, "too_many_combinations", detail)])
