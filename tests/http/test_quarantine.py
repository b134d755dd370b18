"""What could not be taken as it was waits until a person has said what it was."""

from typing import Any

import pytest

from diary.access.permissions import Role
from diary.callers import OPERATOR
from diary.erasure.service import carry_out, held
from diary.work import House
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.http.test_checkins import at_once

CLINIC = "/v1/quarantine"
NOTE = "She meant the day before."


def path(cast: Cast, apart: dict[str, Any], patient: Any = None) -> str:
    return f"/v1/patients/{(patient or cast.alice).id}/quarantine/{apart['id']}"


def set_apart(cast: Cast, **answers: Any) -> dict[str, Any]:
    """A body of Alice's with a mood that there is not."""
    assert cast.alice.check_in(mood=11, **answers).status == 202
    (apart, *_) = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/quarantine").json["items"]
    found: dict[str, Any] = apart
    return found


def test_what_was_set_apart_waits_for_a_person(cast: Cast, clock: SimulatedClock) -> None:
    assert cast.bob.api.get(f"{CLINIC}/waiting").json == {"count": 0, "since": None}
    first = set_apart(cast)
    clock.advance(hours=1)
    second = set_apart(cast, anxiety=3)
    assert (first["verdict"], first["reviewed_at"], first["review_note"]) == (None, None, None)
    counted = cast.bob.api.get(f"{CLINIC}/waiting").json
    assert counted == {"count": 2, "since": first["received_at"]}
    waits = cast.dana.api.get(CLINIC, reviewed="false").json["items"]
    assert [each["id"] for each in waits] == [second["id"], first["id"]]
    assert {each["patient_id"] for each in waits} == {str(cast.alice.id)}

    clock.advance(minutes=5)
    said = {"verdict": "entered-by-hand", "note": NOTE}
    done = cast.bob.api.post(f"{path(cast, first)}/review", said)
    assert done.status == 201
    assert done.json == first | {
        "verdict": "entered-by-hand",
        "review_note": NOTE,
        "reviewed_at": "2026-03-02T10:05:00Z",
        "reviewed_by": str(cast.bob.id),
    }
    assert cast.dana.api.get(path(cast, first)).json == done.json
    assert cast.bob.api.get(CLINIC, reviewed="true").json["items"] == [done.json]
    assert cast.bob.api.get(CLINIC, reviewed="false").json["items"] == [second]
    assert cast.bob.api.get(f"{CLINIC}/waiting").json["count"] == 1


def test_of_two_reviews_the_first_stays(cast: Cast) -> None:
    apart = set_apart(cast)
    url = f"{path(cast, apart)}/review"
    answers = at_once(lambda: cast.bob.api.post(url, {"verdict": "duplicate"}))
    assert [answer.status for answer in answers].count(201) == 1
    assert {answer.code for answer in answers} == {None, "already-reviewed"}
    late = cast.dana.api.post(url, {"verdict": "unusable", "note": NOTE})
    assert (late.status, late.code) == (409, "already-reviewed")
    shown = cast.dana.api.get(path(cast, apart)).json
    assert (shown["verdict"], shown["review_note"]) == ("duplicate", None)


def test_a_review_closes_no_alert_and_changes_no_severity(cast: Cast) -> None:
    apart = set_apart(cast, si=4)
    (before,) = cast.dana.alerts()
    url = f"{path(cast, apart)}/review"
    shown = cast.bob.api.post(url, {"verdict": "duplicate"}).json
    assert (shown["severity"], shown["alert_id"]) == ("critical", before["id"])
    assert cast.dana.alerts() == [before]


def test_the_same_body_again_does_not_wait_again(cast: Cast) -> None:
    body = cast.alice.check_in_body(mood=11)
    url = "/v1/check-ins/00000000-0000-4000-8000-000000000001"
    assert cast.alice.api.put(url, body).status == 202
    (apart,) = cast.bob.api.get(CLINIC).json["items"]
    cast.bob.api.post(f"{path(cast, apart)}/review", {"verdict": "unusable"})
    assert cast.alice.api.put(url, body).status == 202
    assert cast.bob.api.get(f"{CLINIC}/waiting").json["count"] == 0


def test_each_sees_what_their_patients_phones_sent(cast: Cast) -> None:
    apart = set_apart(cast)
    assert cast.frank.check_in(mood=11).status == 202
    (theirs,) = cast.charlie.api.get(CLINIC).json["items"]
    assert theirs["patient_id"] == str(cast.frank.id)
    heidi = cast.join("Heidi", Role.CLINICIAN)
    assert heidi.api.get(CLINIC).json["items"] == []
    assert heidi.api.get(f"{CLINIC}/waiting").json["count"] == 0
    assert cast.charlie.api.get(path(cast, apart)).status == 404
    # Under the patient that is Charlie's, with an id that is not.
    assert cast.charlie.api.get(path(cast, apart, cast.frank)).status == 404
    said = {"verdict": "duplicate"}
    for patient in (cast.alice, cast.frank):
        refused = cast.charlie.api.post(f"{path(cast, apart, patient)}/review", said)
        assert refused.status == 404
    assert cast.bob.api.get(path(cast, apart)).json == apart


@pytest.mark.parametrize("state", ["hospitalised", "discharged", "deceased"])
def test_what_waits_of_whoever_is_away_or_gone_waits_on(cast: Cast, state: str) -> None:
    apart = set_apart(cast, si=4)
    until = {"until": "2026-03-20T09:00:00Z"} if state == "hospitalised" else {}
    body = {"state": state, "reason": "As the ward said."} | until
    assert cast.bob.api.post(f"/v1/patients/{cast.alice.id}/states", body).status == 201
    assert cast.bob.api.get(f"{CLINIC}/waiting").json["count"] == 1
    said = {"verdict": "entered-by-hand", "note": NOTE}
    assert cast.bob.api.post(f"{path(cast, apart)}/review", said).status == 201
    assert cast.bob.api.get(f"{CLINIC}/waiting").json["count"] == 0


def test_what_is_left_of_whoever_was_erased_keeps_nothing_else_from_being_read(
    cast: Cast, house: House
) -> None:
    olga = cast.enrol("Olga")
    assert olga.check_in(mood=11).status == 202
    apart = set_apart(cast)
    with house.work(OPERATOR.within(cast.clinic)) as work:
        patient = held(work, cast.clinic, olga.id)
        assert patient is not None
        carry_out(work, patient, reason="patient-request")
    assert cast.dana.api.get(CLINIC).json["items"] == [apart]
    assert cast.dana.api.get(f"{CLINIC}/waiting").json["count"] == 1


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({}, {"/verdict": "required"}),
        ({"verdict": "fine"}, {"/verdict": "invalid_choice"}),
        ({"verdict": "duplicate", "note": ""}, {"/note": "too_short"}),
        ({"verdict": "duplicate", "note": "x" * 4_001}, {"/note": "too_long"}),
    ],
)
def test_a_review_says_one_of_a_few_things(
    cast: Cast, sent: dict[str, Any], fault: dict[str, str]
) -> None:
    apart = set_apart(cast)
    answer = cast.bob.api.post(f"{path(cast, apart)}/review", sent)
    assert answer.status == 422
    assert {each["pointer"]: each["code"] for each in answer.json["errors"]} == fault


def test_a_note_of_the_team_is_not_in_what_the_patient_takes_along(cast: Cast) -> None:
    apart = set_apart(cast)
    said = {"verdict": "unusable", "note": NOTE}
    cast.bob.api.post(f"{path(cast, apart)}/review", said)
    for who, url, note in (
        (cast.alice, "/v1/me/export", None),
        (cast.dana, f"/v1/patients/{cast.alice.id}/export", NOTE),
    ):
        items = who.api.get(url, limit=100).json["items"]
        (kept,) = [item["set_apart"] for item in items if item["section"] == "set_apart"]
        assert (kept["verdict"], kept["has_review_note"]) == ("unusable", True)
        assert kept["review_note"] == note
        assert "reviewed_by" not in kept
