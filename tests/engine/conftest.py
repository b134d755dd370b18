"""Time for the tests of the engine, and audit trails."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from diary.__main__ import cli
from diary.work import House
from engine.loop import Engine
from tests.clock import SimulatedClock
from tests.conftest import MASTER_KEY
from tests.engine.silences import After, judge_due, of_silence
from tests.engine.steps import Wait
from tests.trail import Trail, Verified


@pytest.fixture
def wait(clock: SimulatedClock, engine: Engine) -> Wait:
    """Let time pass, and the engine do what is due then."""

    def wait(**time: float) -> None:
        clock.advance(**time)
        engine.run_until_idle()

    return wait


@pytest.fixture
def trail(house: House, clock: SimulatedClock) -> Trail:
    """Two clinics, each with a few events that are sealed."""
    return Trail(house, clock)


@pytest.fixture
def _environment(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLUDE_DATABASE_URL", house.settings.database_url)
    monkeypatch.setenv("INTERLUDE_MASTER_KEY", MASTER_KEY)
    monkeypatch.setenv("INTERLUDE_PUBLIC_URL", "https://diary.example")


@pytest.fixture
def verified(_environment: None) -> Verified:
    """The command, as the operator types it: its exit code and its lines."""

    def run(*logs: Path) -> tuple[int, list[str]]:
        words = [word for log in logs for word in ("--log", str(log))]
        done = CliRunner().invoke(cli, ["audit", "verify", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done.exit_code, done.output.splitlines()

    return run


@pytest.fixture
def after(house: House, clock: SimulatedClock) -> After:
    """What an engine finds in silences when it looks after so much time."""
    seen: set[Any] = set()

    def after(**time: float) -> list[Any]:
        clock.advance(**time)
        judge_due(house)
        new = [each for each in of_silence(house) if each.id not in seen]
        seen.update(each.id for each in new)
        return new

    return after
