"""What a phone may lack: nothing that is kept is left out, whenever it is committed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from diary.checkins.changes import MOST, OVERLAP
from diary.checkins.receipt import Draft
from diary.checkins.record import record
from diary.work import House
from engine.loop import Engine
from tests.cast import CALM, ZONE, Cast, Patient
from tests.client import Response
from tests.clock import SimulatedClock

CHANGES = "/v1/me/changes"


def ask(patient: Patient, since: str | None = None) -> dict[str, Any]:
    answer = patient.api.get(CHANGES, **({"since": since} if since else {}))
    assert answer.status == 200, answer
    return dict(answer.json)


def ids(shown: dict[str, Any]) -> list[str]:
    return [each["check_in_id"] for each in shown["entries"]]


def settled(clock: SimulatedClock) -> None:
    clock.advance(seconds=OVERLAP.total_seconds() + 1)


def test_what_is_kept_is_told_the_first_first(cast: Cast, clock: SimulatedClock) -> None:
    kept = []
    for level in (0, 3):
        kept.append(cast.alice.check_in(si=level).json["id"])
        clock.advance(seconds=1)
    apart = cast.alice.check_in(mood=11).status
    clock.advance(seconds=1)
    amendment = {
        "reason": "I mistook it.",
        "amended_at": "2026-03-02T10:00:00+01:00",
        "answers": {**CALM, "mood": 3},
    }
    path = f"/v1/check-ins/{kept[0]}/amendments/{uuid4()}"
    assert (apart, cast.alice.api.put(path, amendment).status) == (202, 201)
    shown = ask(cast.alice)
    assert [each["kind"] for each in shown["entries"]] == [
        "check-in",
        "check-in",
        "set-apart",
        "amendment",
    ]
    assert ids(shown)[:2] == kept
    assert ids(shown)[3] == kept[0]
    assert shown["more"] is False
    assert ask(cast.frank)["entries"] == []


def test_what_was_told_is_told_once_more_for_a_while_and_then_no_more(
    cast: Cast, clock: SimulatedClock
) -> None:
    first = cast.alice.check_in().json["id"]
    cursor = ask(cast.alice)["cursor"]
    clock.advance(seconds=30)
    second = cast.alice.check_in().json["id"]
    assert set(ids(ask(cast.alice, cursor))) == {first, second}
    settled(clock)
    cursor = ask(cast.alice, cursor)["cursor"]
    assert ask(cast.alice, cursor)["entries"] == []
    clock.advance(seconds=1)
    third = cast.alice.check_in().json["id"]
    assert ids(ask(cast.alice, cursor)) == [third]


@pytest.mark.postgresql
@pytest.mark.parametrize("kept", ["postgresql"], indirect=True)
def test_what_is_committed_late_is_not_lost(
    cast: Cast, house: House, clock: SimulatedClock
) -> None:
    late, now = uuid4(), clock.now()
    draft = Draft("daily-check-in", "1.0.0", "en", now, now, ZONE, dict(CALM))
    begun, may_end = Event(), Event()
    alice = cast.alice.caller

    def slowly() -> None:
        with house.work(alice) as work:
            record(work, late, {"answers": dict(CALM)}, draft, ())
            begun.set()
            assert may_end.wait(30)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(slowly)
        assert begun.wait(30)
        clock.advance(seconds=45)
        quick = cast.alice.check_in().json["id"]
        shown = ask(cast.alice)
        may_end.set()
        other.result()
    assert ids(shown) == [quick], "the other was not there yet"
    assert str(late) in ids(ask(cast.alice, shown["cursor"]))


def test_more_than_fits_comes_in_parts_and_each_once(cast: Cast, clock: SimulatedClock) -> None:
    kept = []
    for _ in range(MOST + 5):
        clock.advance(seconds=1)
        kept.append(str(uuid4()))
        assert cast.alice.check_in(kept[-1]).status == 201
    settled(clock)
    first = ask(cast.alice)
    assert (len(first["entries"]), first["more"]) == (MOST, True)
    rest = ask(cast.alice, first["cursor"])
    assert rest["more"] is False
    assert ids(first) + ids(rest) == kept


def test_many_of_one_moment_come_once_each(cast: Cast, clock: SimulatedClock) -> None:
    kept = {str(uuid4()) for _ in range(MOST + 7)}
    items = [{"id": id, "check_in": cast.alice.check_in_body()} for id in kept]
    for start in range(0, len(items), 100):
        batch = {"items": items[start : start + 100]}
        assert cast.alice.api.post("/v1/check-ins/batch", batch).status == 200
    first = ask(cast.alice)
    rest = ask(cast.alice, first["cursor"])
    assert len(ids(first)) == MOST
    assert set(ids(first)) | set(ids(rest)) == kept


def test_versions_say_what_else_is_to_be_read_anew(
    cast: Cast, clock: SimulatedClock, engine: Engine
) -> None:
    before = ask(cast.alice)
    assert before["safety_plan"] is None
    assert before["crisis_pack"] == cast.alice.api.get("/v1/me/crisis-pack").json["version"]
    engine.run_until_idle()
    asked = ask(cast.alice)
    assert asked["schedule"] != before["schedule"]
    assert ask(cast.alice)["schedule"] == asked["schedule"]
    cast.alice.check_in()
    assert ask(cast.alice)["schedule"] != asked["schedule"], "one of them is answered"
    plan = {"steps": {"coping": [{"text": "Make tea."}]}}
    assert cast.alice.api.put("/v1/me/safety-plan", plan).status == 200
    after = ask(cast.alice)
    assert (after["safety_plan"], after["crisis_pack"] != before["crisis_pack"]) == (1, True)


def test_a_cursor_serves_whom_it_was_given_to(cast: Cast, clock: SimulatedClock) -> None:
    cast.alice.check_in()
    cursor = ask(cast.alice)["cursor"]

    def refused(patient: Patient, since: str) -> Response:
        answer = patient.api.get(CHANGES, since=since)
        assert (answer.status, answer.code) == (400, "bad-query"), answer
        return answer

    refused(cast.frank, cursor)
    for spoiled in (cursor[:-1], cursor + "x", cursor[::-1], cursor.replace(".", "")):
        assert spoiled not in str(refused(cast.alice, spoiled).json)
    listed = cast.alice.api.get("/v1/check-ins", limit=1, cursor=cursor)
    assert listed.status == 400
    clock.advance(seconds=timedelta(days=400).total_seconds())
    assert ask(cast.alice, cursor)["more"] is False
