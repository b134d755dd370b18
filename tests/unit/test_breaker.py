"""When an endpoint that fails is spared, and that one event at a time is tried afterwards."""

from datetime import UTC, datetime, timedelta

import pytest

from diary.webhooks.breaker import FAILURES, LONGEST, is_spared, room_for_events, spared_for

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_the_spans_grow_to_a_minute() -> None:
    spans = [spared_for(failures) for failures in range(14)]
    assert spans[:FAILURES] == [None] * FAILURES
    seconds = [span.total_seconds() for span in spans if span]
    assert seconds == [1, 2, 5, 10, 20, 30, 60, 60, 60]


@pytest.mark.parametrize(
    ("ahead", "spared"),
    [(None, False), (-1, False), (0, False), (1, True), (60, True), (61, False), (86_400, False)],
)
def test_a_clock_that_was_set_back_spares_nobody_longer(ahead: int | None, spared: bool) -> None:
    until = None if ahead is None else NOW + timedelta(seconds=ahead)
    assert timedelta(seconds=60) == LONGEST
    assert is_spared(until, NOW) is spared


@pytest.mark.parametrize(
    ("failures", "until", "in_flight", "room"),
    [
        (0, None, 0, 3),
        (4, None, 3, 3),
        (5, 1, 0, 0),
        (5, -1, 0, 1),
        (5, -1, 1, 0),
        (50, -1, 4, 0),
        (5, None, 0, 1),
    ],
)
def test_the_room_of_events(failures: int, until: int | None, in_flight: int, room: int) -> None:
    blocked = None if until is None else NOW + timedelta(seconds=until)
    found = room_for_events(
        3, failures=failures, blocked_until=blocked, in_flight=in_flight, now=NOW
    )
    assert found == room
