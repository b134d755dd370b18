"""Lines reach whoever asked as they are written, through the server that is deployed."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from bench.server import HOST, serving
from diary.audit import audit_events
from diary.callers import OPERATOR
from diary.clock import SystemClock
from diary.patients.model import patients
from diary.work import House
from tests.cast import Cast
from tests.http.test_rules import document

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("kept", ["sqlite"], indirect=True)]

MANY = 3_000


@pytest.fixture
def clock() -> SystemClock:
    """The machine's own: real processes do not see a test's."""
    return SystemClock()


@pytest.fixture
def people(house: House) -> Cast:
    """The people, and so many patients who send nothing that a run takes a while."""
    cast = Cast(house)
    with house.work(OPERATOR.within(cast.clinic)) as work:
        for number in range(MANY):
            work.add(
                patients,
                clinic_id=cast.clinic,
                id=work.new_id(),
                reference=f"pt_{number}",
                name=b"",
                locale="en",
                time_zone="Europe/Madrid",
                state="active",
                drill=False,
                created_at=work.now,
            )
    return cast


@contextmanager
def asked(port: int, cast: Cast) -> Iterator[HTTPResponse]:
    """A dry run; leaving the block hangs up."""
    connection = HTTPConnection(HOST, port, timeout=60)
    headers = {"Authorization": f"Bearer {cast.dana.token}", "Content-Type": "application/json"}
    body = orjson.dumps({"document": document()})
    connection.request("POST", "/v1/rule-sets/dry-runs", body, headers)
    answer = connection.getresponse()
    try:
        yield answer
    finally:
        answer.close()
        connection.close()


def line(answer: HTTPResponse) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(answer.readline())
    return found


def finished(house: House) -> int:
    """How many runs came to their end."""
    with house.work(OPERATOR, write=False) as work:
        query = select(audit_events.c.id).where(audit_events.c.action == "rule-set.rehearsed")
        return len(work.rows(query))


def test_lines_come_before_the_end(people: Cast, house: House) -> None:
    with serving(house.settings) as port, asked(port, people) as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/x-ndjson")
        # While somebody else writes, no run can leave its trace and end.
        with house.work(OPERATOR.within(people.clinic)):
            assert line(answer) == {"progress": {"patients": 0, "of": MANY + 1}}
            assert line(answer)["progress"]["patients"] > 0
        *_, last = map(orjson.loads, answer)
        assert last["result"]["patients"] == 0
    assert finished(house) == 1


def test_whoever_hangs_up_ends_it(people: Cast, house: House) -> None:
    with serving(house.settings) as port:
        with asked(port, people) as answer:
            assert "progress" in line(answer)
        # As long as the first one goes on there is no second.
        while True:
            with asked(port, people) as answer:
                if answer.status == 503:
                    continue
                *_, last = map(orjson.loads, answer)
                break
    assert last.keys() == {"result"}
    assert finished(house) == 1
