"""Engines apart on one PostgreSQL: one is killed, another goes on with what it had in its hands."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select

from diary.callers import OPERATOR
from diary.checkins import help
from diary.clock import SystemClock
from diary.house import open_house
from diary.settings import Settings
from diary.webhooks.model import attempts, deliveries
from diary.work import House
from tests.cast import Cast
from tests.chaos.test_kill import environment
from tests.receiver import Receiver

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgresql,
    pytest.mark.parametrize("kept", ["postgresql"], indirect=True),
]
SOON = 60
# A lease lasts 15 s: what comes sooner did not wait for its end.
WELL_WITHIN_THE_LEASE = 9


class EngineProcess:
    """`python -m engine`, and what it logs."""

    def __init__(self, settings: Settings) -> None:
        self._events: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine"],
            env=environment(settings),
            cwd=Path(__file__).parents[2],
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @classmethod
    @contextmanager
    def start(cls, settings: Settings) -> Iterator[Self]:
        """An engine that listens; killed when the block ends."""
        engine = cls(settings)
        try:
            assert engine.says("listener.listening")["locked"]
            yield engine
        finally:
            engine.kill()

    @property
    def id(self) -> UUID:
        """The engine's id, which its leases carry."""
        return UUID(self.says("engine.started")["engine_id"])

    def says(self, event: str) -> dict[str, Any]:
        """Wait for an event in its log."""

        def found() -> dict[str, Any] | None:
            return next((each for each in self._events if each.get("event") == event), None)

        with self._changed:
            assert self._changed.wait_for(found, SOON), self._events
            said = found()
        assert said
        return said

    def kill(self) -> None:
        """As `kill -9` does."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(SOON)
        self._reader.join(SOON)
        assert self._process.stderr
        self._process.stderr.close()

    def _read(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            with self._changed:
                self._events.append(orjson.loads(line) if line.startswith("{") else {"line": line})
                self._changed.notify_all()


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    """The house as a process opens it: in real time, with wake-ups that reach the engines."""
    house = replace(open_house(settings), clock=SystemClock())
    yield house
    house.database.close()


@pytest.fixture
def cast(house: House, receiver: Receiver) -> Cast:
    return Cast(house, receiver=receiver)


def leased_by(house: House) -> list[UUID | None]:
    with house.work(OPERATOR, write=False) as work:
        rows = work.rows(select(deliveries.c.leased_by).where(deliveries.c.state == "leased"))
    return [row.leased_by for row in rows]


def ask_for_help(house: House, cast: Cast) -> None:
    with house.work(cast.alice.caller) as work:
        help.ask_for_help(work)


def test_a_peer_sends_what_a_killed_engine_had_claimed(
    house: House, cast: Cast, receiver: Receiver, settings: Settings
) -> None:
    receiver.behave("hang", "team")
    with EngineProcess.start(settings) as one, EngineProcess.start(settings) as other:
        ask_for_help(house, cast)
        receiver.expect("alert.triggered", "team", timeout=SOON)
        (holder,) = leased_by(house)
        doomed, peer = (one, other) if holder == one.id else (other, one)
        assert holder == doomed.id
        doomed.kill()
        receiver.behave("ok", "team")
        receiver.expect("alert.triggered", "team", count=2, timeout=WELL_WITHIN_THE_LEASE)
        assert peer.says("leases.reclaimed")["count"] == 1
        assert peer.says("delivery.attempted")["delivered"]

    first, second = receiver.received("team")
    assert (first.id, first.body) == (second.id, second.body)
    assert first.verified
    assert second.verified
    with house.work(OPERATOR, write=False) as work:
        (attempt,) = work.rows(select(attempts))
    assert attempt.status == 204, "the killed engine settled nothing"
