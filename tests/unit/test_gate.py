"""What must be known before the first infusion: to know more never lacks more."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from diary.infusions.courses.gate import (
    ASSESSED_WITHIN,
    RATED_WITHIN,
    TRIALS,
    Indication,
    Item,
    Measured,
    Outcome,
    Trial,
    failed,
    missing,
    newest,
)

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Known:
    """What is known of a course."""

    indication: Indication
    trials: tuple[Trial, ...]
    assessed_at: datetime | None
    waived: tuple[Item, ...]


# Around both limits, to the minute.
MOMENTS = st.integers(-60, 45 * 24 * 60).map(lambda minutes: AT - timedelta(minutes=minutes))
TRIAL = st.builds(
    Trial,
    treatment=st.sampled_from(["Sertraline", "sertraline ", "Venlafaxine", "Lithium"]),
    adequate=st.booleans(),
    outcome=st.sampled_from(Outcome),
)
COURSES = st.builds(
    Known,
    indication=st.sampled_from(Indication),
    trials=st.lists(TRIAL, max_size=5).map(tuple),
    assessed_at=st.none() | MOMENTS,
    waived=st.lists(st.sampled_from(Item), max_size=2).map(tuple),
)
TOTALS = st.builds(Measured, total=st.integers(0, 27), at=MOMENTS)


@given(COURSES, TRIAL, st.sampled_from(Item), st.lists(TOTALS, max_size=3), TOTALS)
def test_to_know_or_waive_more_never_lacks_more(
    course: Known, trial: Trial, item: Item, totals: list[Measured], total: Measured
) -> None:
    before = set(missing(course, newest(totals, AT), AT))
    tried = replace(course, trials=(*course.trials, trial))
    assert set(missing(tried, newest(totals, AT), AT)) <= before
    waived = replace(course, waived=(*course.waived, item))
    assert set(missing(waived, newest(totals, AT), AT)) == before - {item}
    assert set(missing(course, newest([*totals, total], AT), AT)) <= before


@given(COURSES, st.lists(st.none() | TOTALS, max_size=3))
def test_nothing_is_missing_only_where_each_is_there_or_waived(
    course: Known, totals: list[Measured | None]
) -> None:
    left = missing(course, newest(totals, AT), AT)
    if Item.TRIALS not in (*left, *course.waived):
        assert failed(course.trials) >= TRIALS[course.indication]
    if Item.ASSESSMENT not in (*left, *course.waived):
        assert course.assessed_at is not None
        assert AT - ASSESSED_WITHIN <= course.assessed_at <= AT
    if Item.BASELINE not in (*left, *course.waived):
        assert any(each and AT - RATED_WITHIN <= each.at <= AT for each in totals)
    assert not set(left) & set(course.waived)


@given(st.lists(st.none() | TOTALS))
def test_the_baseline_is_the_last_total_before_it(totals: list[Measured | None]) -> None:
    found = newest(totals, AT)
    counts = [each for each in totals if each and AT - RATED_WITHIN <= each.at <= AT]
    assert (found is None) == (not counts)
    assert found is None or all(each.at <= found.at for each in counts)
