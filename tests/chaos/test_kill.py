"""`kill -9` between a check-in's commit and the end of its page: the alert arrives all the same.

Real processes: granian serves the application with its engine inside, by the machine's own clock.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import select

from diary.callers import ANONYMOUS
from diary.clock import SystemClock
from diary.settings import PREFIX, Settings
from diary.webhooks.model import messages
from diary.webhooks.signing import message_name
from diary.work import House
from tests.cast import Cast
from tests.receiver import Receiver

pytestmark = pytest.mark.slow

HOST = "127.0.0.1"
# A machine may be busy; nothing here waits that long when all is well.
SOON = 60


class Server:
    """A granian of our own, and what it says."""

    def __init__(self, app: str, port: int, environment: dict[str, str]) -> None:
        self.port = port
        self.lines: list[str] = []
        self._ended = threading.Event()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", app, "--interface", "wsgi"),
                *("--host", HOST, "--port", str(port), "--workers", "1"),
            ],
            env=environment,
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @classmethod
    @contextmanager
    def start(cls, settings: Settings, app: str = "wsgi:app", **more: str) -> Iterator[Self]:
        """Serve while the block lasts; then it is killed too, with all its children."""
        with socket.create_server((HOST, 0)) as free:
            port: int = free.getsockname()[1]
        server = cls(app, port, environment(settings) | more)
        try:
            yield server
        finally:
            server.kill()

    def put(self, path: str, token: str, body: object) -> int | None:
        """The status; None where the process died before it answered."""
        self.until_it_listens()
        connection = http.client.HTTPConnection(HOST, self.port, timeout=SOON)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            connection.request("PUT", path, orjson.dumps(body), headers)
            return connection.getresponse().status
        except (ConnectionError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def ends(self) -> str:
        """Wait for its end; what it said."""
        assert self._process.wait(SOON) != 0
        return "".join(self.lines)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(SOON)
        self._reader.join(SOON)
        assert self._process.stdout
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.lines.append(line)
        self._ended.set()

    def until_it_listens(self) -> None:
        """It says so before it does: only a connection tells."""
        for _ in range(SOON * 20):
            with suppress(ConnectionRefusedError), socket.create_connection((HOST, self.port)):
                return
            assert not self._ended.wait(0.05), self.lines
        raise AssertionError(self.lines)


def environment(settings: Settings) -> dict[str, str]:
    given = {
        "DATABASE_URL": settings.database_url,
        "MASTER_KEY": settings.master_key.get_secret_value(),
        "PUBLIC_URL": str(settings.public_url),
        "WEBHOOK_ALLOW_HTTP": "true",
        "WEBHOOK_ALLOWED_NETWORKS": f"{HOST}/32",
    }
    return dict(os.environ) | {PREFIX + name: value for name, value in given.items()}


@pytest.fixture
def house(house: House) -> House:
    """The house in the time of the processes that serve it."""
    return replace(house, clock=SystemClock())


@pytest.fixture
def cast(house: House, receiver: Receiver) -> Cast:
    return Cast(house, receiver=receiver)


def stored_messages(house: House) -> list[Any]:
    with house.work(ANONYMOUS, write=False) as work:
        return list(work.rows(select(messages).where(messages.c.type == "alert.triggered")))


@pytest.mark.parametrize("point", ["committed", "claimed", "sent"])
def test_an_alert_outlives_the_process_that_took_it(
    house: House, cast: Cast, receiver: Receiver, settings: Settings, point: str
) -> None:
    body = cast.alice.check_in_body(si=4)
    with Server.start(settings, "tests.chaos.doomed:app", DOOM=point) as doomed:
        assert doomed.put(f"/v1/check-ins/{uuid4()}", cast.alice.token, body) in (201, None)
        doomed.ends()
    (message,) = stored_messages(house)
    before = receiver.received("team")
    assert len(before) == (point == "sent")

    # On PostgreSQL another engine might still live: what was claimed is free after 15 s.
    with Server.start(settings):
        receiver.expect("alert.triggered", "team", count=len(before) + 1, timeout=30)
    arrived = receiver.received("team")
    assert len(arrived) == len(before) + 1
    assert {(each.id, each.body) for each in arrived} == {(message_name(message.id), message.body)}
    assert all(each.verified for each in arrived)
    assert stored_messages(house) == [message]


def test_the_phone_that_got_no_answer_may_send_it_again(
    house: House, cast: Cast, receiver: Receiver, settings: Settings
) -> None:
    path, body = f"/v1/check-ins/{uuid4()}", cast.alice.check_in_body(si=4)
    with Server.start(settings, "tests.chaos.doomed:app", DOOM="committed") as doomed:
        doomed.put(path, cast.alice.token, body)
        doomed.ends()
    with Server.start(settings) as server:
        assert server.put(path, cast.alice.token, body) in (200, 201)
        receiver.expect("alert.triggered", "team", timeout=30)
    assert len(stored_messages(house)) == 1


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_a_second_process_on_one_sqlite_file_is_refused(cast: Cast, settings: Settings) -> None:
    body = cast.alice.check_in_body()
    with Server.start(settings) as first:
        path = f"/v1/check-ins/{uuid4()}"
        assert first.put(path, cast.alice.token, body) == 201
        with Server.start(settings) as second:
            said = second.ends()
        assert "another process serves this SQLite file" in said
        assert "one process at a time, or PostgreSQL" in said
        assert first.put(path, cast.alice.token, body) in (200, 201)
