"""On PostgreSQL a round trip is the currency: nobody spends another one without noticing."""

import sys

import pytest

from bench.trips import trips
from diary.work import House
from engine.schedule import Schedule
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.engine.silences import ENGINE

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("kept", ["postgresql"], indirect=True),
    pytest.mark.skipif(sys.platform != "linux", reason="libpq's trace is offered on Linux alone"),
]
# Until a statement was run five times the driver prepares nothing, which then costs one more.
_RUNS_UNTIL_PREPARED = 6


def test_a_calm_check_in_costs_six_round_trips(cast: Cast) -> None:
    """BEGIN, the caller, the context, what came before, everything that is written, COMMIT."""
    for _ in range(_RUNS_UNTIL_PREPARED):
        assert cast.alice.check_in().status == 201
    assert trips(cast.alice.check_in) == 6


def test_one_that_answers_a_window_costs_one_more(
    cast: Cast, clock: SimulatedClock, house: House
) -> None:
    schedule = Schedule(house, ENGINE)

    def next_day() -> int:
        clock.advance(days=1)
        schedule.look()
        # The keys that sign tokens are read anew now and then.
        assert cast.alice.api.get("/v1/me").status == 200
        return trips(cast.alice.check_in)

    for _ in range(_RUNS_UNTIL_PREPARED):
        next_day()
    # The engine shares the pool: on some day a statement is prepared on another connection.
    assert min(next_day() for _ in range(_RUNS_UNTIL_PREPARED)) == 7


def test_a_repeated_check_in_costs_a_read_in_place_of_looking_back_and_writing(cast: Cast) -> None:
    body = cast.alice.check_in_body()
    url = "/v1/check-ins/00000000-0000-4000-8000-000000000001"
    assert cast.alice.api.put(url, body).status == 201
    for _ in range(_RUNS_UNTIL_PREPARED):
        assert cast.alice.api.put(url, body).status == 200
    assert trips(lambda: cast.alice.api.put(url, body)) == 5
