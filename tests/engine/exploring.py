"""Let the machine of `model` run, each time in a database of its own."""

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import ModuleType

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from diary.alerts import decide
from tests.engine.model import Interlude

SMALL = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    database=None,
    # Not shrunk: that takes minutes, and what was tried is printed step by step.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def explore(
    new_database: Callable[[int], str], how: settings = SMALL, rules: ModuleType = decide
) -> None:
    """Raise what the machine found. rules: what decides."""
    numbers = count(1)

    class OnItsOwn(Interlude):
        def __init__(self) -> None:
            super().__init__(new_database(next(numbers)), rules)

    run_state_machine_as_test(OnItsOwn, settings=how)


def copies(template: Path, folder: Path) -> Callable[[int], str]:
    """A fresh copy of a SQLite database for each number."""

    def copy(number: int) -> str:
        shutil.copyfile(template, folder / f"{number}.db")
        return f"sqlite:///{folder / f'{number}.db'}"

    return copy
