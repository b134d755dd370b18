"""A low level that Bob knows of Alice is a list entry for a time; a rise pages as ever."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from diary.access.permissions import Role
from diary.callers import OPERATOR
from diary.rules.model import known_baselines
from diary.work import House
from engine.loop import Engine
from tests.cast import Cast, Member, Patient
from tests.client import Response
from tests.clock import SimulatedClock
from tests.http.test_amendments import amend
from tests.receiver import Receiver

UNTIL = "2026-03-30T09:00:00Z"
REASON = "Passive thoughts since 2019, unchanged; seen on Monday."


def path(patient: Patient) -> str:
    return f"/v1/patients/{patient.id}/known-baselines"


def know(cast: Cast, level: int = 2, *, by: Member | None = None, **more: Any) -> Response:
    body = {"level": level, "reason": REASON, "until": UNTIL} | more
    return (by or cast.bob).api.post(path(cast.alice), body)


def known(cast: Cast) -> list[dict[str, Any]]:
    """All that was ever known of Alice, the newest first."""
    return list(cast.bob.api.get(path(cast.alice)).json["items"])


def last(cast: Cast) -> dict[str, Any]:
    return known(cast)[0]


def opened(cast: Cast) -> list[tuple[str, str]]:
    """Alice's alerts that are open, each with the gravest rule."""
    shown = [cast.bob.alert(each) for each in cast.bob.alerts(patient_id=cast.alice.id)]
    return [
        (each["alert"]["severity"], each["findings"][-1]["rule"])
        for each in shown
        if each["alert"]["status"] != "resolved"
    ]


def test_what_is_known_is_a_list_entry_and_pages_no_person(cast: Cast) -> None:
    assert know(cast).status == 201
    for answers in ({"si": 1}, {"si": 2}, {"si": 0, "si_gate": "yes"}):
        told = cast.alice.check_in(**answers).json
        assert told["care_team_told"], "it is told, and read in its time"
        assert told["guidance"]["level"] == "support", "the patient is told the same as ever"
    assert opened(cast) == [("low", "R3")]
    (alert,) = cast.bob.alerts()
    explained = cast.bob.alert(alert)["findings"][0]["explanation"]
    assert explained.endswith(
        "no worse than the known level of 2, so a list entry (found moderate)"
    )
    assert last(cast)["in_force"]
    # What is on record is what was found.
    check_ins = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/check-ins").json["items"]
    assert {each["severity"] for each in check_ins} == {"moderate"}


@pytest.mark.parametrize(
    ("answers", "severity"),
    [
        ({"si": 2}, "moderate"),
        ({"si": 3}, "high"),
        ({"si": 5}, "critical"),
        ({"si": 1, "si_act": "yes"}, "critical"),
        ({"si": 0, "safe_now": "no"}, "critical"),
        ({"safe_now": "unsure"}, "moderate"),
        ({"si": 1, "safe_now": "unsure"}, "high"),
        ({"si": "declined"}, "moderate"),
        ({"si": 1, "safe_now": "declined"}, "moderate"),
    ],
)
def test_whatever_is_worse_is_told_as_ever_and_ends_it(
    cast: Cast, engine: Engine, receiver: Receiver, answers: dict[str, Any], severity: str
) -> None:
    know(cast, 1)
    cast.alice.check_in(si=1)
    engine.run_until_idle()
    receiver.clear()
    assert cast.alice.check_in(**answers).status == 201
    assert [found for found, _ in opened(cast)] == [severity]
    engine.run_until_idle()
    assert receiver.expect("alert.triggered").data["reason"] == "worsened"
    ended = last(cast)
    assert (ended["ended_why"], ended["in_force"]) == ("rise", False)
    explained = [
        found["explanation"]
        for alert in cast.bob.alerts()
        for found in cast.bob.alert(alert)["findings"]
    ]
    assert any("(level 1), which ends with this" in each for each in explained)


def test_after_a_rise_the_known_level_is_told_as_ever(cast: Cast) -> None:
    know(cast, 1)
    cast.alice.check_in(si=2)
    (alert,) = cast.bob.alerts()
    cast.bob.resolve(alert)
    cast.alice.check_in(si=1)
    assert opened(cast) == [("moderate", "R3")]


def test_a_call_for_help_ends_it(cast: Cast) -> None:
    know(cast)
    cast.alice.ask_for_help()
    assert last(cast)["ended_why"] == "rise"


def test_what_has_nothing_to_do_with_it_pages_and_leaves_it(cast: Cast) -> None:
    know(cast)
    cast.alice.check_in(si=1, mood=0)
    assert [severity for severity, _ in opened(cast)] == ["moderate"]
    assert last(cast)["in_force"]


def test_an_amendment_and_a_body_that_cannot_be_taken_are_told_by_it_too(cast: Cast) -> None:
    know(cast, 1)
    first = cast.alice.check_in().json["id"]
    assert amend(cast.alice, first, si=1).status == 201
    assert cast.alice.check_in(si=1, mood=11).status == 202
    assert opened(cast) == [("low", "R3")]
    assert amend(cast.alice, first, si=2).status == 201
    assert [severity for severity, _ in opened(cast)] == ["moderate"]
    assert last(cast)["ended_why"] == "rise"


@pytest.mark.parametrize("answers", [{"si": 3}, {"si": 4}])
def test_none_is_set_while_a_grave_alert_is_open(cast: Cast, answers: dict[str, Any]) -> None:
    cast.alice.check_in(**answers)
    (alert,) = cast.bob.alerts()
    cast.bob.acknowledge(alert)
    refused = know(cast)
    assert (refused.status, refused.code) == (409, "grave-alert-open")
    cast.bob.resolve(alert)
    assert know(cast).status == 201


def test_a_moderate_alert_does_not_hinder_it_and_stays(cast: Cast) -> None:
    cast.alice.check_in(si=1)
    assert know(cast).status == 201
    cast.alice.check_in(si=1)
    assert opened(cast) == [("moderate", "R3")]


def test_it_ends_by_itself(cast: Cast, clock: SimulatedClock) -> None:
    know(cast, until="2026-03-05T09:00:00Z")
    clock.advance(days=3, seconds=-1)
    cast.alice.check_in(si=1)
    assert opened(cast) == [("low", "R3")]
    clock.advance(seconds=1)
    cast.alice.check_in(si=1)
    assert opened(cast) == [("moderate", "R3")]
    over = last(cast)
    assert (over["ended_at"], over["ended_why"]) == ("2026-03-05T09:00:00Z", "over")
    refused = cast.bob.api.post(f"{path(cast.alice)}/current/reviews")
    assert (refused.status, refused.code) == (409, "nothing-known")
    assert know(cast).status == 201, "and another can be set"


def test_it_is_reviewed_every_week_or_covers_nothing(cast: Cast, clock: SimulatedClock) -> None:
    know(cast)
    due = {"review": "due"}
    assert cast.bob.api.get("/v1/known-baselines", **due).json["items"] == []
    clock.advance(days=7)
    (listed,) = cast.bob.api.get("/v1/known-baselines", **due).json["items"]
    assert (listed["patient_id"], listed["in_force"]) == (str(cast.alice.id), True)
    clock.advance(days=3)
    cast.alice.check_in(si=1)
    assert opened(cast) == [("moderate", "R3")]
    assert not last(cast)["in_force"]
    cast.bob.resolve(cast.bob.alerts()[0])
    made = cast.bob.api.post(f"{path(cast.alice)}/current/reviews").json
    assert (made["in_force"], made["reviewed_by"]) == (True, str(cast.bob.id))
    assert made["review_due_at"] == "2026-03-19T09:00:00Z"
    assert cast.bob.api.get("/v1/known-baselines", **due).json["items"] == []
    assert len(cast.bob.api.get("/v1/known-baselines").json["items"]) == 1


def test_a_rise_while_the_review_is_overdue_ends_it_for_good(
    cast: Cast, clock: SimulatedClock
) -> None:
    know(cast)
    clock.advance(days=11)
    cast.alice.check_in(si=3)
    assert last(cast)["ended_why"] == "rise"


def test_of_a_critical_answer_and_a_known_baseline_at_once_the_answer_is_seen(
    cast: Cast,
) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            setting = pool.submit(know, cast)
            answering = pool.submit(cast.alice.check_in, si=4)
            assert (setting.result().status, answering.result().status) in ((201, 201), (409, 201))
            assert opened(cast) == [("critical", "R3")]
            assert not any(each["in_force"] for each in known(cast))
            cast.bob.resolve(cast.bob.alerts()[0])


def test_no_review_brings_it_back_while_a_grave_alert_is_open(cast: Cast) -> None:
    know(cast)
    raised = {"patient_id": str(cast.alice.id), "severity": "high", "note": "She called."}
    cast.bob.api.post("/v1/alerts", raised)
    refused = cast.bob.api.post(f"{path(cast.alice)}/current/reviews")
    assert (refused.status, refused.code) == (409, "grave-alert-open")


def test_it_is_given_up_replaced_and_left(cast: Cast, house: House) -> None:
    know(cast, 1)
    know(cast, 2)
    current = f"{path(cast.alice)}/current"
    for _ in range(2):
        assert cast.bob.api.delete(current).status == 204
    know(cast, 1)
    cast.bob.api.post(f"/v1/patients/{cast.alice.id}/discharge")
    whys = [each["ended_why"] for each in cast.bob.api.get(path(cast.alice)).json["items"]]
    assert whys == ["left", "ended", "replaced"]
    with house.work(OPERATOR, write=False) as work:
        assert not any(b"2019" in row.reason for row in work.rows(select(known_baselines)))


def test_only_whoever_treats_her_sets_it_and_with_a_fresh_proof(
    cast: Cast, clock: SimulatedClock
) -> None:
    heidi = cast.join("Heidi", Role.CLINICIAN)
    assert know(cast, by=heidi).status == 404
    assert know(cast, by=cast.charlie).status == 404
    assert know(cast, by=cast.dana).status == 403
    clock.advance(minutes=11)
    refused = know(cast)
    assert (refused.status, refused.code) == (401, "step-up-needed")


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"level": 0}, "/level"),
        ({"level": 3}, "/level"),
        ({"until": "2026-03-02T09:00:00Z"}, "/until"),
        ({"until": "2026-04-27T09:00:01Z"}, "/until"),
        ({"reason": ""}, "/reason"),
    ],
)
def test_what_is_wrong_is_named(cast: Cast, sent: dict[str, Any], pointer: str) -> None:
    refused = know(cast, **sent)
    assert refused.status == 422
    assert [fault["pointer"] for fault in refused.json["errors"]] == [pointer]
    assert cast.bob.api.get(path(cast.alice)).json["items"] == []
