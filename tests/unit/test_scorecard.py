"""The scorecard's figures, against what anyone would count by hand."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.outcomes.scorecard import Answering, Figures, figures, percentile, times
from diary.severity import Severity

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def alert(
    opened: int = -60,
    answered: int | None = None,
    contacted: int | None = None,
    target: int = 15,
    outcome: str | None = None,
    severity: Severity = Severity.CRITICAL,
) -> Answering:
    """opened: minutes from now; the others in minutes after that."""
    start = NOW + opened * MINUTE
    return Answering(
        severity=severity,
        opened_at=start,
        answer_by=start + target * MINUTE,
        answered_at=None if answered is None else start + answered * MINUTE,
        contacted_at=None if contacted is None else start + contacted * MINUTE,
        outcome=outcome,
        exhausted=False,
        reopened=False,
    )


def critical(*alerts: Answering) -> Figures:
    return figures(alerts, NOW)[0]


def test_the_gravest_come_first_and_every_severity_is_there() -> None:
    found = figures([alert(severity=Severity.LOW)], NOW)

    assert [each.severity for each in found] == sorted(Severity, reverse=True)
    assert [each.opened for each in found] == [0, 0, 0, 1]
    assert (found[0].share_within_target, found[0].time_to_answer) == (None, None)


@pytest.mark.parametrize(
    ("one", "within", "late"),
    [
        (alert(answered=15), 1, 0),
        (alert(answered=16), 0, 1),
        (alert(opened=-14), 0, 0),
        (alert(opened=-15), 0, 0),
        (alert(opened=-16), 0, 1),
    ],
)
def test_in_time_is_up_to_the_deadline_and_what_is_not_due_yet_counts_on_neither_side(
    one: Answering, within: int, late: int
) -> None:
    found = critical(one)

    assert (found.within_target, found.late) == (within, late)
    assert found.share_within_target == (within if within + late else None)


def test_times_are_those_of_the_answered_and_the_spoken_to() -> None:
    found = critical(alert(answered=2), alert(answered=10, contacted=30), alert())

    assert (found.opened, found.answered, found.never_answered, found.unresolved) == (3, 2, 1, 3)
    assert found.time_to_answer is not None
    assert (found.time_to_answer.median, found.time_to_answer.max) == (120, 600)
    assert found.time_to_contact is not None
    assert found.time_to_contact.median == 1_800


def test_a_clock_that_was_set_back_makes_no_time_shorter_than_nothing() -> None:
    found = critical(alert(answered=-5))
    assert found.time_to_answer is not None
    assert found.time_to_answer.max == 0


MAYBE = st.none() | st.integers(0, 200)
ALERTS = st.lists(
    st.builds(
        alert,
        opened=st.integers(-300, 0),
        answered=MAYBE,
        contacted=MAYBE,
        target=st.integers(1, 120),
        outcome=st.none() | st.sampled_from(["contacted-safe", "referred"]),
        severity=st.sampled_from(Severity),
    )
)


@given(ALERTS)
def test_the_parts_make_the_whole(alerts: list[Answering]) -> None:
    found = figures(alerts, NOW)

    assert sum(each.opened for each in found) == len(alerts)
    for each in found:
        of_it = [one for one in alerts if one.severity is each.severity]
        assert each.answered + each.never_answered == each.opened == len(of_it)
        assert each.within_target + each.late <= each.opened
        assert each.within_target <= each.answered
        assert each.share_within_target is None or 0 <= each.share_within_target <= 1
        assert each.unresolved + sum(each.outcomes.values()) == each.opened
        assert each.outcomes == Counter(one.outcome for one in of_it if one.outcome)


@given(st.lists(st.integers(0, 10_000), min_size=1), st.integers(1, 100))
def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed(
    values: list[int], percent: int
) -> None:
    enough = [
        value
        for value in values
        if sum(other <= value for other in values) * 100 >= percent * len(values)
    ]
    assert percentile(sorted(values), percent) == min(enough)


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_times_are_ordered_and_the_median_is_that_of_the_naive_count(values: list[int]) -> None:
    found = times(timedelta(seconds=value) for value in values)

    assert found is not None
    assert found.median == sorted(values)[(len(values) - 1) // 2]
    assert found.median <= found.p90 <= found.p95 <= found.max == max(values)
