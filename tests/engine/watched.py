"""Every decision that the diary makes, held against the laws while it is made."""

from datetime import datetime
from types import ModuleType
from typing import Any

import pytest

from diary.alerts import apply, carry, decide, service
from diary.alerts.situation import ALWAYS, SituationChanged
from tests.laws import Case, broken_by


class Watched:
    """`decide` in the places where it is called. broken: the laws that a decision has broken.

    rules: `decide` itself, or one with a mistake in it.
    """

    def __init__(self, rules: ModuleType = decide) -> None:
        self.rules = rules
        self.broken: list[str] = []
        self._patch = pytest.MonkeyPatch()
        for caller in (apply, carry, service):
            self._patch.setattr(caller, "decide", self._decide)

    def close(self) -> None:
        """Leave the diary as it was."""
        self._patch.undo()

    def _decide(
        self, state: Any, event: Any, now: datetime, policy: Any, hours: Any = ALWAYS
    ) -> Any:
        try:
            after, effects = self.rules.decide(state, event, now, policy, hours)
        except SituationChanged:
            self._look(Case(state, event, now, policy, hours, None, ()))
            raise
        self._look(Case(state, event, now, policy, hours, after, effects))
        return after, effects

    def _look(self, case: Case) -> None:
        if case.before is not None and case.before.is_open:
            self.broken += broken_by(case)
