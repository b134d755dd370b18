"""Let the machine of `model` run, each time from an empty database."""

from types import ModuleType

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from diary.alerts import decide
from tests.databases import Kept
from tests.engine.model import Interlude

SMALL = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    database=None,
    # Not shrunk: that takes minutes, and what was tried is printed step by step.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def explore(kept: Kept, how: settings = SMALL, rules: ModuleType = decide) -> None:
    """Raise what the machine found. rules: what decides."""

    class Anew(Interlude):
        def __init__(self) -> None:
            kept.empty()
            super().__init__(kept.url, rules)

    run_state_machine_as_test(Anew, settings=how)
