"""What Alice can see of the alert that her answers raised: honest, calm, and no more than true."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from engine.loop import Engine
from tests.cast import Cast, Patient
from tests.clock import SimulatedClock
from tests.receiver import Receiver


def look(patient: Patient) -> dict[str, Any]:
    response = patient.api.get("/v1/me/alert")
    assert response.status == 200, response
    found: dict[str, Any] = response.json
    return found


def moments(shown: dict[str, Any]) -> list[str | None]:
    return [shown[name] for name in ("sent_at", "delivered_at", "seen_at", "closed_at")]


def test_nothing_is_open(cast: Cast) -> None:
    cast.alice.check_in()
    shown = look(cast.alice)

    assert (shown["state"], moments(shown)) == ("none", [None] * 4)
    assert shown["text"] == "Nothing that you sent is open with your care team right now."
    assert shown["guidance"]["level"] == "none"
    assert "Help is there at any time." in shown["guidance"]["text"]
    assert shown["guidance"]["emergency_numbers"] == ["112"]


def test_sent_reached_seen_and_closed(
    cast: Cast, receiver: Receiver, engine: Engine, clock: SimulatedClock
) -> None:
    cast.alice.check_in(si=4)
    sent = look(cast.alice)
    assert (sent["state"], sent["delivered_at"]) == ("sent", None)
    assert "(today, 10:00). It has not reached their systems yet" in sent["text"]
    assert sent["guidance"]["level"] == "emergency"
    assert "may not have seen it" not in sent["guidance"]["text"]

    clock.advance(minutes=1)
    engine.run_until_idle()
    reached = look(cast.alice)
    assert (reached["state"], reached["sent_at"]) == ("sent", sent["sent_at"])
    assert "reached your care team's systems (today, 10:01)" in reached["text"]
    assert "Nobody there has said yet that they have seen it." in reached["text"]

    clock.advance(minutes=2)
    (alert,) = cast.bob.alerts()
    cast.bob.acknowledge(alert)
    held = look(cast.alice)
    assert held["state"] == "being-handled"
    assert held["text"] == (
        "A member of your care team saw what you sent (today, 10:03), and it is in hand."
    )
    assert held["guidance"]["level"] == "emergency"
    assert "Bob" not in str(held)

    clock.advance(minutes=2)
    cast.bob.resolve(alert)
    closed = look(cast.alice)
    assert (closed["state"], closed["guidance"]["level"]) == ("closed", "none")
    assert [datetime.fromisoformat(each or "") for each in moments(closed)] == [
        clock.now() - timedelta(minutes=minutes) for minutes in (5, 4, 2, 0)
    ]
    clock.advance(hours=23, minutes=59)
    assert "(Monday 2 March, 10:05)" in look(cast.alice)["text"]
    clock.advance(minutes=1)
    assert look(cast.alice)["state"] == "none"


@pytest.mark.parametrize("how", ["ran out", "given back", "more hands", "worse"])
def test_when_nobody_has_it_any_more_it_says_so(
    cast: Cast, engine: Engine, clock: SimulatedClock, how: str
) -> None:
    cast.alice.check_in(si=4)
    (alert,) = cast.bob.alerts()
    cast.bob.acknowledge(alert)
    clock.advance(minutes=15)
    if how == "ran out":
        engine.run_until_idle()
    elif how == "given back":
        cast.bob.release(alert)
    elif how == "more hands":
        cast.bob.escalate(alert)
    else:
        cast.alice.check_in(si=5)

    shown = look(cast.alice)
    assert shown["state"] == "seen"
    assert "nobody has it in hand right now. Your team is being told again." in shown["text"]
    assert ("What you sent after that" in shown["text"]) is (how == "worse")


def test_an_answer_after_the_acknowledgement_is_not_called_seen(
    cast: Cast, clock: SimulatedClock
) -> None:
    cast.alice.check_in(si=4)
    (alert,) = cast.bob.alerts()
    cast.bob.acknowledge(alert)
    clock.advance(minutes=1)
    cast.alice.check_in(si=4)
    shown = look(cast.alice)
    assert shown["state"] == "being-handled"
    assert shown["text"].endswith("was passed on, and may not have been read yet.")

    clock.advance(minutes=1)
    cast.bob.acknowledge(cast.bob.alert(alert))
    assert "after that" not in look(cast.alice)["text"]


def test_what_the_team_found_out_is_not_told_as_an_answer_of_hers(
    cast: Cast, clock: SimulatedClock
) -> None:
    body = {"patient_id": str(cast.alice.id), "severity": "critical", "note": "Her sister called."}
    alert = cast.bob.api.post("/v1/alerts", body).json
    assert look(cast.alice)["state"] == "none"

    cast.bob.acknowledge(alert)
    clock.advance(minutes=1)
    cast.alice.check_in(si=2)
    shown = look(cast.alice)
    assert (shown["state"], shown["seen_at"]) == ("sent", None)
    clock.advance(minutes=1)
    cast.bob.acknowledge(cast.bob.alert(alert))
    assert look(cast.alice)["state"] == "being-handled"


def test_the_open_one_is_shown_and_not_the_one_before(cast: Cast, clock: SimulatedClock) -> None:
    cast.alice.check_in(si=4)
    (alert,) = cast.bob.alerts()
    cast.bob.resolve(alert)
    clock.advance(minutes=1)
    cast.alice.ask_for_help()

    shown = look(cast.alice)
    assert shown["state"] == "sent"
    assert datetime.fromisoformat(shown["sent_at"]) == clock.now()


def test_each_sees_ones_own_alone(cast: Cast) -> None:
    cast.alice.check_in(si=5)
    assert look(cast.frank)["state"] == look(cast.enrol("Olga"))["state"] == "none"
    for member in (cast.bob, cast.erin, cast.charlie):
        assert member.api.get("/v1/me/alert").status == 403
