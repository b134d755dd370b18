"""What looks back is one threshold on the answer of now, whatever came before."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.rules.conditions import (
    AboveMedian,
    BelowMedian,
    Emerges,
    Falls,
    ImprovedLessThan,
    NearBaseline,
    Rises,
    RisesInARow,
    Traced,
    WasAtLeast,
    WasAtMost,
    WasImproved,
)
from diary.rules.evaluation import holds
from diary.rules.facts import Entry, Facts, History
from diary.rules.publishing.groups import answers
from diary.rules.publishing.thresholds import at_threshold, thresholds

NOW = datetime(2026, 3, 9, 9, tzinfo=UTC)
DAY = date(2026, 3, 9)

measures = st.sampled_from(["si", "mood", "phq9_item9", "madrs_s_item9"])
few, days, hours = st.integers(1, 3), st.integers(1, 10), st.integers(1, 240)
medians = (measures, few, st.integers(2, 7), few, few)
looking_back: st.SearchStrategy[Traced] = st.one_of(
    st.builds(Rises, measures, few, hours),
    st.builds(Falls, measures, few, hours),
    st.builds(RisesInARow, measures, few, hours),
    st.builds(Emerges, measures, st.integers(0, 3), days, few),
    st.builds(BelowMedian, *medians),
    st.builds(AboveMedian, *medians),
    st.builds(WasAtLeast, measures, few, days),
    st.builds(WasAtMost, measures, few, days),
    st.builds(WasImproved, measures, st.integers(1, 100), days),
    st.builds(ImprovedLessThan, measures, st.integers(1, 100), few),
    st.builds(NearBaseline, measures, st.integers(1, 100), few),
)


@st.composite
def histories(draw: st.DrawFn, measure: str) -> History:
    """Up to twelve answers of the last days, several on one day, and perhaps a baseline."""
    possible = st.sampled_from(answers(measure))
    ago = sorted(draw(st.lists(st.integers(0, 240), max_size=12)))
    entries = tuple(
        Entry(
            NOW - timedelta(hours=hours),
            (NOW - timedelta(hours=hours)).date(),
            {measure: draw(possible)},
        )
        for hours in ago
    )
    baseline = draw(st.none() | possible)
    return History(NOW, DAY, entries, {} if baseline is None else {measure: int(baseline)})


@given(looking_back, st.data())
def test_a_history_gives_it_one_of_its_thresholds_or_none(
    condition: Traced, data: st.DataObject
) -> None:
    measure = condition.measure
    history = data.draw(histories(measure))
    said = [Facts({measure: answer}, history=history) for answer in answers(measure)]
    true_of = [holds(condition, facts) for facts in said]

    known = (at_threshold(condition, threshold) for threshold in thresholds(condition))
    possible = [[holds(compared, facts) for facts in said] for compared in known]
    assert true_of in [[False] * len(said), *possible]
    assert not holds(condition, Facts({}, history=history)), "it needs an answer"


@given(looking_back)
def test_the_threshold_with_the_fewest_answers_comes_first(condition: Traced) -> None:
    of = [
        sum(
            holds(at_threshold(condition, threshold), Facts({condition.measure: answer}))
            for answer in answers(condition.measure)
        )
        for threshold in thresholds(condition)
    ]
    assert of == sorted(set(of))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Rises("si", 2, 72), (5, 4, 3, 2)),
        (Falls("si", 2, 72), (0, 1, 2, 3)),
        (RisesInARow("si", 2, 72), (5, 4, 3, 2)),
        (RisesInARow("si", 6, 72), ()),
        (Emerges("si", 1, 7, 5), (1,)),
        (Emerges("si", 0, 7, 5), ()),
        (AboveMedian("si", 4, 7, 3, 1), (5, 4, 0)),
        (BelowMedian("si", 4, 7, 3, 1), (0, 1, 5)),
        (WasAtLeast("si", 3, 7), (0,)),
        (ImprovedLessThan("phq9_item9", 50, 1), (2, 1)),
        (NearBaseline("phq9_item9", 90, 2), (3, 2, 1)),
    ],
)
def test_no_threshold_that_no_history_has(condition: Traced, expected: tuple[int, ...]) -> None:
    assert thresholds(condition) == expected


def test_on_two_days_running_only_today_is_the_answers() -> None:
    low_yesterday = History(
        NOW,
        DAY,
        tuple(
            Entry(NOW - timedelta(days=ago), DAY - timedelta(days=ago), {"mood": mood})
            for ago, mood in ((1, 2), (2, 8), (3, 8), (4, 8))
        ),
    )
    below = BelowMedian("mood", 3, 7, 3, 2)
    true_of = [holds(below, Facts({"mood": mood}, history=low_yesterday)) for mood in range(11)]
    assert true_of == [mood <= 5 for mood in range(11)]
