"""Alerts over HTTP: found, read in full, taken, handed on, closed."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from api.auth import EXTENSION
from diary.alerts import answers
from diary.alerts.model import alert_entries
from diary.isolation import EVERYTHING
from diary.work import House
from tests.cast import Cast
from tests.client import Api
from tests.clock import SimulatedClock

OUTCOMES = (
    "contacted-safe",
    "safety-plan-reviewed",
    "referred",
    "emergency-services",
    "unable-to-reach",
    "false-positive",
)


@pytest.fixture
def alert(cast: Cast) -> dict[str, Any]:
    """Alice's alert, high."""
    assert cast.alice.check_in(si=3).status == 201
    (found,) = cast.dana.alerts()
    return found


def kinds(shown: dict[str, Any]) -> list[str]:
    return [entry["kind"] for entry in shown["entries"]]


def test_the_list_and_its_filters(cast: Cast, clock: SimulatedClock) -> None:
    olga, pavel = cast.enrol("Olga"), cast.enrol("Pavel")
    for patient, level in ((cast.alice, 3), (olga, 5), (pavel, 1)):
        clock.advance(minutes=1)
        patient.check_in(si=level)
    low, top, high = cast.dana.alerts()
    cast.bob.acknowledge(top)
    cast.bob.resolve(low)

    def ids(**query: object) -> list[str]:
        return [item["id"] for item in cast.dana.alerts(**query)]

    assert [low["severity"], top["severity"], high["severity"]] == ["moderate", "critical", "high"]
    assert ids() == [low["id"], top["id"], high["id"]]
    assert ids(status="open") == [top["id"], high["id"]]
    assert ids(status="triggered") == [high["id"]]
    assert ids(status="acknowledged") == [top["id"]]
    assert ids(status="resolved") == [low["id"]]
    assert ids(severity="critical") == [top["id"]]
    assert ids(severity="critical", status="resolved") == []
    assert ids(patient_id=cast.alice.id) == [high["id"]]
    assert ids(patient_id=cast.frank.id) == []
    assert cast.charlie.alerts() == []
    first = cast.dana.api.get("/v1/alerts", limit=2).json
    rest = cast.dana.api.get("/v1/alerts", limit=2, cursor=first["next_cursor"]).json
    assert [item["id"] for item in first["items"] + rest["items"]] == ids()
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("status=closed", "/status"), ("severity=HIGH", "/severity"), ("patient_id=1", "/patient_id")],
)
def test_a_filter_that_is_none(cast: Cast, query: str, pointer: str) -> None:
    response = cast.dana.api.send("GET", f"/v1/alerts?{query}")
    assert (response.status, response.code) == (400, "bad-query")
    assert [fault["pointer"] for fault in response.json["errors"]] == [pointer]


def test_whether_a_clinic_has_an_alert(cast: Cast, api: Api, alert: dict[str, Any]) -> None:
    """What decides, after too many that were made up, whether an answer is taken."""
    is_alert = api.app.extensions[EXTENSION].limits.is_alert
    ours, theirs = cast.bob.grant.clinic_id, cast.charlie.grant.clinic_id
    assert is_alert(ours, UUID(alert["id"]))
    assert not is_alert(theirs, UUID(alert["id"]))
    assert not is_alert(ours, uuid4())


def test_an_alert_in_full(cast: Cast, clock: SimulatedClock, alert: dict[str, Any]) -> None:
    shown = cast.bob.alert(alert)

    assert shown["alert"] == alert
    assert alert["patient_reference"] == cast.alice.reference
    assert (alert["status"], alert["suicidality"]) == ("triggered", 3)
    assert (alert["generation"], alert["sequence"], alert["step"]) == (1, 1, 1)
    opened = datetime.fromisoformat(alert["opened_at"])
    assert opened == clock.now()
    assert datetime.fromisoformat(alert["next_action_at"]) == opened + timedelta(minutes=5)
    assert datetime.fromisoformat(alert["acknowledge_by"]) == opened + timedelta(hours=1)
    assert datetime.fromisoformat(alert["contact_by"]) == opened + timedelta(hours=24)
    assert (shown["acknowledged_by"], shown["resolved_by"]) == (None, None)
    gravest = next(found for found in shown["findings"] if found["rule"] == "R2")
    assert (gravest["severity"], gravest["source"]) == ("high", "check-in")
    assert gravest["inputs"]["si"] == 3
    assert kinds(shown) == ["opened"]


def test_i_have_it(cast: Cast, clock: SimulatedClock, alert: dict[str, Any]) -> None:
    shown = cast.bob.acknowledge(alert).json

    assert shown["alert"]["status"] == "acknowledged"
    assert shown["acknowledged_by"] == {"id": str(cast.bob.id), "name": "Bob"}
    expires = datetime.fromisoformat(shown["alert"]["next_action_at"])
    assert expires == clock.now() + timedelta(hours=1)
    clock.advance(minutes=30)
    renewed = cast.bob.acknowledge(alert).json["alert"]
    assert datetime.fromisoformat(renewed["next_action_at"]) == clock.now() + timedelta(hours=1)


def test_someone_else_has_it(cast: Cast, alert: dict[str, Any]) -> None:
    held = cast.bob.acknowledge(alert).json["alert"]
    refused = cast.dana.acknowledge(alert)

    assert (refused.status, refused.code) == (409, "alert-held")
    assert refused.json["acknowledged_by"] == {"id": str(cast.bob.id), "name": "Bob"}
    assert refused.json["acknowledged_at"] == held["acknowledged_at"]
    assert cast.dana.alert(alert)["acknowledged_by"]["name"] == "Bob"


@pytest.mark.parametrize("taken_before", [False, True])
def test_an_alert_that_worsened_must_be_looked_at_again(
    cast: Cast, alert: dict[str, Any], taken_before: bool
) -> None:
    if taken_before:
        cast.bob.acknowledge(alert)
    cast.alice.check_in(si=5)
    stale = cast.bob.acknowledge(alert)

    assert (stale.status, stale.code, stale.json["generation"]) == (409, "situation-changed", 2)
    now = cast.bob.alert(alert)
    assert (now["alert"]["status"], now["alert"]["severity"]) == ("triggered", "critical")
    assert now["acknowledged_by"] is None
    assert cast.bob.acknowledge(now).json["alert"]["status"] == "acknowledged"


def test_a_generation_that_never_was(cast: Cast, alert: dict[str, Any]) -> None:
    refused = cast.bob.acknowledge(alert, generation=2)
    assert (refused.status, refused.code) == (409, "situation-changed")


def test_a_note_is_sealed_and_changes_nothing_else(
    cast: Cast, house: House, alert: dict[str, Any]
) -> None:
    response = cast.bob.api.post(f"/v1/alerts/{alert['id']}/notes", {"text": "Sister is there."})

    assert response.status == 201
    entry = response.json["entries"][-1]
    assert (entry["kind"], entry["note"]) == ("noted", "Sister is there.")
    assert entry["actor"] == {"id": str(cast.bob.id), "name": "Bob"}
    assert response.json["alert"] == alert | {"sequence": 2}
    with house.database.transaction(write=False, bounds=EVERYTHING) as connection:
        sealed = connection.execute(select(alert_entries.c.note)).scalars().all()
    assert not any(note and b"Sister" in note for note in sealed)


def test_more_hands(cast: Cast, alert: dict[str, Any]) -> None:
    cast.bob.acknowledge(alert)
    shown = cast.bob.escalate(alert).json

    assert (shown["alert"]["status"], shown["alert"]["step"]) == ("triggered", 2)
    assert shown["acknowledged_by"] is None
    assert cast.dana.acknowledge(shown).status == 200
    exhausted = cast.dana.escalate(alert).json["alert"]
    assert exhausted["exhausted"] is True
    assert exhausted["next_action_at"] is not None


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_person_closes_it(cast: Cast, alert: dict[str, Any], outcome: str) -> None:
    shown = cast.bob.resolve(alert, outcome, note="Spoke at length.").json

    assert (shown["alert"]["status"], shown["alert"]["outcome"]) == ("resolved", outcome)
    assert shown["resolved_by"] == {"id": str(cast.bob.id), "name": "Bob"}
    assert shown["alert"]["next_action_at"] is None
    assert shown["entries"][-1]["note"] == "Spoke at length."


def test_who_has_not_seen_the_last_line_cannot_close_it(cast: Cast, alert: dict[str, Any]) -> None:
    cast.alice.check_in(si=1)
    stale = cast.bob.resolve(alert, sequence=alert["sequence"])

    assert (stale.status, stale.code, stale.json["sequence"]) == (409, "situation-changed", 2)
    assert cast.bob.alert(alert)["alert"]["status"] == "triggered"
    assert cast.bob.resolve(alert).status == 200


def test_a_closed_alert_stays_closed(cast: Cast, alert: dict[str, Any]) -> None:
    closed = cast.bob.resolve(alert).json["alert"]
    for refused in (
        cast.dana.acknowledge(alert),
        cast.dana.escalate(alert),
        cast.dana.resolve(alert),
        cast.dana.resolve(alert, sequence=1),
    ):
        assert (refused.status, refused.code) == (409, "alert-resolved")
    assert cast.bob.alert(alert)["alert"] == closed
    path = f"/v1/alerts/{alert['id']}/notes"
    assert cast.bob.api.post(path, {"text": "She called back."}).status == 201


def test_what_was_sent_and_to_whom(cast: Cast, alert: dict[str, Any]) -> None:
    path = f"/v1/alerts/{alert['id']}/deliveries"

    def sent() -> list[tuple[str, str, str]]:
        names = {str(cast.team.id): "team", str(cast.on_call.id): "on-call"}
        items = cast.bob.api.get(path).json["items"]
        return [(item["type"], names[item["endpoint_id"]], item["state"]) for item in items]

    assert sent() == [("alert.triggered", "team", "pending")]
    cast.bob.escalate(alert)
    assert sent()[1:] == [("alert.escalated", "on-call", "pending")]
    cast.bob.acknowledge(cast.bob.alert(alert))
    assert [state for *_, state in sent()[:2]] == ["cancelled"] * 2
    told = {("alert.acknowledged", who, "pending") for who in ("team", "on-call")}
    assert set(sent()[2:]) == told
    assert cast.charlie.api.get(path).status == 404
    assert cast.bob.api.get(f"/v1/alerts/{uuid4()}/deliveries").status == 404


def test_an_answer_that_lost_a_race_is_carried_out_again_with_all_that_it_said(
    cast: Cast, alert: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out, tried = answers.resolve, []

    def late_at_first(*args: Any, **how: Any) -> None:
        tried.append(how)
        if len(tried) == 1:
            raise OperationalError("", {}, Exception("database is locked"))
        carry_out(*args, **how)

    monkeypatch.setattr(answers, "resolve", late_at_first)
    closed = cast.bob.resolve(alert, note="We spoke for an hour.")
    assert (closed.status, len(tried)) == (200, 2)
    assert "We spoke for an hour." in {entry["note"] for entry in closed.json["entries"]}
