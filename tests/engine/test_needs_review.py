"""A person has to look at what could not be taken as it was sent: the care team hears of it."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from diary.callers import OPERATOR
from diary.checkins.model import quarantine
from diary.checkins.review import Verdict, review
from diary.settings import Settings
from diary.work import House
from engine.loop import Engine
from tests.asked import ask_nothing
from tests.cast import Cast
from tests.client import Response
from tests.clock import SimulatedClock
from tests.conftest import settings_for
from tests.engine.steps import heard
from tests.http.test_checkins import at_once
from tests.http.test_erasure import erase
from tests.receiver import Receiver

SOON = 10


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    ledger = {"erasure_ledger": tmp_path / "erasures.jsonl"}
    return settings_for(database_url).model_copy(update=ledger)


def test_every_endpoint_hears_of_the_first_that_waits(
    cast: Cast, receiver: Receiver, engine: Engine
) -> None:
    assert cast.alice.check_in(mood=11).status == 202
    engine.run_until_idle()
    told = receiver.expect("quarantine.needs_review", "team")
    assert told.data.keys() == {"quarantine_id", "patient", "since", "link"}
    assert told.data["patient"] == cast.alice.reference
    assert receiver.expect("quarantine.needs_review", "on-call").data == told.data
    receiver.expect_none(name="elsewhere")
    url = told.data["link"].removeprefix("https://diary.example")
    assert cast.bob.api.get(url).json["id"] == told.data["quarantine_id"]

    # Another one adds nothing while the first waits, and does once it was reviewed.
    assert cast.alice.check_in(mood=12).status == 202
    engine.run_until_idle()
    assert heard(receiver, "team") == ["quarantine.needs_review"]
    for apart in cast.bob.api.get("/v1/quarantine").json["items"]:
        review = f"/v1/patients/{cast.alice.id}/quarantine/{apart['id']}/review"
        assert cast.bob.api.post(review, {"verdict": "unusable"}).status == 201
    assert cast.alice.check_in(mood=13).status == 202
    engine.run_until_idle()
    assert heard(receiver, "team") == ["quarantine.needs_review"] * 2


@pytest.mark.parametrize("kept", ["postgresql"], indirect=True)
def test_what_comes_while_the_last_that_waits_is_reviewed_is_told_of(
    cast: Cast, house: House, receiver: Receiver, engine: Engine
) -> None:
    assert cast.alice.check_in(mood=11).status == 202
    (first,) = cast.bob.api.get("/v1/quarantine").json["items"]
    locks = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    def watch(sent: Future[Response]) -> None:
        with house.work(OPERATOR, write=False) as watching:
            while not (sent.done() or watching.connection.scalar(locks)):
                pass

    with ThreadPoolExecutor(2) as threads:
        with house.work(cast.bob.caller) as work:
            review(work, cast.alice.id, UUID(first["id"]), verdict=Verdict.UNUSABLE, note=None)
            sent = threads.submit(cast.alice.check_in, mood=12)
            threads.submit(watch, sent).result(SOON)
        assert sent.result(SOON).status == 202
    engine.run_until_idle()
    assert heard(receiver, "team") == ["quarantine.needs_review"] * 2


def test_what_nobody_looks_at_is_told_of_again_every_day(
    cast: Cast, house: House, receiver: Receiver, clock: SimulatedClock, engine: Engine
) -> None:
    ask_nothing(house, cast)
    for mood in (11, 12):
        assert cast.alice.check_in(mood=mood).status == 202
    engine.run_until_idle()
    clock.advance(hours=23, minutes=59)
    engine.run_until_idle()
    first = receiver.expect("quarantine.needs_review", "team")
    assert heard(receiver, "team") == ["quarantine.needs_review"]
    for days in (2, 3):
        clock.advance(days=1)
        engine.run_until_idle()
        assert heard(receiver, "team") == ["quarantine.needs_review"] * days
    assert receiver.expect("quarantine.needs_review", "team").data == first.data

    # The first is reviewed, and the other carries it on; then nothing is left to be told of.
    for days in (4, 4):
        (*_, apart) = cast.bob.api.get("/v1/quarantine", reviewed="false").json["items"]
        review = f"/v1/patients/{cast.alice.id}/quarantine/{apart['id']}/review"
        assert cast.bob.api.post(review, {"verdict": "unusable"}).status == 201
        clock.advance(days=1)
        engine.run_until_idle()
        assert heard(receiver, "team") == ["quarantine.needs_review"] * days


def test_what_an_older_process_kept_or_reviewed_is_mended(
    cast: Cast, house: House, receiver: Receiver, clock: SimulatedClock, engine: Engine
) -> None:
    ask_nothing(house, cast)
    set_to = update(quarantine).where(quarantine.c.clinic_id == cast.clinic)
    assert cast.alice.check_in(mood=11).status == 202
    with house.work(OPERATOR) as work:
        work.execute(set_to.values(remind_at=None))
    # Nobody carries it: whatever comes next does.
    assert cast.alice.check_in(mood=12).status == 202
    clock.advance(days=1)
    engine.run_until_idle()
    assert heard(receiver, "team") == ["quarantine.needs_review"] * 2
    # The carrier was reviewed, and is due all the same: the other is told of instead.
    with house.work(OPERATOR) as work:
        carrier = set_to.where(quarantine.c.remind_at.is_not(None))
        work.execute(carrier.values(reviewed_at=clock.now()))
    clock.advance(days=1)
    engine.run_until_idle()
    assert heard(receiver, "team") == ["quarantine.needs_review"] * 2
    clock.advance(days=1)
    engine.run_until_idle()
    assert heard(receiver, "team") == ["quarantine.needs_review"] * 3


def test_of_two_that_come_at_once_one_carries_it(
    cast: Cast, house: House, receiver: Receiver, engine: Engine
) -> None:
    answers = at_once(lambda: cast.alice.check_in(mood=11))
    assert {answer.status for answer in answers} == {202}
    engine.run_until_idle()
    assert heard(receiver, "team") == ["quarantine.needs_review"]
    with house.work(OPERATOR, write=False) as work:
        carriers = work.rows(select(quarantine.c.id).where(quarantine.c.remind_at.is_not(None)))
    assert len(carriers) == 1


def test_what_is_left_of_who_was_erased_is_told_of_no_more(
    cast: Cast, house: House, receiver: Receiver, clock: SimulatedClock, engine: Engine
) -> None:
    assert cast.alice.check_in(mood=11).status == 202
    engine.run_until_idle()
    assert erase(cast, cast.alice).status == 204
    clock.advance(days=2)
    engine.run_until_idle()
    assert heard(receiver, "team").count("quarantine.needs_review") == 1
    with house.work(OPERATOR, write=False) as work:
        (left,) = work.rows(select(quarantine.c.remind_at))
    assert left.remind_at is None


def test_a_risk_in_it_pages_all_the_same(cast: Cast, receiver: Receiver, engine: Engine) -> None:
    for _ in range(2):
        assert cast.alice.check_in(mood=11, si=4).status == 202
    engine.run_until_idle()
    told = heard(receiver, "team")
    assert told.count("quarantine.needs_review") == 1
    assert "opened" in told
