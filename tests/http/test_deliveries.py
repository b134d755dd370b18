"""The log of deliveries: filtered, paged, read with attempts, and sent once more."""

from typing import Any
from uuid import uuid4

import pytest

from diary.work import House
from engine.loop import Engine
from tests.asked import ask_nothing
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.receiver import Receiver

PATH = "/v1/deliveries"
ENDPOINTS = "/v1/webhook-endpoints"


def logged(cast: Cast, **wanted: object) -> list[dict[str, Any]]:
    response = cast.erin.api.get(PATH, **wanted)
    assert response.status == 200, response
    items: list[dict[str, Any]] = response.json["items"]
    return items


def ping(cast: Cast, endpoint: object = None) -> dict[str, Any]:
    response = cast.erin.api.post(f"{ENDPOINTS}/{endpoint or cast.team.id}/ping")
    assert response.status == 201, response
    made: dict[str, Any] = response.json
    return made


def replay(cast: Cast, delivery: dict[str, Any]) -> Any:
    return cast.erin.api.post(f"{PATH}/{delivery['id']}/replay")


def test_a_ping_shows_how_it_went(cast: Cast, receiver: Receiver, engine: Engine) -> None:
    receiver.behave("status", "team", code=503, times=1)
    owed = ping(cast)
    assert (owed["type"], owed["state"], owed["tries"]) == ("ping", "pending", [])
    engine.run_until_idle()

    arrived = receiver.expect("ping", "team")
    assert arrived.verified
    assert arrived.data == {"endpoint_id": str(cast.team.id)}
    found = cast.erin.api.get(f"{PATH}/{owed['id']}").json
    assert arrived.id == found["webhook_id"]
    assert [(each["status"], each["error"]) for each in found["tries"]] == [(503, "status")]
    assert (found["state"], found["attempts"]) == ("pending", 1)
    assert not found["is_page"]


def test_the_log_is_filtered_and_paged_the_newest_first(
    cast: Cast, clock: SimulatedClock, receiver: Receiver, engine: Engine
) -> None:
    cast.alice.check_in(si=4)
    engine.run_until_idle()
    (alert,) = cast.bob.alerts()
    then = clock.advance(minutes=1)
    pings = [ping(cast)["id"], ping(cast, cast.on_call.id)["id"]]

    assert [each["id"] for each in logged(cast)][:2] == pings[::-1]
    assert [each["type"] for each in logged(cast, alert_id=alert["id"])] == ["alert.triggered"]
    assert [each["id"] for each in logged(cast, endpoint_id=cast.on_call.id)] == pings[1:]
    assert [each["id"] for each in logged(cast, type="ping", state="pending")] == pings[::-1]
    assert [each["id"] for each in logged(cast, since=then.isoformat())] == pings[::-1]
    (page,) = logged(cast, until=then.isoformat())
    assert (page["state"], page["is_page"], page["alert_id"]) == ("delivered", True, alert["id"])
    assert logged(cast, state="exhausted") == []

    first = cast.erin.api.get(PATH, limit=2).json
    rest = cast.erin.api.get(PATH, limit=2, cursor=first["next_cursor"]).json
    assert [each["id"] for each in first["items"] + rest["items"]] == [
        each["id"] for each in logged(cast)
    ]
    assert cast.erin.api.get(PATH, state="lost").code == "bad-query"


def test_what_was_given_up_is_seen_and_sent_once_more_as_the_same_message(
    cast: Cast, house: House, clock: SimulatedClock, receiver: Receiver, engine: Engine
) -> None:
    ask_nothing(house, cast)
    receiver.behave("status", "team", code=500)
    ping(cast)
    for _ in range(12):
        engine.run_until_idle()
        clock.advance(days=2)
    (given_up,) = logged(cast, state="exhausted")
    assert given_up["attempts"] == 10
    receiver.behave("ok", "team")
    tried = receiver.received("team")

    again = replay(cast, given_up)
    assert again.status == 201
    assert again.json["id"] != given_up["id"]
    engine.run_until_idle()
    repeated = receiver.received("team")[len(tried)]
    assert (repeated.id, repeated.body) == (tried[0].id, tried[0].body)
    assert repeated.verified
    assert cast.erin.api.get(f"{PATH}/{again.json['id']}").json["state"] == "delivered"
    assert cast.erin.api.get(f"{PATH}/{given_up['id']}").json["state"] == "exhausted"


def test_a_page_that_is_sent_once_more_is_no_page(
    cast: Cast, receiver: Receiver, engine: Engine, clock: SimulatedClock
) -> None:
    cast.alice.check_in(si=4)
    engine.run_until_idle()
    (page,) = logged(cast)
    (alert,) = cast.bob.alerts()
    assert cast.bob.acknowledge(alert).status == 200
    engine.run_until_idle()

    receiver.behave("status", "team", code=500)
    again = replay(cast, page).json
    assert (again["is_page"], again["webhook_id"]) == (False, page["webhook_id"])
    engine.run_until_idle()
    clock.advance(seconds=3)
    engine.run_until_idle()
    assert cast.erin.api.get(f"{PATH}/{again['id']}").json["attempts"] == 1
    assert cast.bob.alert(alert)["alert"]["status"] == "acknowledged"


def test_what_is_still_under_way_is_not_sent_once_more(cast: Cast, receiver: Receiver) -> None:
    response = replay(cast, ping(cast))
    assert (response.status, response.code) == (409, "not-replayable")


def test_nothing_is_sent_to_an_endpoint_that_is_disabled(
    cast: Cast, receiver: Receiver, engine: Engine
) -> None:
    made = cast.erin.api.post(ENDPOINTS, {"url": receiver.endpoint("new").url}).json
    owed = ping(cast, made["id"])
    engine.run_until_idle()
    assert cast.erin.api.delete(f"{ENDPOINTS}/{made['id']}").status == 204

    assert replay(cast, owed).code == "endpoint-inactive"
    assert cast.erin.api.post(f"{ENDPOINTS}/{made['id']}/ping").code == "endpoint-inactive"
    assert cast.erin.api.post(f"{ENDPOINTS}/{made['id']}/activate").json["state"] == "active"
    assert replay(cast, owed).status == 201
    engine.run_until_idle()
    assert len(receiver.received("new")) == 2


@pytest.mark.parametrize("hours", [-1, 169, "24", 1.5, None])
def test_an_overlap_is_hours_of_at_most_a_week(cast: Cast, hours: object) -> None:
    path = f"{ENDPOINTS}/{cast.team.id}/rotate-secret"
    assert cast.erin.api.post(path, {"overlap_hours": hours}).status == 422


def test_a_rotated_secret_is_shown_once(cast: Cast, clock: SimulatedClock) -> None:
    made = cast.erin.api.post(f"{ENDPOINTS}/{cast.team.id}/rotate-secret", {})

    assert made.status == 200
    assert made.headers["Cache-Control"] == "no-store"
    shown = {name: value for name, value in made.json.items() if name != "secret"}
    assert cast.erin.api.get(f"{ENDPOINTS}/{cast.team.id}").json == shown
    assert shown["previous_secret_until"].startswith(
        clock.advance(hours=24).strftime("%Y-%m-%dT%H:%M")
    )


def test_who_may_read_it_and_who_may_send(cast: Cast, receiver: Receiver) -> None:
    owed = ping(cast)
    for member in (cast.bob, cast.dana, cast.erin):
        assert member.api.get(f"{PATH}/{owed['id']}").status == 200
    assert cast.alice.api.get(PATH).status == 403
    steps: dict[str, dict[str, Any] | None] = {"activate": None, "rotate-secret": {}, "ping": None}
    for member in (cast.bob, cast.dana):
        assert member.api.post(f"{PATH}/{owed['id']}/replay").status == 403
        for step, body in steps.items():
            response = member.api.post(f"{ENDPOINTS}/{cast.team.id}/{step}", body)
            assert response.status == 403
    assert cast.grace.api.get(PATH).json["items"] == []
    assert cast.grace.api.get(f"{PATH}/{owed['id']}").status == 404
    assert cast.grace.api.post(f"{PATH}/{owed['id']}/replay").status == 404
    for step, body in steps.items():
        for id in (cast.team.id, uuid4()):
            assert cast.grace.api.post(f"{ENDPOINTS}/{id}/{step}", body).status == 404
