"""Response, remission and changes that matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.instruments.measures import MEASURES, Scale
from diary.instruments.scoring.change import (
    MEANINGFUL,
    REMISSION,
    is_meaningful,
    is_remission,
    is_response,
    percent_improvement,
)


@pytest.mark.parametrize(
    ("baseline", "now", "percent"),
    [(20, 10, 50.0), (20, 20, 0.0), (20, 0, 100.0), (20, 25, -25.0), (0, 0, None), (0, 5, None)],
)
def test_improvement_is_a_share_of_the_baseline(
    baseline: int, now: int, percent: float | None
) -> None:
    assert percent_improvement(baseline, now) == percent


@pytest.mark.parametrize(
    ("baseline", "now", "response"),
    [
        *[(20, 9, True), (20, 10, True), (20, 11, False)],
        *[(21, 10, True), (21, 11, False)],
        *[(1, 0, True), (0, 0, False)],
    ],
)
def test_a_fall_by_half_is_a_response(baseline: int, now: int, response: bool) -> None:
    assert is_response(baseline, now) is response


@given(baseline=st.integers(0, 92), now=st.integers(0, 91))
def test_a_worse_score_is_never_nearer_to_a_response_or_remission(baseline: int, now: int) -> None:
    assert is_response(baseline, now) >= is_response(baseline, now + 1)
    for measure in REMISSION:
        better, worse = is_remission(measure, now), is_remission(measure, now + 1)
        assert (better, worse) != (False, True)


@pytest.mark.parametrize(
    ("measure", "now", "remission"),
    [
        *[("phq9", 3, True), ("phq9", 4, True), ("phq9", 5, False)],
        *[("qids", 4, True), ("qids", 5, True), ("qids", 6, False)],
        ("madrs_s", 0, None),
    ],
)
def test_remission(measure: str, now: int, remission: bool | None) -> None:
    assert is_remission(measure, now) is remission


@pytest.mark.parametrize(
    ("measure", "before", "now", "meaningful"),
    [
        *[("phq9", 15, 11, False), ("phq9", 15, 10, True), ("phq9", 15, 9, True)],
        *[("phq9", 10, 14, False), ("phq9", 10, 15, True)],
        *[("gad7", 15, 12, False), ("gad7", 15, 11, True), ("gad7", 15, 10, True)],
        ("sidas", 50, 0, None),
    ],
)
def test_a_change_that_matters(
    measure: str, before: int, now: int, meaningful: bool | None
) -> None:
    assert is_meaningful(measure, before, now) is meaningful


def test_cut_offs_are_of_measures_that_there_are() -> None:
    for measure, points in (*REMISSION.items(), *MEANINGFUL.items()):
        scale = MEASURES[measure]
        assert isinstance(scale, Scale)
        assert scale.allows(points)
