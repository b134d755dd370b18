"""What a member of the team does without an answer of the patient's: raise, and speak with them."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from diary.access.permissions import SCOPES_OF, Role
from diary.alerts.model import alert_entries
from diary.isolation import EVERYTHING
from diary.work import House
from tests.cast import Cast, Member
from tests.client import Api, Response
from tests.clock import SimulatedClock
from tests.http.test_clients import client, exchange

NOTE = "Her sister called: she is alone tonight."


def raise_for(who: Member, patient: Any, severity: str = "high", **more: Any) -> Response:
    body = {"patient_id": str(getattr(patient, "id", patient)), "severity": severity}
    return who.api.post("/v1/alerts", body | {"note": NOTE} | more)


def contacted(who: Member, alert: dict[str, Any]) -> Response:
    return who.api.post(f"/v1/alerts/{alert['id']}/contacted", {})


@pytest.fixture
def alert(cast: Cast) -> dict[str, Any]:
    """Alice's alert, high."""
    assert cast.alice.check_in(si=3).status == 201
    (found,) = cast.dana.alerts()
    return found


def test_a_member_raises_an_alert(cast: Cast, house: House) -> None:
    response = raise_for(cast.bob, cast.alice, "critical")

    assert response.status == 201
    shown = response.json
    assert (shown["alert"]["status"], shown["alert"]["severity"]) == ("triggered", "critical")
    assert (shown["alert"]["patient_id"], shown["alert"]["drill"]) == (str(cast.alice.id), False)
    (found,) = shown["findings"]
    assert (found["rule"], found["source"], found["source_id"]) == (
        "STAFF",
        "staff",
        str(cast.bob.id),
    )
    (opened,) = shown["entries"]
    assert (opened["kind"], opened["note"], opened["actor"]["name"]) == ("opened", NOTE, "Bob")
    sent = cast.bob.api.get(f"/v1/alerts/{shown['alert']['id']}/deliveries").json["items"]
    assert [(one["type"], one["endpoint_id"]) for one in sent] == [
        ("alert.triggered", str(cast.team.id))
    ]
    with house.database.transaction(write=False, bounds=EVERYTHING) as connection:
        sealed = connection.execute(select(alert_entries.c.note)).scalars().all()
    assert not any(note and b"sister" in note for note in sealed)


def test_it_joins_the_open_alert(cast: Cast, alert: dict[str, Any]) -> None:
    cast.bob.acknowledge(alert)
    shown = raise_for(cast.dana, cast.alice, "moderate").json

    assert shown["alert"]["id"] == alert["id"]
    assert (shown["alert"]["severity"], shown["alert"]["status"]) == ("high", "acknowledged")
    assert [entry["kind"] for entry in shown["entries"]][-1] == "joined"
    assert shown["entries"][-1]["note"] == NOTE


def test_a_graver_one_worsens_it_and_what_was_acknowledged_covers_less(
    cast: Cast, alert: dict[str, Any]
) -> None:
    cast.bob.acknowledge(alert)
    shown = raise_for(cast.dana, cast.alice, "critical").json["alert"]

    assert (shown["id"], shown["generation"]) == (alert["id"], 2)
    assert (shown["severity"], shown["status"]) == ("critical", "triggered")


def test_no_patient_of_another_clinic(cast: Cast) -> None:
    for patient in (cast.frank, uuid4()):
        assert raise_for(cast.bob, patient).status == 404
    assert cast.charlie.alerts() == cast.bob.alerts() == []


def test_only_who_may_answer_and_with_a_note(cast: Cast) -> None:
    assert raise_for(cast.erin, cast.alice).status == 403
    assert cast.alice.api.post("/v1/alerts", {}).status == 403
    assert raise_for(cast.bob, cast.alice, note="").status == 422
    assert raise_for(cast.bob, cast.alice, "grave").status == 422
    assert raise_for(cast.bob, cast.alice, on_behalf_of=str(cast.dana.id)).code == "name-required"
    assert cast.dana.alerts() == []


def test_a_program_raises_it_in_a_members_name(cast: Cast, api: Api) -> None:
    made = client(cast, sorted(SCOPES_OF[Role.CLIENT]))
    program = api.as_(exchange(api, made["id"], made["key"]).json["access_token"])
    body = {"patient_id": str(cast.alice.id), "severity": "low", "note": NOTE}

    assert program.post("/v1/alerts", body).code == "name-required"
    shown = program.post("/v1/alerts", body | {"on_behalf_of": str(cast.bob.id)}).json
    assert shown["findings"][0]["source_id"] == str(cast.bob.id)


def test_the_first_contact_is_kept(
    cast: Cast, clock: SimulatedClock, alert: dict[str, Any]
) -> None:
    first = clock.advance(minutes=10)
    shown = contacted(cast.bob, alert).json
    clock.advance(minutes=10)
    again = contacted(cast.dana, alert).json

    assert datetime.fromisoformat(shown["alert"]["contacted_at"]) == first
    assert datetime.fromisoformat(again["alert"]["contacted_at"]) == first
    assert [entry["kind"] for entry in again["entries"]] == ["opened", "contacted", "contacted"]
    assert shown["alert"]["status"] == "triggered"
    closed = cast.bob.resolve(alert).json["alert"]
    assert datetime.fromisoformat(closed["contacted_at"]) == first
    assert contacted(cast.bob, alert).code == "alert-resolved"


@pytest.mark.parametrize(
    ("outcome", "spoke"),
    [
        *(("contacted-safe", True), ("safety-plan-reviewed", True), ("referred", True)),
        *(("emergency-services", True), ("unable-to-reach", False), ("false-positive", False)),
    ],
)
def test_an_outcome_says_whether_someone_spoke_with_the_patient(
    cast: Cast, alert: dict[str, Any], outcome: str, spoke: bool
) -> None:
    closed = cast.bob.resolve(alert, outcome).json["alert"]
    assert (closed["contacted_at"] is not None) is spoke


def test_the_first_acknowledgement_is_never_forgotten(
    cast: Cast, clock: SimulatedClock, alert: dict[str, Any]
) -> None:
    first = clock.advance(minutes=3)
    cast.bob.acknowledge(alert)
    clock.advance(minutes=3)
    cast.bob.hand_over(alert, cast.dana)
    cast.dana.release(alert)
    cast.alice.check_in(si=5)
    cast.dana.acknowledge(cast.dana.alert(alert))

    shown = cast.bob.alert(alert)["alert"]
    assert datetime.fromisoformat(shown["first_acknowledged_at"]) == first
    assert datetime.fromisoformat(shown["acknowledged_at"]) == clock.now()


def test_a_strangers_alert_is_not_there(cast: Cast, alert: dict[str, Any]) -> None:
    assert contacted(cast.charlie, alert).status == 404
    assert contacted(cast.erin, alert).status == 403
