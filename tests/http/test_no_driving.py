"""Until the morning after an infusion whoever was given one is told not to drive."""

from datetime import datetime

import pytest

from tests.cast import Cast
from tests.client import Response
from tests.clock import SimulatedClock

MORNING = "2026-03-03T05:00:00Z"  # six o'clock in Madrid
OF_NO_COURSE = {"confirm": ["course"]}
SENTENCE = "Do not drive, ride a bicycle or work with machines before the morning"


def infuse(cast: Cast, started_at: str, ended_at: str | None) -> None:
    path = f"/v1/patients/{cast.alice.id}/infusions"
    infusion = cast.bob.api.post(path, {"planned_at": started_at}).json["id"]
    begun = cast.bob.api.post(f"{path}/{infusion}/start", {"started_at": started_at} | OF_NO_COURSE)
    assert begun.status == 200, begun
    if ended_at:
        ended = cast.bob.api.post(f"{path}/{infusion}/end", {"ended_at": ended_at})
        assert ended.status == 200, ended


def told(answer: Response) -> str | None:
    guidance = answer.json["guidance"]
    until: str | None = guidance["no_driving_until"]
    assert (SENTENCE in guidance["text"]) == (until is not None)
    return until


def test_three_days_later_nothing_is_said(cast: Cast) -> None:
    assert told(cast.alice.check_in()) is None


@pytest.mark.parametrize("ended_at", ["2026-03-02T08:40:00Z", None])
def test_it_is_said_until_six_in_the_morning(
    cast: Cast, clock: SimulatedClock, ended_at: str | None
) -> None:
    infuse(cast, "2026-03-02T08:00:00Z", ended_at)
    assert told(cast.alice.check_in()) == MORNING
    assert told(cast.alice.check_in(si=4)) == MORNING
    assert told(cast.alice.ask_for_help()) == MORNING
    assert told(cast.alice.api.get("/v1/me/alert")) == MORNING
    clock.set(datetime.fromisoformat("2026-03-03T04:59:59+00:00"))
    assert told(cast.alice.check_in()) == MORNING
    clock.set(datetime.fromisoformat("2026-03-03T05:00:00+00:00"))
    assert told(cast.alice.check_in()) is None


def test_what_ends_after_midnight_is_of_the_day_before(cast: Cast, clock: SimulatedClock) -> None:
    clock.set(datetime.fromisoformat("2026-03-03T01:00:00+00:00"))
    infuse(cast, "2026-03-02T23:30:00Z", "2026-03-03T00:10:00Z")
    assert told(cast.alice.check_in()) == MORNING


def test_one_that_is_only_planned_keeps_nobody_from_driving(cast: Cast) -> None:
    path = f"/v1/patients/{cast.alice.id}/infusions"
    assert cast.bob.api.post(path, {"planned_at": "2026-03-02T08:00:00Z"}).status == 201
    assert told(cast.alice.check_in()) is None
