"""A check-in is judged with what came before it, and with what is known of a later moment."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.cast import Cast
from tests.client import Response
from tests.clock import SimulatedClock


def findings(cast: Cast, receipt: Response) -> dict[str, dict[str, Any]]:
    """What this check-in was found to say, by rule."""
    assert receipt.status in (201, 202)
    found = [
        finding
        for each in cast.bob.alerts(patient_id=cast.alice.id)
        for finding in cast.bob.alert(each)["findings"]
    ]
    source = receipt.json["id"]
    apart = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/quarantine").json["items"]
    ids = {source, *(each["id"] for each in apart if each["check_in_id"] == source)}
    return {each["rule"]: each for each in found if each["source_id"] in ids}


@pytest.fixture
def weeks(cast: Cast, clock: SimulatedClock) -> datetime:
    """Eight calm days of Alice's; the moment of the last."""
    for _ in range(8):
        assert cast.alice.check_in().status == 201
        clock.advance(days=1)
    return clock.now() - timedelta(days=1)


def test_suicidality_that_emerges_after_a_week_at_none_weighs_one_level_more(
    cast: Cast, weeks: datetime
) -> None:
    found = findings(cast, cast.alice.check_in(si=1))
    assert found["R3"]["severity"] == "moderate"
    assert found["R4"]["severity"] == "high"


def test_without_that_week_it_does_not(cast: Cast, clock: SimulatedClock) -> None:
    cast.alice.check_in()
    clock.advance(days=1)
    assert "R4" not in findings(cast, cast.alice.check_in(si=1))


def test_a_rise_says_from_where_and_how_fast(cast: Cast, clock: SimulatedClock) -> None:
    cast.alice.check_in(si=1)
    clock.advance(hours=40)
    found = findings(cast, cast.alice.check_in(si=3))
    assert found["R5"]["severity"] == "high"
    assert "rose from 1 to 3 within 40 h" in found["R5"]["explanation"]


def test_another_patients_days_are_not_looked_at(cast: Cast, clock: SimulatedClock) -> None:
    olga = cast.enrol("Olga")
    for _ in range(8):
        assert cast.alice.check_in().status == 201
        clock.advance(days=1)
    receipt = olga.check_in(si=1)
    (alert,) = cast.bob.alerts(patient_id=olga.id)
    assert {each["rule"] for each in cast.bob.alert(alert)["findings"]} == {"R3"}
    assert receipt.status == 201


def test_what_comes_late_is_judged_at_its_own_time_and_says_what_is_known_since(
    cast: Cast, clock: SimulatedClock
) -> None:
    written = clock.now()
    clock.advance(hours=30)
    cast.alice.check_in()
    clock.advance(hours=2)
    found = findings(cast, cast.alice.check_in(si=4, recorded_at=written))
    assert found["R1"]["severity"] == "critical"
    said = found["R1"]["explanation"]
    assert "32 h" in said
    assert "newer" in said


def test_what_comes_in_time_says_nothing_of_that(cast: Cast) -> None:
    said = findings(cast, cast.alice.check_in(si=4))["R1"]["explanation"]
    assert "ago" not in said
    assert "newer" not in said


def test_what_was_found_stays_as_it_was_whatever_comes_later(
    cast: Cast, clock: SimulatedClock
) -> None:
    written = clock.now()
    clock.advance(hours=20)
    first = cast.alice.check_in(si=3)
    before = findings(cast, first)
    # Between the two it was 1: known only now.
    cast.alice.check_in(si=1, recorded_at=written)
    assert findings(cast, first) == before
    assert "R5" not in before


def test_a_body_that_cannot_be_taken_is_judged_with_the_same_past(
    cast: Cast, weeks: datetime
) -> None:
    found = findings(cast, cast.alice.check_in(si=1, mood=99))
    assert found["R4"]["severity"] == "high"


@pytest.mark.parametrize("mood", [7, 99])
def test_a_phrase_of_the_list_in_a_note_is_high_whatever_the_answers_are(
    cast: Cast, mood: int
) -> None:
    note = "Nobody would notice. I want to KILL   myself."
    found = findings(cast, cast.alice.check_in(mood=mood, envelope={"note": note}))
    assert found["R17"]["severity"] == "high"
    (kept,) = cast.bob.api.get("/v1/notes", unread="true").json["items"]
    assert (kept["text"], kept["phrases"]) == (note, True)


def test_any_other_note_raises_nothing_and_waits_for_a_reader(
    cast: Cast, clock: SimulatedClock
) -> None:
    cast.alice.check_in(envelope={"note": "Slept well, walked the dog."})
    assert cast.bob.alerts() == []
    (note,) = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/notes").json["items"]
    assert note["read_at"] is None
    url = f"/v1/patients/{cast.alice.id}/notes/{note['id']}/read"
    assert cast.charlie.api.put(url).code == "not-found"
    read = cast.bob.api.put(url).json
    clock.advance(minutes=5)
    assert cast.dana.api.put(url).json == read
    assert read["read_by"] == str(cast.bob.id)
    assert cast.bob.api.get("/v1/notes", unread="true").json["items"] == []
    assert cast.bob.api.get("/v1/notes", unread="false").json["items"] == [read]


def test_notes_of_others_are_not_listed(cast: Cast) -> None:
    cast.alice.check_in(envelope={"note": "Only for my team."})
    assert cast.charlie.api.get("/v1/notes").json["items"] == []


def test_the_first_word_of_suicidality_is_news_on_an_alert_about_something_else(
    cast: Cast,
) -> None:
    cast.alice.check_in(dissociation_body=4)
    (alert,) = cast.bob.alerts()
    assert (alert["severity"], alert["suicidality"]) == ("high", 0)
    cast.bob.acknowledge(alert)
    cast.alice.check_in(envelope={"note": "I want to die."})
    (again,) = cast.bob.alerts()
    assert again["status"] == "triggered"
    cast.bob.acknowledge(again)
    # The same once more is no news; what is withheld is.
    cast.alice.check_in(envelope={"note": "I want to die."})
    assert cast.bob.alerts()[0]["status"] == "acknowledged"
    cast.alice.check_in(si_act="declined")
    assert cast.bob.alerts()[0]["status"] == "triggered"


def test_a_note_in_a_body_that_is_refused_as_another_is_kept_and_judged(cast: Cast) -> None:
    body = cast.alice.check_in_body()
    url = f"/v1/check-ins/{uuid4()}"
    assert cast.alice.api.put(url, body).status == 201
    noted = cast.alice.api.put(url, body | {"note": "I want to die."})
    assert (noted.status, noted.code) == (409, "check-in-conflict")
    assert noted.json["guidance"]["level"] == "urgent"
    (alert,) = cast.bob.alerts()
    assert cast.bob.alert(alert)["findings"][0]["rule"] == "R17"
    assert cast.alice.api.put(url, body | {"note": "I want to die."}).status == 409
    assert len(cast.bob.api.get("/v1/notes").json["items"]) == 1


def test_a_hostile_body_buys_no_fault_for_each_of_its_fields(cast: Cast) -> None:
    made_up: dict[str, Any] = {f"x{number}": 1 for number in range(5_000)}
    refused = cast.alice.check_in(si=1, **made_up)
    assert refused.status == 202
    assert len(refused.json["errors"]) == 101
    assert refused.json["errors"][-1]["code"] == "too_many"
