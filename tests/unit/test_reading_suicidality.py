"""What a refused body says of suicidality: nothing misplaced, and nothing before it, is lost."""

from datetime import timedelta
from typing import Any

import pytest

from diary.checkins.suicidality import suicidality_of
from diary.rules.default import DEFAULT
from diary.rules.ruleset import judge, severity_of
from diary.severity import Severity
from tests.cast import Cast
from tests.clock import SimulatedClock


@pytest.mark.parametrize(
    "body",
    [
        {"answers": {"si_gate": "no"}, "si": 5},
        {"answers": {"si_gate": "no", "items": [{"id": "si", "value": 5}]}},
        {"answers": {"safe_now": "yes"}, "ANSWERS": {"si": 5}},
        {"answers": {"si_gate": "no", "Si": 5, "si ": 5}},
        {"answers": {"si": 0}, "si": 5},
        {"answers": {"si": "declined"}, "si": 5},
        {"answers": {"SI": 5}},
        {"answers": [{"id": "si", "value": 5}]},
        {"instrument": "si", "value": 5},
        {"locale": {"si": 5}},
        [{"si": 5}],
    ],
)
def test_a_misplaced_answer_is_unreadable(body: object) -> None:
    facts = suicidality_of(body)

    assert facts is not None
    assert facts.unreadable == {"si"}
    assert (severity_of(judge(DEFAULT, facts)) or 0) >= Severity.HIGH


@pytest.mark.parametrize(
    "body",
    [
        {},
        None,
        {"answers": {"mood": 3, "note": "si, claro"}},
        {"answers": {"mood": 3}, "si": None},
        {"answers": {"SI": None, "si": None}},
        {"answers": {"mood": 3}, "locale": "si"},
        {"answers": {"mood": 3}, "step": "sip"},
    ],
)
def test_a_body_that_says_nothing(body: object) -> None:
    assert suicidality_of(body) is None


@pytest.mark.parametrize(
    ("answers", "measures"),
    [
        ({"si_gate": "no", "mood": 3}, {"si_gate": "no"}),
        ({"si_gate": "si"}, {"si_gate": "yes"}),
        ({"si": "4", "safe_now": "unsure"}, {"si": 4, "safe_now": "unsure"}),
    ],
)
def test_answers_in_their_place_are_only_read(
    answers: dict[str, Any], measures: dict[str, Any]
) -> None:
    facts = suicidality_of({"answers": answers, "instrument": "daily"})

    assert facts is not None
    assert (facts.measures, facts.unreadable) == (measures, frozenset())


def test_a_misplaced_answer_under_a_known_id_is_judged(cast: Cast) -> None:
    id = cast.alice.check_in().json["id"]
    assert cast.alice.check_in(id, envelope={"locale": "es"}).json.get("guidance") is None
    response = cast.alice.check_in(id, envelope={"si": 5})

    assert (response.status, response.code) == (409, "check-in-conflict")
    assert response.json["guidance"]["level"] == "urgent"
    assert [alert["severity"] for alert in cast.dana.alerts()] == ["high"]


def test_a_phone_that_was_a_day_ahead_still_counts_as_before(
    cast: Cast, clock: SimulatedClock
) -> None:
    cast.alice.check_in(si=4, recorded_at=clock.now() + timedelta(days=1))
    (alert,) = cast.dana.alerts()
    assert cast.dana.acknowledge(alert).status == 200
    assert cast.dana.resolve(alert).status == 200
    clock.advance(hours=2)
    declined = cast.alice.check_in(si="declined", si_gate="declined").json

    path = f"/v1/patients/{cast.alice.id}/check-ins/{declined['id']}"
    stored = cast.bob.api.get(path).json
    assert (stored["severity"], stored["alert_id"] != alert["id"]) == ("critical", True)
    found = cast.bob.alert(stored["alert_id"])["findings"]
    assert ("R7", "critical") in [(each["rule"], each["severity"]) for each in found]


def test_the_check_in_a_conflict_contradicts_came_before_it(cast: Cast) -> None:
    id = cast.alice.check_in(si=4).json["id"]
    response = cast.alice.check_in(id, si="declined", si_gate="declined")

    assert (response.status, response.json["guidance"]["level"]) == (409, "emergency")
    (item,) = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/quarantine").json["items"]
    assert item["severity"] == "critical"
