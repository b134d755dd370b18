"""A patient takes answers back: the new ones hold, the old ones stay, and nothing alarms less."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from tests.cast import CALM, Cast, Patient
from tests.client import Response
from tests.clock import SimulatedClock

REASON = "I tapped the wrong one."


def amend(
    patient: Patient,
    check_in_id: object,
    id: object = None,
    *,
    reason: object = REASON,
    envelope: Mapping[str, object] | None = None,
    **answers: Any,
) -> Response:
    """Amend a check-in to calm answers but for these."""
    gate = {"si_gate": "yes"} if answers.get("si") is not None else {}
    body = {
        "reason": reason,
        "amended_at": patient.check_in_body()["sent_at"],
        "answers": {**CALM, **gate, **answers},
    } | dict(envelope or {})
    return patient.api.put(f"/v1/check-ins/{check_in_id}/amendments/{id or uuid4()}", body)


def rules(cast: Cast, source: str) -> dict[str, str]:
    """The rules that fired on what has this source, and how gravely."""
    shown = [cast.bob.alert(each) for each in cast.bob.alerts(patient_id=cast.alice.id)]
    return {
        each["rule"]: each["severity"]
        for alert in shown
        for each in alert["findings"]
        if each["source"] == source
    }


@pytest.fixture
def calm(cast: Cast) -> str:
    """A calm check-in of Alice's."""
    id: str = cast.alice.check_in().json["id"]
    return id


def test_the_new_answers_hold_and_the_old_ones_stay(cast: Cast, calm: str) -> None:
    receipt = amend(cast.alice, calm, mood=3)
    assert (receipt.status, receipt.json["outcome"]) == (201, "recorded")
    assert receipt.json["scores"]["mood"] == 3
    shown = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/check-ins/{calm}").json
    assert (shown["answers"]["mood"], shown["mood"], shown["amendments"]) == (3, 3, 1)
    for api, path in (
        (cast.alice.api, f"/v1/check-ins/{calm}/amendments"),
        (cast.bob.api, f"/v1/patients/{cast.alice.id}/check-ins/{calm}/amendments"),
    ):
        (kept,) = api.get(path).json["items"]
        assert kept["before"]["answers"] == CALM
        assert (kept["before"]["mood"], kept["reason"], kept["number"]) == (7, REASON, 1)


def test_each_amendment_replaces_the_one_before(cast: Cast, calm: str) -> None:
    for mood in (6, 5, 4):
        assert amend(cast.alice, calm, mood=mood).status == 201
    items = cast.alice.api.get(f"/v1/check-ins/{calm}/amendments").json["items"]
    assert [
        (each["number"], each["before"]["mood"], each["answers"]["mood"]) for each in items
    ] == [
        (1, 7, 6),
        (2, 6, 5),
        (3, 5, 4),
    ]


def test_a_worse_answer_is_judged_at_once_with_its_age(
    cast: Cast, clock: SimulatedClock, calm: str
) -> None:
    clock.advance(hours=30)
    receipt = amend(cast.alice, calm, si=4, safe_now="no")
    assert receipt.json["guidance"]["level"] == "emergency"
    (alert,) = cast.bob.alerts(patient_id=cast.alice.id, status="open")
    (found, *_) = cast.bob.alert(alert)["findings"]
    assert (found["rule"], found["source"], found["severity"]) == ("R1", "amendment", "critical")
    assert "30 h" in found["explanation"]


def test_a_better_answer_takes_no_alarm_back(cast: Cast, clock: SimulatedClock) -> None:
    grave = cast.alice.check_in(si=4).json["id"]
    assert amend(cast.alice, grave).status == 201
    (alert,) = cast.bob.alerts(patient_id=cast.alice.id, status="open")
    assert alert["severity"] == "critical"
    # What was once said still came before whatever comes next.
    clock.advance(hours=1)
    cast.alice.check_in(si_gate="declined")
    assert rules(cast, "check-in")["R7"] == "critical"


def test_declining_what_was_said_weighs_what_it_did(cast: Cast) -> None:
    grave = cast.alice.check_in(si=3).json["id"]
    amend(cast.alice, grave, si="declined")
    assert rules(cast, "amendment")["R7"] == "high"


def test_the_same_again_is_the_same(cast: Cast, calm: str) -> None:
    id = uuid4()
    first, again = (amend(cast.alice, calm, id, si=2) for _ in range(2))
    assert (first.status, again.status) == (201, 200)
    assert len(cast.alice.api.get(f"/v1/check-ins/{calm}/amendments").json["items"]) == 1
    other = amend(cast.alice, calm, id, si=2, mood=1)
    assert (other.status, other.code) == (409, "check-in-conflict")
    # It says something else of suicidality: it is judged all the same.
    assert amend(cast.alice, calm, id, si=5).status == 409
    assert rules(cast, "quarantine")["R1"] == "critical"


def test_the_first_body_again_takes_nothing_back(cast: Cast) -> None:
    body, url = cast.alice.check_in_body(), f"/v1/check-ins/{uuid4()}"
    id = cast.alice.api.put(url, body).json["id"]
    amend(cast.alice, id, mood=2)
    assert cast.alice.api.put(url, body).status == 200
    assert cast.alice.api.get(url).json["mood"] == 2


@pytest.mark.parametrize("wrong", [{"mood": 99}, {"reason": ""}, {"si": 9}])
def test_one_that_cannot_be_taken_is_kept_and_judged(
    cast: Cast, calm: str, wrong: dict[str, Any]
) -> None:
    receipt = amend(cast.alice, calm, **{"si": 4} | wrong)
    assert (receipt.status, receipt.json["outcome"]) == (202, "quarantined")
    assert rules(cast, "quarantine")["R1"] == "critical"
    assert cast.alice.api.get(f"/v1/check-ins/{calm}").json["amendments"] == 0


def test_one_that_comes_before_its_check_in_is_judged_and_comes_again(cast: Cast) -> None:
    id = uuid4()
    assert amend(cast.alice, id, si=4).status == 202
    assert rules(cast, "quarantine")["R1"] == "critical"
    cast.alice.check_in(id)
    assert amend(cast.alice, id, si=4).status == 201


def test_nobody_amends_what_is_another_patients(cast: Cast, calm: str) -> None:
    assert amend(cast.frank, calm, mood=1).status == 202
    assert cast.alice.api.get(f"/v1/check-ins/{calm}").json["amendments"] == 0
