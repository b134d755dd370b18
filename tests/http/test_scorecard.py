"""The scorecard over HTTP: who reads it, of which period, and what counts."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from diary.access.permissions import Role
from engine.loop import Engine
from tests.cast import Cast
from tests.clock import SimulatedClock


def card(cast: Cast, severity: str, **period: object) -> dict[str, Any]:
    response = cast.erin.api.get("/v1/scorecard", **period)
    assert response.status == 200, response
    (found,) = [one for one in response.json["severities"] if one["severity"] == severity]
    return dict(found)


def test_a_clinic_that_answers(cast: Cast, clock: SimulatedClock) -> None:
    for patient, minutes in ((cast.alice, 10), (cast.enrol("Olga"), 20)):
        patient.check_in(si=4)
        (alert,) = cast.bob.alerts(status="open")
        clock.advance(minutes=minutes)
        cast.bob.acknowledge(alert)
        clock.advance(minutes=20)
        cast.bob.api.post(f"/v1/alerts/{alert['id']}/contacted", {})
        clock.advance(minutes=5)
        cast.bob.resolve(alert)
    cast.enrol("Pavel").check_in(si=4)

    found = card(cast, "critical")
    assert (found["opened"], found["answered"], found["never_answered"]) == (3, 2, 1)
    assert (found["within_target"], found["late"]) == (1, 1)
    assert found["share_within_target"] == 0.5
    assert found["time_to_answer"] == {"median": 600, "p90": 1_200, "p95": 1_200, "max": 1_200}
    assert found["time_to_contact"]["max"] == 2_400
    assert (found["unresolved"], found["outcomes"]) == (1, {"contacted-safe": 2})


def test_resolved_without_an_acknowledgement_is_answered_then(
    cast: Cast, clock: SimulatedClock
) -> None:
    cast.alice.check_in(si=4)
    clock.advance(minutes=3)
    (alert,) = cast.bob.alerts()
    cast.bob.resolve(alert, "false-positive")

    found = card(cast, "critical")
    assert (found["within_target"], found["time_to_answer"]["median"]) == (1, 180)
    assert found["time_to_contact"] is None


def test_getting_worse_gives_nobody_more_time_to_answer(cast: Cast, clock: SimulatedClock) -> None:
    cast.alice.check_in(si=4)
    clock.advance(minutes=14)
    cast.alice.check_in(si=5)
    clock.advance(minutes=2)
    (alert,) = cast.bob.alerts()
    assert datetime.fromisoformat(alert["acknowledge_by"]) > clock.now()
    cast.bob.acknowledge(alert)

    assert (card(cast, "critical")["late"], card(cast, "critical")["reopened"]) == (1, 0)


def test_it_may_make_the_deadline_earlier_and_what_was_answered_stays_in_time(
    cast: Cast, clock: SimulatedClock
) -> None:
    cast.alice.check_in(si=3)
    clock.advance(minutes=5)
    (alert,) = cast.bob.alerts()
    cast.bob.acknowledge(alert)
    clock.advance(minutes=5)
    cast.alice.check_in(si=5)

    found = card(cast, "critical")
    assert (found["within_target"], found["late"], found["reopened"]) == (1, 0, 1)
    olga = cast.enrol("Olga")
    olga.check_in(si=3)
    olga.check_in(si=5)
    clock.advance(minutes=16)
    assert card(cast, "critical")["late"] == 1


def test_what_nobody_answered_was_exhausted_for_ever(
    cast: Cast, clock: SimulatedClock, engine: Engine
) -> None:
    cast.alice.check_in(si=4)
    for _ in range(3):
        clock.advance(minutes=5)
        engine.run_until_idle()
    (alert,) = cast.bob.alerts()
    assert alert["exhausted"]
    cast.bob.acknowledge(alert)
    clock.advance(minutes=15)
    engine.run_until_idle()
    assert not cast.bob.alert(alert)["alert"]["exhausted"]
    cast.bob.resolve(alert)

    assert card(cast, "critical")["exhausted"] == 1


def test_drills_and_other_clinics_count_nowhere(cast: Cast) -> None:
    cast.erin.api.post("/v1/drills", {"severity": "critical"})
    cast.frank.check_in(si=4)

    assert card(cast, "critical")["opened"] == 0
    elsewhere = cast.charlie.api.get("/v1/scorecard").json["severities"]
    assert elsewhere[0]["opened"] == 1


def test_a_period_has_its_first_moment_and_not_its_last(cast: Cast, clock: SimulatedClock) -> None:
    opened = clock.now()
    cast.alice.check_in(si=4)
    clock.advance(days=2)

    def found(**period: str) -> int:
        return int(card(cast, "critical", **period)["opened"])

    minute = timedelta(minutes=1)
    assert found() == 1
    assert found(**{"from": opened.isoformat()}) == 1
    assert found(**{"from": (opened + minute).isoformat()}) == 0
    assert found(to=opened.isoformat()) == 0
    # Days are the clinic's, an hour ahead of UTC: this one ends at 23:00 UTC.
    assert found(**{"from": "2026-03-02", "to": "2026-03-03"}) == 1
    shown = cast.erin.api.get("/v1/scorecard", **{"from": "2026-03-02", "to": "2026-03-03"}).json
    assert (shown["from"], shown["to"]) == ("2026-03-01T23:00:00Z", "2026-03-02T23:00:00Z")
    clock.advance(days=30)
    assert found() == 0


@pytest.mark.parametrize(
    ("period", "status", "code"),
    [
        ({"from": "2026-03-02", "to": "2026-03-02"}, 422, "bad-period"),
        ({"from": "2026-03-03", "to": "2026-03-02"}, 422, "bad-period"),
        ({"from": "2025-03-01", "to": "2026-03-03"}, 422, "bad-period"),
        ({"from": "2026-02-30"}, 400, "bad-query"),
        ({"to": "2026-03-02T10:00:00"}, 400, "bad-query"),
        ({"since": "2026-03-02"}, 400, "bad-query"),
    ],
)
def test_a_period_that_is_none(cast: Cast, period: dict[str, str], status: int, code: str) -> None:
    refused = cast.erin.api.get("/v1/scorecard", **period)
    assert (refused.status, refused.code) == (status, code)


def test_everyone_of_the_team_reads_it_and_no_patient(cast: Cast) -> None:
    for member in (cast.bob, cast.dana, cast.erin, cast.join("Ivan", Role.AUDITOR)):
        assert member.api.get("/v1/scorecard").status == 200
    assert cast.alice.api.get("/v1/scorecard").status == 403
