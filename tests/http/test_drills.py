"""Drills: an alert rehearsed through the real path, about nobody real."""

from typing import Any

import pytest

from diary.access.permissions import Role
from engine.loop import Engine
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.engine.steps import heard
from tests.receiver import Receiver


def start(cast: Cast, severity: str = "critical") -> str:
    response = cast.erin.api.post("/v1/drills", {"severity": severity})
    assert response.status == 201, response
    found: str = response.json["alert_id"]
    return found


@pytest.fixture
def drill(cast: Cast) -> dict[str, Any]:
    """A critical drill of Alice's clinic."""
    shown: dict[str, Any] = cast.bob.alert(start(cast))["alert"]
    return shown


def test_a_drill_goes_the_whole_way_and_every_message_says_so(
    cast: Cast, receiver: Receiver, engine: Engine, clock: SimulatedClock
) -> None:
    drill = start(cast)
    engine.run_until_idle()
    clock.advance(minutes=5)
    engine.run_until_idle()
    cast.bob.acknowledge(drill)
    engine.run_until_idle()
    cast.bob.resolve(drill, "drill")
    engine.run_until_idle()

    assert heard(receiver, "team") == ["opened", "alert.acknowledged", "alert.resolved"]
    assert heard(receiver, "on-call")[0] == "escalated"
    assert {each.data["drill"] for each in receiver.received("team")} == {True}
    assert {each.data["drill"] for each in receiver.received("on-call")} == {True}


def test_a_real_alert_says_that_it_is_none(cast: Cast, receiver: Receiver, engine: Engine) -> None:
    cast.alice.check_in(si=4)
    engine.run_until_idle()
    assert receiver.expect("alert.triggered", "team").data["drill"] is False


def test_a_drill_ends_as_a_drill_and_nothing_else_does(cast: Cast, drill: dict[str, Any]) -> None:
    cast.alice.check_in(si=4)
    (real,) = cast.bob.alerts(drill="false")
    for alert, outcome in ((drill, "contacted-safe"), (real, "drill")):
        refused = cast.bob.resolve(alert, outcome)
        assert (refused.status, refused.code) == (422, "invalid")
        assert [fault["pointer"] for fault in refused.json["errors"]] == ["/outcome"]
    assert cast.bob.resolve(drill, "drill").json["alert"]["outcome"] == "drill"
    assert cast.bob.resolve(real).status == 200


def test_a_real_finding_never_joins_a_drill(cast: Cast, drill: dict[str, Any]) -> None:
    cast.alice.check_in(si=4)

    assert {alert["drill"] for alert in cast.bob.alerts()} == {True, False}
    assert [alert["id"] for alert in cast.bob.alerts(drill="true")] == [drill["id"]]
    assert cast.bob.alert(drill)["alert"]["sequence"] == 1
    assert cast.bob.api.get("/v1/alerts", drill="yes").code == "bad-query"


def test_one_drill_at_a_time_on_one_patient(cast: Cast, drill: dict[str, Any]) -> None:
    refused = cast.erin.api.post("/v1/drills", {"severity": "low"})
    assert (refused.status, refused.code) == (409, "drill-open")
    assert refused.json["alert_id"] == drill["id"]

    cast.bob.resolve(drill, "drill")
    second = cast.bob.alert(start(cast, "low"))["alert"]
    assert (second["patient_id"], second["severity"]) == (drill["patient_id"], "low")
    assert second["previous_id"] == drill["id"]


def test_the_drill_patient_is_nobody(cast: Cast, drill: dict[str, Any]) -> None:
    patient = drill["patient_id"]
    listed = [item["id"] for item in cast.bob.api.get("/v1/patients").json["items"]]
    assert patient not in listed
    asked = cast.bob.api.get("/v1/patients", drill="true").json["items"]
    assert [(item["id"], item["drill"]) for item in asked] == [(patient, True)]
    refused = cast.bob.api.post(f"/v1/patients/{patient}/enrolments")
    assert (refused.status, refused.code) == (409, "drill-patient")
    assert cast.charlie.api.get(f"/v1/patients/{patient}").status == 404
    assert cast.charlie.api.post(f"/v1/patients/{patient}/enrolments").status == 404


def test_what_is_raised_by_hand_on_the_drill_patient_is_a_drill(
    cast: Cast, drill: dict[str, Any]
) -> None:
    cast.bob.resolve(drill, "drill")
    body = {"patient_id": drill["patient_id"], "severity": "low", "note": "Practising."}
    assert cast.bob.api.post("/v1/alerts", body).json["alert"]["drill"] is True


def test_who_keeps_the_policies_rehearses_them(cast: Cast) -> None:
    body = {"severity": "low"}
    auditor = cast.join("Ivan", Role.AUDITOR)
    for other in (cast.alice, cast.bob, auditor):
        assert other.api.post("/v1/drills", body).status == 403
    assert cast.dana.api.post("/v1/drills", body).status == 201
    # Another clinic's drill is its own, and a patient is told of none.
    assert cast.grace.api.post("/v1/drills", body).status == 201
    assert len(cast.charlie.alerts(drill="true")) == len(cast.bob.alerts(drill="true")) == 1
