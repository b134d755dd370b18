"""Every engine is killed: an API process that stands by delivers by itself.

Real processes on PostgreSQL, by the machine's own clock.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from diary.callers import OPERATOR
from diary.clock import SystemClock
from diary.settings import Settings
from diary.watch import engines
from diary.work import House
from tests.cast import Cast
from tests.chaos.test_kill import SOON, Server, environment
from tests.receiver import Receiver

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("kept", ["postgresql"], indirect=True),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def house(house: House) -> House:
    """The house in the time of the processes that serve it."""
    return replace(house, clock=SystemClock())


@pytest.fixture
def cast(house: House, receiver: Receiver) -> Cast:
    return Cast(house, receiver=receiver)


@contextmanager
def engine_process(settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "engine"],
        cwd=ROOT,
        env=environment(settings),
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(SOON)


def until_one_lives(house: House, *, other_than: UUID | None = None) -> UUID:
    """The first engine that is seen to work."""
    for _ in range(SOON * 20):
        with house.work(OPERATOR, write=False) as work:
            seen: list[UUID] = [row.id for row in engines.living(work)]
        if seen and seen[0] != other_than:
            return seen[0]
        time.sleep(0.05)
    raise AssertionError("no engine lives")


def took_over(server: Server) -> bool:
    return any("standby.took-over" in line for line in server.lines)


def test_a_page_arrives_although_every_engine_was_killed(
    house: House, cast: Cast, receiver: Receiver, settings: Settings
) -> None:
    body = cast.alice.check_in_body(si=4)
    with engine_process(settings) as engine:
        apart = until_one_lives(house)
        with Server.start(settings, INTERLUDE_ENGINE="standby") as server:
            calm = cast.alice.check_in_body()
            assert server.put(f"/v1/check-ins/{uuid4()}", cast.alice.token, calm) == 201
            assert not took_over(server)

            engine.kill()
            engine.wait(SOON)
            path = f"/v1/check-ins/{uuid4()}"
            assert server.put(path, cast.alice.token, body) == 201
            receiver.expect("alert.triggered", "team", timeout=30)
            assert took_over(server)
            until_one_lives(house, other_than=apart)


def test_an_engine_apart_is_given_its_place_back(
    house: House, cast: Cast, receiver: Receiver, settings: Settings
) -> None:
    with Server.start(settings, INTERLUDE_ENGINE="standby") as server:
        standing_in = until_one_lives(house)
        with engine_process(settings):
            apart = until_one_lives(house, other_than=standing_in)
            for _ in range(SOON * 20):
                if any("engine.stopped" in line for line in server.lines):
                    break
                time.sleep(0.05)
            assert any("standby.stepped-back" in line for line in server.lines)
            path, body = f"/v1/check-ins/{uuid4()}", cast.alice.check_in_body(si=4)
            assert server.put(path, cast.alice.token, body) == 201
            receiver.expect("alert.triggered", "team", timeout=30)
            assert until_one_lives(house) == apart
