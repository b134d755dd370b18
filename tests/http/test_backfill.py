"""An entry about the day before: until noon it stands in the diary, late; after that it does not.
What it says of suicidality is heard whatever day it is about."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from engine.loop import Engine
from tests.asked import window
from tests.cast import Cast
from tests.client import Response
from tests.clock import SimulatedClock

TODAY, YESTERDAY = "2026-03-02", "2026-03-01"


def about(cast: Cast, day: object, **answers: Any) -> Response:
    return cast.alice.check_in(envelope={"day": day}, **answers)


def shown(cast: Cast, answer: Response) -> dict[str, Any]:
    assert answer.status == 201, answer
    path = f"/v1/patients/{cast.alice.id}/check-ins/{answer.json['id']}"
    return dict(cast.bob.api.get(path).json)


def at(clock: SimulatedClock, madrid: str) -> None:
    clock.set(datetime.fromisoformat(f"{madrid}+01:00"))


def test_its_own_day_is_the_default(cast: Cast) -> None:
    for answer in (cast.alice.check_in(), about(cast, TODAY), about(cast, None)):
        found = shown(cast, answer)
        assert (found["local_date"], found["late"]) == (TODAY, False)
        assert (answer.json["local_date"], answer.json["late"]) == (TODAY, False)


@pytest.mark.parametrize("time", ["04:00:00", "10:00:00", "11:59:59"])
def test_until_noon_it_may_be_about_the_day_before(
    cast: Cast, clock: SimulatedClock, time: str
) -> None:
    at(clock, f"{TODAY}T{time}")
    found = shown(cast, about(cast, YESTERDAY, mood=3))
    assert (found["local_date"], found["late"], found["mood"]) == (YESTERDAY, True, 3)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (f"{TODAY}T12:00:00", YESTERDAY),
        (f"{TODAY}T23:00:00", YESTERDAY),
        # By the diary still the 2nd, and past its noon.
        ("2026-03-03T01:00:00", YESTERDAY),
        (f"{TODAY}T10:00:00", "2026-02-28"),
        (f"{TODAY}T10:00:00", "2026-03-03"),
        (f"{TODAY}T10:00:00", "1926-03-03"),
    ],
)
def test_any_other_day_is_kept_apart_and_its_suicidality_is_heard(
    cast: Cast, clock: SimulatedClock, now: str, day: str
) -> None:
    at(clock, now)
    calm = about(cast, day, mood=3)
    assert (calm.status, calm.json["outcome"]) == (202, "quarantined")
    assert [each["pointer"] for each in calm.json["errors"]] == ["/day"]
    grave = about(cast, day, si=4)
    assert (grave.status, grave.json["care_team_told"]) == (202, True)
    assert cast.bob.alerts()[0]["severity"] == "critical"
    assert cast.alice.api.get("/v1/check-ins").json["items"] == []


def test_what_says_nothing_of_suicidality_is_refused_with_the_field(cast: Cast) -> None:
    body = cast.alice.check_in_body() | {
        "instrument": "weekly-check-in",
        "day": "2026-02-20",
        "answers": {
            "elevated_energy": 0,
            "little_need_for_sleep": 0,
            "unusual_perceptions": 0,
            "suspiciousness": 0,
            "bladder_symptoms": 0,
            "ketamine_craving": 0,
            "ketamine_use_elsewhere": "no",
        },
    }
    answer = cast.alice.api.put("/v1/check-ins/00000000-0000-4000-8000-000000000001", body)
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/day")


@pytest.mark.parametrize("day", ["yesterday", "2026-3-1", 20260301, "2026-02-30"])
def test_a_day_that_is_none_is_named_and_the_rest_is_heard(cast: Cast, day: object) -> None:
    answer = about(cast, day, si=4)
    assert (answer.status, answer.json["care_team_told"]) == (202, True)
    assert answer.json["errors"][0]["pointer"] == "/day"


def test_it_answers_what_was_asked_that_day_and_nothing_of_today(
    cast: Cast, clock: SimulatedClock, engine: Engine
) -> None:
    engine.run_until_idle()
    clock.advance(days=1)
    engine.run_until_idle()
    late = about(cast, TODAY)
    found = window(cast.alice, f"daily@{TODAY}")
    assert (found["state"], found["check_in_id"]) == ("answered", late.json["id"])
    assert found["late"] is True
    assert window(cast.alice, "daily@2026-03-03")["state"] == "pending"
    assert about(cast, TODAY).status == 201, "and once more changes nothing"
    assert window(cast.alice, f"daily@{TODAY}")["check_in_id"] == late.json["id"]
    assert window(cast.alice, "daily@2026-03-03")["state"] == "pending"


def test_another_day_is_another_check_in(cast: Cast, clock: SimulatedClock) -> None:
    known = "00000000-0000-4000-8000-000000000001"
    body = cast.alice.check_in_body()
    assert cast.alice.api.put(f"/v1/check-ins/{known}", body | {"day": TODAY}).status == 201
    assert cast.alice.api.put(f"/v1/check-ins/{known}", body | {"day": TODAY}).status == 200
    clock.advance(seconds=timedelta(minutes=1).total_seconds())
    assert cast.alice.api.put(f"/v1/check-ins/{known}", body | {"day": YESTERDAY}).status == 409
