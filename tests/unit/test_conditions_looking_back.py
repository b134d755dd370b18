"""Conditions that look back, at infusions, at silence and at notes: just below, at and above what
they say."""

from typing import Any

import pytest

from diary.rules.conditions import (
    AboveMedian,
    BelowMedian,
    Condition,
    DaysAfterInfusion,
    Emerges,
    Falls,
    HadNoRisk,
    HoursAfterInfusion,
    ImprovedLessThan,
    InfusionNumber,
    Missed,
    NearBaseline,
    NotAnswered,
    Phrase,
    Rises,
    RisesInARow,
    Silent,
    WasAtLeast,
    WasAtMost,
    WasImproved,
)
from diary.rules.evaluation import holds
from diary.rules.facts import Facts
from diary.severity import Severity
from tests.diaries import after_infusion, answers, daily, days_ago, hours_ago, silence

BASES: dict[str, Any] = {"baselines": {"phq9": 20}}


@pytest.mark.parametrize(
    ("condition", "facts", "expected"),
    [
        (Rises("si", 2, 72), answers(hours_ago(72, si=1), si=3), True),
        (Rises("si", 2, 72), answers(hours_ago(72, si=1), si=2), False),
        (Rises("si", 2, 72), answers(hours_ago(72.1, si=1), si=3), False),
        (Rises("si", 2, 72), answers(hours_ago(72, mood=1), si=3), False),
        (Falls("mood", 3, 48), answers(hours_ago(48, mood=7), mood=4), True),
        (Falls("mood", 3, 48), answers(hours_ago(48, mood=7), mood=5), False),
        (Falls("mood", 3, 48), answers(hours_ago(48.1, mood=7), mood=4), False),
        (RisesInARow("si", 1, 24), answers(hours_ago(24, si=0), si=1), True),
        (RisesInARow("si", 1, 24), answers(hours_ago(24, si=1), si=1), False),
        (RisesInARow("si", 1, 24), answers(hours_ago(24.1, si=0), si=1), False),
        (RisesInARow("si", 2, 24), answers(hours_ago(1, si=1), hours_ago(2, si=0), si=2), True),
        (RisesInARow("si", 2, 24), answers(hours_ago(1, si=1), hours_ago(2, si=1), si=2), False),
        (Emerges("si", 2, 7, 2), answers(*daily(7, si=1), si=2), True),
        (Emerges("si", 2, 7, 2), answers(*daily(7, si=2), si=2), False),
        (Emerges("si", 2, 7, 2), answers(days_ago(7, si=0), si=2), False),
        (AboveMedian("anxiety", 3, 7, 4, 1), answers(*daily(4, anxiety=3), anxiety=6), True),
        (AboveMedian("anxiety", 3, 7, 4, 1), answers(*daily(4, anxiety=3), anxiety=5), False),
        (AboveMedian("anxiety", 3, 7, 4, 1), answers(*daily(3, anxiety=3), anxiety=6), False),
        (BelowMedian("mood", 3, 7, 4, 1), answers(*daily(4, mood=6), mood=3), True),
        (BelowMedian("mood", 3, 7, 4, 1), answers(*daily(4, mood=6), mood=4), False),
        (WasAtLeast("phq9", 15, 30), answers(days_ago(30, phq9=15), phq9=0), True),
        (WasAtLeast("phq9", 15, 30), answers(days_ago(30, phq9=14), phq9=27), False),
        (WasAtLeast("phq9", 15, 30), answers(days_ago(30.1, phq9=15), phq9=0), False),
        (WasAtLeast("phq9", 15, 30), answers(days_ago(30, phq9=15)), False),
        (WasAtMost("phq9", 4, 30), answers(days_ago(30, phq9=4), phq9=20), True),
        (WasAtMost("phq9", 4, 30), answers(days_ago(30, phq9=5), phq9=0), False),
        (WasImproved("phq9", 50, 30), answers(days_ago(30, phq9=10), phq9=20, **BASES), True),
        (WasImproved("phq9", 50, 30), answers(days_ago(30, phq9=11), phq9=0, **BASES), False),
        (WasImproved("phq9", 50, 30), answers(days_ago(30, phq9=0), phq9=20), False),
        (ImprovedLessThan("phq9", 50, 1), answers(phq9=11, **BASES), True),
        (ImprovedLessThan("phq9", 50, 1), answers(phq9=10, **BASES), False),
        (ImprovedLessThan("phq9", 50, 2), answers(days_ago(180, phq9=20), phq9=20, **BASES), True),
        (ImprovedLessThan("phq9", 50, 2), answers(days_ago(181, phq9=20), phq9=20, **BASES), False),
        (NearBaseline("phq9", 90, 1), answers(phq9=18, **BASES), True),
        (NearBaseline("phq9", 90, 1), answers(phq9=17, **BASES), False),
        (NearBaseline("phq9", 90, 1), answers(phq9=0, baselines={"phq9": 0}), False),
        (InfusionNumber(4, 6), answers(infusion=after_infusion(1, number=4)), True),
        (InfusionNumber(4, 6), answers(infusion=after_infusion(1, number=7)), False),
        (InfusionNumber(4, 6), answers(), False),
        (HoursAfterInfusion(24), answers(infusion=after_infusion(24.1)), True),
        (HoursAfterInfusion(24), answers(infusion=after_infusion(24)), False),
        (DaysAfterInfusion(0, 1), answers(infusion=after_infusion(30, days=1)), True),
        (DaysAfterInfusion(0, 1), answers(infusion=after_infusion(30, days=2)), False),
        (Silent("high", 24), silence(24, prior=Severity.HIGH), True),
        (Silent("high", 24), silence(24, prior=Severity.MODERATE), False),
        (Silent("high", 24), silence(23.9, prior=Severity.CRITICAL), False),
        (Silent("high", 24), Facts({}, prior=Severity.HIGH), False),
        (Missed(3), silence(1, missed=3), True),
        (Missed(3), silence(1, missed=2), False),
        (Missed(3), Facts({}), False),
        (HadNoRisk(), silence(1), True),
        (HadNoRisk(), silence(1, prior=Severity.LOW), False),
        (NotAnswered("si"), silence(1), False),
        (Phrase(), Facts({}, phrases=("end it",)), True),
        (Phrase(), Facts({}), False),
    ],
)
def test_a_condition_looks_as_far_as_it_says(
    condition: Condition, facts: Facts, expected: bool
) -> None:
    assert holds(condition, facts) is expected


def test_what_looks_back_needs_a_past_and_an_answer() -> None:
    past = (days_ago(1, si=0), days_ago(8, si=0))
    for condition in (Rises("si", 1, 72), Emerges("si", 1, 7, 2), WasAtMost("si", 0, 7)):
        assert holds(condition, answers(*past, si=1))
        assert not holds(condition, answers(*past))
        assert not holds(condition, Facts({"si": 1}))
