"""Where a patient is in their treatment: what each state does, and what none ever does."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from diary.callers import OPERATOR
from diary.patients.model import patient_states
from diary.work import House
from engine.loop import Engine
from tests.cast import Cast, Member
from tests.client import Api, Response
from tests.clock import SimulatedClock
from tests.receiver import Receiver

AWAY = ("paused", "hospitalised")
ENDED = ("discharged", "deceased")
LATER = "2026-03-20T09:00:00Z"
REASON = "Two weeks at the sea."


def enter(cast: Cast, state: str, *, by: Member | None = None, **more: Any) -> Response:
    """A state of Alice's, until later where it has an end."""
    until = {"until": LATER} if state in AWAY else {}
    body = {"state": state, "reason": REASON} | until | more
    return (by or cast.bob).api.post(f"/v1/patients/{cast.alice.id}/states", body)


def history(cast: Cast) -> list[dict[str, Any]]:
    """Alice's, the newest first."""
    return list(cast.bob.api.get(f"/v1/patients/{cast.alice.id}/states").json["items"])


@pytest.mark.parametrize("state", AWAY)
def test_whoever_is_away_keeps_the_phone_and_is_judged(cast: Cast, api: Api, state: str) -> None:
    made = enter(cast, state)
    assert made.status == 201
    assert (made.json["patient"]["state"], made.json["patient"]["state_until"]) == (state, LATER)
    assert (made.json["alert_id"], made.json["awaited"]) == (None, False)
    assert cast.alice.check_in(si=4).json["care_team_told"]
    assert cast.alice.ask_for_help().json["care_team_told"]
    code = cast.bob.api.post(f"/v1/patients/{cast.alice.id}/enrolments").json["code"]
    assert api.post("/v1/devices", {"code": code, "platform": "ios"}).status == 201


@pytest.mark.parametrize("state", ENDED)
def test_whoever_is_no_longer_in_treatment_has_no_phone(cast: Cast, state: str) -> None:
    phone = cast.alice.api
    made = enter(cast, state).json["patient"]
    assert (made["state"], made["discharged_at"]) == (state, "2026-03-02T09:00:00Z")
    refused = phone.post("/v1/me/help")
    assert refused.status == 401
    assert refused.json["crisis"], "whoever is refused is told whom to call"
    again = cast.bob.api.post(f"/v1/patients/{cast.alice.id}/enrolments")
    assert (again.status, again.code) == (409, "patient-discharged")


@pytest.mark.parametrize("state", [*AWAY, *ENDED, "active"])
def test_no_state_closes_an_alert(
    cast: Cast, engine: Engine, clock: SimulatedClock, receiver: Receiver, state: str
) -> None:
    cast.alice.check_in(si=4)
    (alert,) = cast.bob.alerts()
    engine.run_until_idle()
    receiver.clear()
    if state == "active":
        enter(cast, "paused")
    made = enter(cast, state).json
    assert (made["alert_id"], made["awaited"]) == (alert["id"], True)
    clock.advance(minutes=5)
    engine.run_until_idle()
    receiver.expect("alert.escalated")
    assert cast.bob.alert(alert)["alert"]["status"] == "triggered"


def test_a_change_is_told_to_the_webhooks_and_names_nobody(
    cast: Cast, engine: Engine, receiver: Receiver
) -> None:
    enter(cast, "hospitalised")
    engine.run_until_idle()
    told = receiver.expect("patient.state_changed", count=2).data
    assert told == {
        "patient": cast.alice.reference,
        "state": "hospitalised",
        "alert_open": False,
        "awaited": False,
        "link": told["link"],
    }


@pytest.mark.parametrize("state", AWAY)
def test_a_time_away_ends_by_itself(
    cast: Cast, engine: Engine, clock: SimulatedClock, receiver: Receiver, state: str
) -> None:
    enter(cast, state)
    clock.advance(days=18, seconds=-1)
    engine.run_until_idle()
    assert [entry["state"] for entry in history(cast)] == [state]
    receiver.clear()
    clock.advance(seconds=1)
    engine.run_until_idle()
    back, _ = history(cast)
    assert (back["state"], back["since"], back["changed_by"]) == ("active", LATER, None)
    assert receiver.expect("patient.state_changed").data["state"] == "active"
    engine.run_until_idle()
    assert len(history(cast)) == 2


def test_a_time_away_that_is_put_off_ends_later(
    cast: Cast, engine: Engine, clock: SimulatedClock
) -> None:
    enter(cast, "paused")
    enter(cast, "paused", until="2026-03-27T09:00:00Z", reason="A week more.")
    clock.advance(days=20)
    engine.run_until_idle()
    assert [entry["reason"] for entry in history(cast)] == ["A week more.", REASON]
    clock.advance(days=5)
    engine.run_until_idle()
    assert history(cast)[0]["state"] == "active"


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"state": "away"}, "/state"),
        ({"state": "erased"}, "/state"),
        ({"state": "paused", "until": None}, "/until"),
        ({"state": "paused", "until": "2026-03-02T09:00:00Z"}, "/until"),
        ({"state": "hospitalised", "until": "2026-06-02T09:00:01Z"}, "/until"),
        ({"state": "discharged", "until": LATER}, "/until"),
        ({"state": "discharged", "since": "2026-03-02T09:00:01Z"}, "/since"),
        ({"state": "discharged", "reason": ""}, "/reason"),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(
    cast: Cast, sent: dict[str, Any], pointer: str
) -> None:
    refused = enter(cast, **({"reason": REASON} | sent))
    assert refused.status == 422
    assert [fault["pointer"] for fault in refused.json["errors"]] == [pointer]
    assert history(cast) == []


def test_a_mistake_is_put_right_and_the_reason_is_sealed(cast: Cast, house: House) -> None:
    since = datetime(2026, 3, 1, 22, tzinfo=UTC)
    enter(cast, "deceased", since=since.isoformat(), reason="A call from the family.")
    enter(cast, "active", reason="It was another patient.")
    wrong, right = reversed(history(cast))
    assert (wrong["state"], wrong["since"]) == ("deceased", "2026-03-01T22:00:00Z")
    assert (right["state"], right["reason"]) == ("active", "It was another patient.")
    shown = cast.bob.api.get(f"/v1/patients/{cast.alice.id}").json
    assert (shown["state"], shown["discharged_at"]) == ("active", None)
    with house.work(OPERATOR, write=False) as work:
        for row in work.rows(select(patient_states.c.reason)):
            assert b"patient" not in row.reason
            assert b"family" not in row.reason


def test_a_death_after_a_discharge_does_not_begin_the_time_of_retention_anew(
    cast: Cast, clock: SimulatedClock
) -> None:
    enter(cast, "discharged")
    clock.advance(days=30)
    made = enter(cast, "deceased").json["patient"]
    assert (made["state"], made["discharged_at"]) == ("deceased", "2026-03-02T09:00:00Z")
    clock.advance(days=340)
    assert cast.erin.api.put("/v1/clinic/retention", {"months": 12}, if_match="*").json["due"] == 1


def test_only_the_care_team_changes_a_state(cast: Cast) -> None:
    assert enter(cast, "paused", by=cast.charlie).status == 404
    assert enter(cast, "paused", by=cast.erin).status == 403
    assert enter(cast, "paused", by=cast.dana).status == 201
