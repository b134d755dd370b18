"""The served application watches itself: its canary arrives, and a watchdog elsewhere hears of it.

Real processes, by the machine's own clock.
"""

import http.client
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from diary.callers import OPERATOR
from diary.clock import SystemClock
from diary.settings import Settings
from diary.watch import canary
from diary.watch.model import marks
from diary.work import House
from tests.cast import Cast
from tests.chaos.test_kill import HOST, SOON, Server
from tests.receiver import Receiver

pytestmark = pytest.mark.slow
TOKEN = "sixteen letters or more"


@pytest.fixture
def house(house: House) -> House:
    """The house in the time of the processes that serve it; its last canary was a while ago."""
    ours = replace(house, clock=SystemClock())
    with ours.work(OPERATOR) as work:
        for name in (canary.SENT, canary.ARRIVED):
            work.add(marks, name=name, at=work.now - timedelta(minutes=10))
    return ours


def get(server: Server, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, server.port, timeout=SOON)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_canary_arrives_and_the_watchdog_hears_of_it(
    house: House, receiver: Receiver, settings: Settings
) -> None:
    cast = Cast(house, receiver=receiver)
    watchdog = receiver.endpoint("watchdog").url
    more = {"INTERLUDE_HEARTBEAT_URL": watchdog, "INTERLUDE_METRICS_TOKEN": TOKEN}
    with Server.start(settings, **more) as server:
        body = cast.alice.check_in_body()
        assert server.put("/v1/check-ins/" + str(house.new_id()), cast.alice.token, body) == 201
        for _ in range(SOON * 20):
            if receiver.received("watchdog"):
                break
            time.sleep(0.05)
        status, said = get(server, "/health/escalation")
        assert (status, orjson.loads(said)) == (200, {"status": "ok", "warnings": []})
        status, said = get(server, "/metrics", {"Authorization": f"Bearer {TOKEN}"})
        assert status == 200
        assert b"interlude_engines_alive 1.0" in said
        server.kill()
    assert len(receiver.received("watchdog")) == 1
    receiver.expect_none(name="team")
