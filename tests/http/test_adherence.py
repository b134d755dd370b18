"""The response rate: answered by due, of a patient and of the clinic, week by week."""

from datetime import timedelta
from typing import Any

import pytest

from engine.loop import Engine
from tests.cast import Cast, Patient
from tests.clock import SimulatedClock

NOTHING = {"due": 0, "answered": 0, "late": 0, "rate": None}


def rates(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: shown[name] for name in NOTHING}


def of(cast: Cast, patient: Patient, **query: str) -> dict[str, Any]:
    answer = cast.bob.api.get(f"/v1/patients/{patient.id}/adherence", **query)
    assert answer.status == 200, answer
    return dict(answer.json)


@pytest.fixture
def _ten_days(cast: Cast, clock: SimulatedClock, engine: Engine) -> None:
    """Monday to Wednesday of the next week. Alice answers on every day but the second, of the
    third a day late; the other patient of the clinic on none."""
    cast.enrol("Olga")
    for day in range(10):
        engine.run_until_idle()
        if day not in (1, 2):
            assert cast.alice.check_in().status == 201
        if day == 3:
            before = clock.now() - timedelta(days=1)
            assert cast.alice.check_in(recorded_at=before).status == 201
        clock.advance(days=1)
    engine.run_until_idle()


@pytest.mark.usefixtures("_ten_days")
def test_a_patients_weeks(cast: Cast) -> None:
    daily = {"instrument": "daily-check-in"}
    shown = of(cast, cast.alice, **daily)
    assert rates(shown["total"]) == {"due": 10, "answered": 9, "late": 1, "rate": 0.9}
    assert [(each["starts_on"], each["due"], each["answered"]) for each in shown["weeks"]][-2:] == [
        ("2026-03-02", 7, 6),
        ("2026-03-09", 3, 3),
    ]
    # The week's own questions she did not answer.
    assert rates(of(cast, cast.alice)["total"]) == {
        "due": 11,
        "answered": 9,
        "late": 1,
        "rate": 0.818,
    }
    cut = of(cast, cast.alice, **daily, **{"from": "2026-03-03", "to": "2026-03-04"})
    assert rates(cut["total"]) == {"due": 2, "answered": 1, "late": 1, "rate": 0.5}
    assert len(cut["weeks"]) == 1


@pytest.mark.usefixtures("_ten_days")
def test_a_clinics_weeks(cast: Cast) -> None:
    ours = cast.erin.api.get("/v1/adherence", instrument="daily-check-in").json
    assert rates(ours["total"]) == {"due": 20, "answered": 9, "late": 1, "rate": 0.45}
    theirs = cast.grace.api.get("/v1/adherence", instrument="daily-check-in").json
    assert rates(theirs["total"]) == {"due": 10, "answered": 0, "late": 0, "rate": 0.0}


def test_what_is_open_and_what_was_cancelled_is_not_due(cast: Cast, engine: Engine) -> None:
    engine.run_until_idle()
    assert rates(of(cast, cast.alice)["total"]) == NOTHING
    cast.alice.check_in()
    assert of(cast, cast.alice)["total"]["rate"] == 1.0
    away = {"state": "paused", "reason": "The sea.", "until": "2026-03-09T09:00:00Z"}
    cast.bob.api.post(f"/v1/patients/{cast.alice.id}/states", away)
    span = {"from": "2026-03-02", "to": "2026-03-20"}
    assert rates(of(cast, cast.alice, **span)["total"])["due"] == 1


@pytest.mark.parametrize(
    ("span", "pointer"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "/to"),
        ({"from": "2025-01-01", "to": "2026-03-01"}, "/to"),
        ({"from": "yesterday"}, "/from"),
        ({"from": "2026-02-30"}, "/from"),
    ],
)
def test_a_span_that_cannot_be(cast: Cast, span: dict[str, str], pointer: str) -> None:
    answer = cast.bob.api.get("/v1/adherence", **span)
    assert answer.status in (400, 422)
    assert [each["pointer"].lstrip("/") for each in answer.json["errors"]] == [pointer[1:]]
