"""What a phone kept without a network, sent at once: each item stands for itself."""

from typing import Any
from uuid import uuid4

import pytest

from tests.cast import Cast, Patient
from tests.client import Response
from tests.clock import SimulatedClock
from tests.http.test_checkins import at_once

BATCH = "/v1/check-ins/batch"


def item(patient: Patient, id: object = None, **answers: Any) -> dict[str, Any]:
    return {"id": str(id or uuid4()), "check_in": patient.check_in_body(**answers)}


def send(patient: Patient, *items: Any, **around: Any) -> Response:
    return patient.api.post(BATCH, {"items": list(items)} | around)


def statuses(answer: Response) -> list[int]:
    assert answer.status == 200, answer
    return [each["status"] for each in answer.json["results"]]


def held(patient: Patient) -> int:
    return len(patient.api.get("/v1/check-ins", limit=100).json["items"])


def test_each_is_answered_as_it_would_be_alone(cast: Cast) -> None:
    calm, grave = item(cast.alice), item(cast.alice, si=4)
    answer = send(cast.alice, calm, grave)
    assert statuses(answer) == [201, 201]
    first, second = answer.json["results"]
    assert (first["id"], first["receipt"]["id"]) == (calm["id"], calm["id"])
    assert (first["receipt"]["care_team_told"], second["receipt"]["care_team_told"]) == (
        False,
        True,
    )
    alone = cast.alice.api.put(f"/v1/check-ins/{grave['id']}", grave["check_in"])
    assert alone.status == 200
    assert alone.json == second["receipt"] | {"outcome": "repeated"}


def test_one_bad_item_keeps_none_of_the_others_out(cast: Cast) -> None:
    odd: list[Any] = [
        {"id": str(uuid4()), "check_in": {"instrument": "daily-check-in"}},
        {"id": str(uuid4())},
        {"id": str(uuid4()), "check_in": 7},
        {"id": str(uuid4()), "amends": str(uuid4()), "amendment": {}},
        {"id": str(uuid4()), "amends": "x", "amendment": {}},
        "nothing",
        None,
    ]
    answer = send(cast.alice, item(cast.alice), *odd, item(cast.alice, mood=3))
    assert statuses(answer) == [201, 422, 422, 422, 422, 422, 422, 422, 201]
    assert held(cast.alice) == 2
    refused = answer.json["results"][1]
    assert "/answers" in [each["pointer"] for each in refused["problem"]["errors"]]
    assert refused["problem"]["crisis"]["contacts"]
    assert answer.json["results"][6]["id"] is None


@pytest.mark.parametrize(
    ("spoil", "severity"),
    [
        (lambda sent: sent | {"id": "no uuid"}, "critical"),
        (lambda sent: {"check_in": sent["check_in"]}, "critical"),
        (lambda sent: sent | {"amends": str(uuid4())}, "critical"),
        (lambda sent: {"id": sent["id"], "checkin": sent["check_in"]}, "critical"),
        (lambda sent: sent["check_in"], "critical"),
        # What cannot be read weighs as what is withheld.
        (lambda sent: [sent["check_in"]], "high"),
        (lambda sent: sent | {"check_in": sent["check_in"] | {"mood": 11}}, "critical"),
    ],
)
def test_suicidality_is_judged_whatever_the_item_looks_like(
    cast: Cast, spoil: Any, severity: str
) -> None:
    spoiled = spoil(item(cast.alice, si=4))
    answer = send(cast.alice, item(cast.alice), spoiled)
    assert statuses(answer) == [201, 202]
    assert answer.json["results"][1]["receipt"]["care_team_told"] is True
    assert [each["severity"] for each in cast.bob.alerts()] == [severity]
    sequence = cast.bob.alerts()[0]["sequence"]
    assert statuses(send(cast.alice, item(cast.alice), spoiled)) == [201, 202]
    assert cast.bob.alerts()[0]["sequence"] == sequence, "judged once"


def test_also_where_there_is_no_list_at_all(cast: Cast) -> None:
    answer = cast.alice.api.post(BATCH, cast.alice.check_in_body(si=5))
    assert statuses(answer) == [202]
    assert cast.bob.alerts()[0]["severity"] == "critical"
    assert statuses(cast.alice.api.post(BATCH, {"items": {}})) == [422]
    assert statuses(cast.alice.api.post(BATCH, {"items": []})) == []


def test_of_too_many_those_that_may_carry_a_risk_are_heard(cast: Cast) -> None:
    known = str(uuid4())
    assert statuses(send(cast.alice, item(cast.alice, known))) == [201]
    repeated = item(cast.alice, known)
    many = [repeated] * 100 + [{"id": str(uuid4()), "check_in": {}}, item(cast.alice, si=4)]
    answer = send(cast.alice, *many)
    assert statuses(answer) == [200] * 100 + [422, 202]
    assert answer.json["results"][100]["problem"]["errors"][0]["code"] == "too_many"


def test_the_same_batch_again_changes_nothing(cast: Cast) -> None:
    batch = [item(cast.alice, si=3), item(cast.alice), {"id": str(uuid4()), "check_in": {}}]
    first = send(cast.alice, *batch)
    alert = cast.bob.alerts()[0]
    again = send(cast.alice, *batch)
    assert statuses(first) == [201, 201, 422]
    assert statuses(again) == [200, 200, 422]
    assert (held(cast.alice), cast.bob.alerts()[0]) == (2, alert)
    outcomes = [each["receipt"] | {"outcome": ""} for each in first.json["results"][:2]]
    assert [each["receipt"] | {"outcome": ""} for each in again.json["results"][:2]] == outcomes


def test_two_devices_at_once_land_each_item_once(cast: Cast) -> None:
    batch = [item(cast.alice, si=3), item(cast.alice), item(cast.alice, mood=2)]
    answers = at_once(lambda: send(cast.alice, *batch))
    assert all(set(statuses(answer)) <= {200, 201} for answer in answers)
    landed = [status for answer in answers for status in statuses(answer)]
    assert landed.count(201) == held(cast.alice) == 3
    assert len(cast.bob.alerts()) == 1


def test_an_id_that_comes_twice_with_another_body_is_a_conflict_and_is_heard(cast: Cast) -> None:
    known = str(uuid4())
    answer = send(cast.alice, item(cast.alice, known), item(cast.alice, known, si=5))
    assert statuses(answer) == [201, 409]
    assert answer.json["results"][1]["problem"]["guidance"]["level"] == "emergency"
    assert cast.bob.alerts()[0]["severity"] == "critical"


def test_an_amendment_comes_along(cast: Cast) -> None:
    known = item(cast.alice)
    amendment = {
        "reason": "I mistook it.",
        "amended_at": known["check_in"]["recorded_at"],
        "answers": known["check_in"]["answers"] | {"mood": 2},
    }
    sent = {"id": str(uuid4()), "amends": known["id"], "amendment": amendment}
    assert statuses(send(cast.alice, known, sent)) == [201, 201]
    assert cast.alice.api.get(f"/v1/check-ins/{known['id']}").json["answers"]["mood"] == 2


def test_the_phone_is_told_how_wrong_its_clock_is(cast: Cast, clock: SimulatedClock) -> None:
    answer = send(cast.alice, item(cast.alice), sent_at="2026-03-02T11:00:05+01:00")
    assert answer.json["clock_ahead_seconds"] == 3_605
    assert answer.json["received_at"] == "2026-03-02T09:00:00Z"
    assert answer.json["errors"] == []
    for unreadable in ("yesterday", 7):
        answer = send(cast.alice, item(cast.alice), sent_at=unreadable)
        assert (statuses(answer), answer.json["clock_ahead_seconds"]) == ([201], None)
        assert [each["pointer"] for each in answer.json["errors"]] == ["/sent_at"]


def test_what_may_carry_a_risk_has_the_reserve(cast: Cast) -> None:
    nothing = {"id": str(uuid4()), "check_in": {"instrument": "weekly-check-in"}}
    while send(cast.alice, nothing).status == 200:
        pass
    assert send(cast.alice, nothing).status == 429
    assert statuses(send(cast.alice, item(cast.alice), item(cast.alice, si=4))) == [201, 201]


def test_of_whoever_is_no_patient_nothing_is_taken(cast: Cast) -> None:
    assert cast.bob.api.post(BATCH, {"items": [item(cast.alice)]}).status == 403
