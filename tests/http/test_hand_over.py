"""An alert changes hands: given to a colleague, taken over, given back."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from diary.access.permissions import Role
from engine.loop import Engine
from tests.cast import Cast
from tests.client import Api
from tests.clock import SimulatedClock
from tests.engine.steps import heard
from tests.http.test_clients import client, exchange
from tests.receiver import Receiver


@pytest.fixture
def held(cast: Cast) -> dict[str, Any]:
    """Alice's critical alert, which Bob has for the next quarter of an hour."""
    assert cast.alice.check_in(si=4).status == 201
    (found,) = cast.dana.alerts()
    shown: dict[str, Any] = cast.bob.acknowledge(found).json["alert"]
    return shown


def until(alert: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(alert["next_action_at"])


def test_a_colleague_has_it_for_the_time_that_was_left(
    cast: Cast, clock: SimulatedClock, held: dict[str, Any]
) -> None:
    clock.advance(minutes=5)
    shown = cast.bob.hand_over(held, cast.dana).json

    assert shown["acknowledged_by"]["name"] == "Dana"
    assert (shown["alert"]["status"], until(shown["alert"])) == ("acknowledged", until(held))
    last = shown["entries"][-1]
    assert (last["kind"], last["actor"]["name"]) == ("handed-over", "Bob")
    assert last["detail"] == {
        "by": str(cast.bob.id),
        "to": str(cast.dana.id),
        "from": str(cast.bob.id),
    }
    assert cast.bob.acknowledge(shown).code == "alert-held"
    renewed = cast.dana.acknowledge(shown).json["alert"]
    assert until(renewed) == clock.now() + timedelta(minutes=15)


def test_whoever_takes_it_over_has_it_anew(
    cast: Cast, clock: SimulatedClock, held: dict[str, Any]
) -> None:
    clock.advance(minutes=5)
    shown = cast.dana.hand_over(held, cast.dana).json

    assert shown["acknowledged_by"]["name"] == "Dana"
    assert until(shown["alert"]) == clock.now() + timedelta(minutes=15)


def test_everyone_told_hears_who_has_it_and_no_name(
    cast: Cast, receiver: Receiver, engine: Engine, held: dict[str, Any]
) -> None:
    engine.run_until_idle()
    receiver.clear()
    cast.bob.hand_over(held, cast.dana)
    engine.run_until_idle()

    told = receiver.expect("alert.acknowledged", "team")
    assert told.data["acknowledged_by"] == str(cast.dana.id)
    assert "Dana" not in str(told.data)


def test_a_hand_over_that_nobody_takes_comes_back_when_it_would_have(
    cast: Cast, receiver: Receiver, engine: Engine, clock: SimulatedClock, held: dict[str, Any]
) -> None:
    clock.advance(minutes=14)
    cast.bob.hand_over(held, cast.dana)
    engine.run_until_idle()
    receiver.clear()
    clock.advance(minutes=1)
    engine.run_until_idle()

    assert heard(receiver, "team") == ["acknowledgement-expired"]


def test_given_back_it_is_paged_at_once_where_it_stood(
    cast: Cast, receiver: Receiver, engine: Engine, held: dict[str, Any]
) -> None:
    cast.bob.escalate(held)
    cast.bob.acknowledge(held)
    engine.run_until_idle()
    receiver.clear()
    shown = cast.bob.release(held).json
    engine.run_until_idle()

    assert (shown["alert"]["status"], shown["alert"]["step"]) == ("triggered", 2)
    assert (shown["acknowledged_by"], shown["entries"][-1]["kind"]) == (None, "released")
    assert heard(receiver, "on-call") == heard(receiver, "team") == ["released"]


def test_a_nurse_gives_back_what_a_colleague_has(cast: Cast, held: dict[str, Any]) -> None:
    assert cast.dana.release(held).json["alert"]["status"] == "triggered"


def test_only_what_someone_has_and_only_what_was_seen(cast: Cast, held: dict[str, Any]) -> None:
    for stale in (
        cast.bob.hand_over(held, cast.dana, generation=2),
        cast.bob.release(held, generation=2),
    ):
        assert (stale.status, stale.code, stale.json["generation"]) == (409, "situation-changed", 1)
    assert cast.bob.release(held).status == 200
    for verb in (cast.bob.release(held), cast.bob.hand_over(held, cast.bob)):
        assert (verb.status, verb.code) == (409, "alert-not-held")
    cast.bob.resolve(held)
    for verb in (cast.bob.release(held), cast.bob.hand_over(held, cast.dana)):
        assert (verb.status, verb.code) == (409, "alert-resolved")


def test_it_goes_to_none_but_an_active_member_who_may_answer(
    cast: Cast, held: dict[str, Any]
) -> None:
    auditor = cast.join("Ivan", Role.AUDITOR)
    for nobody in (cast.erin, cast.charlie, auditor):
        refused = cast.bob.hand_over(held, nobody)
        assert (refused.status, refused.code) == (422, "name-required")
        assert [fault["pointer"] for fault in refused.json["errors"]] == ["/to"]
    assert cast.bob.alert(held)["acknowledged_by"]["name"] == "Bob"


def test_a_client_hands_over_in_a_members_name(cast: Cast, api: Api, held: dict[str, Any]) -> None:
    made = client(cast)
    program = api.as_(exchange(api, made["id"], made["key"]).json["access_token"])
    path = f"/v1/alerts/{held['id']}/hand-over"
    body = {"to": str(cast.dana.id), "generation": 1}

    assert program.post(path, body).code == "name-required"
    shown = program.post(path, body | {"on_behalf_of": str(cast.dana.id)}).json
    assert shown["acknowledged_by"]["name"] == "Dana"


def test_a_stranger_finds_nothing(cast: Cast, held: dict[str, Any]) -> None:
    body = {"to": str(cast.charlie.id), "generation": 1}
    assert cast.charlie.api.post(f"/v1/alerts/{held['id']}/hand-over", body).status == 404
    assert (
        cast.charlie.api.post(f"/v1/alerts/{held['id']}/release", {"generation": 1}).status == 404
    )
