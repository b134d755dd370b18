"""Whatever happens in whatever order, what must always hold for alerts holds: see `model`."""

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.engine.model import Interlude
from tests.postgresql import Server

SMALL = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    database=None,
    # Not shrunk: that takes minutes, and what was tried is printed step by step.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def explore(new_database: Callable[[int], str]) -> None:
    numbers = count(1)

    class OnItsOwn(Interlude):
        def __init__(self) -> None:
            super().__init__(new_database(next(numbers)))

    run_state_machine_as_test(OnItsOwn, settings=SMALL)


def test_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    def copy(number: int) -> str:
        shutil.copyfile(sqlite_template, tmp_path / f"{number}.db")
        return f"sqlite:///{tmp_path / f'{number}.db'}"

    explore(copy)


@pytest.mark.postgresql
def test_on_postgresql(postgresql_server: Server) -> None:
    def create(number: int) -> str:
        return postgresql_server.create_database(f"m_{number}", template="template_interlude")

    explore(create)
