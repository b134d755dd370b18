"""The default rules on how treatment goes, as the clinic's table reads: R8 to R15, and R18."""

from dataclasses import replace

import pytest

from diary.rules.facts import AfterInfusion, Facts
from diary.severity import Severity
from tests.diaries import (
    after_infusion,
    answers,
    daily,
    days_ago,
    fires,
    found,
    hours_ago,
    silence,
)

LOW, MODERATE, HIGH, CRITICAL = Severity
WEEK = tuple(days_ago(ago, mood=6) for ago in range(2, 9))
"""The mood of the week before yesterday."""


def test_r8_a_mood_of_0_or_1() -> None:
    assert fires("R8", mood=0) == MODERATE
    assert fires("R8", mood=1) == MODERATE
    assert fires("R8", mood=2) is None


def test_r8_a_mood_three_below_the_own_median_on_two_days_running() -> None:
    assert fires("R8", *WEEK, days_ago(1, mood=3), mood=3) == MODERATE
    assert fires("R8", *WEEK, days_ago(1, mood=3), mood=4) is None
    assert fires("R8", *WEEK, days_ago(1, mood=4), mood=3) is None, "a single day"
    assert fires("R8", *WEEK, mood=3) is None, "nothing is known of yesterday"


def test_r8_a_median_needs_four_days() -> None:
    assert fires("R8", *WEEK[:4], days_ago(1, mood=3), mood=3) == MODERATE
    assert fires("R8", *WEEK[:3], days_ago(1, mood=3), mood=3) is None


def test_r8_the_lowest_answer_of_a_day_counts() -> None:
    assert fires("R8", *WEEK, days_ago(1, mood=3), hours_ago(5, mood=3), mood=8) == MODERATE


OUTCOMES = pytest.mark.parametrize(
    ("measure", "base"), [("phq9", 20), ("qids", 20), ("madrs_s", 40)]
)


@OUTCOMES
def test_r9_a_response_that_two_answers_no_longer_show(measure: str, base: int) -> None:
    half, more = {measure: base // 2}, {measure: base // 2 + 1}
    best, known = days_ago(60, **half), {"baselines": {measure: base}}
    assert fires("R9", best, days_ago(7, **more), **more, **known) == MODERATE
    assert fires("R9", best, days_ago(7, **more), **half, **known) is None, "still half"
    assert fires("R9", best, days_ago(7, **half), **more, **known) is None, "once alone"
    assert fires("R9", days_ago(60, **more), days_ago(7, **more), **more, **known) is None
    assert fires("R9", days_ago(180, **half), days_ago(7, **more), **more, **known) == MODERATE
    assert fires("R9", days_ago(181, **half), days_ago(7, **more), **more, **known) is None
    assert fires("R9", best, days_ago(7, **more), **more) is None, "no baseline is known"


def test_r9_a_phq9_five_above_the_best() -> None:
    assert fires("R9", days_ago(30, phq9=6), days_ago(60, phq9=4), phq9=9) == MODERATE
    assert fires("R9", days_ago(30, phq9=6), days_ago(60, phq9=4), phq9=8) is None


def test_r10_a_severe_phq9_after_a_moderate_one() -> None:
    assert fires("R10", days_ago(30, phq9=14), phq9=20) == HIGH
    assert fires("R10", days_ago(30, phq9=14), phq9=19) is None
    assert fires("R10", days_ago(30, phq9=15), phq9=20) is None


@OUTCOMES
def test_r10_back_to_the_baseline_twice(measure: str, base: int) -> None:
    better, near = {measure: base * 3 // 4}, {measure: base * 9 // 10}
    below, known = {measure: base * 9 // 10 - 1}, {"baselines": {measure: base}}
    assert fires("R10", days_ago(30, **better), days_ago(7, **near), **near, **known) == HIGH
    assert fires("R10", days_ago(30, **better), days_ago(7, **near), **below, **known) is None
    assert fires("R10", days_ago(30, **better), days_ago(7, **below), **near, **known) is None


def test_r10_what_never_got_better_has_not_come_back() -> None:
    known = {"baselines": {"phq9": 20}}
    assert fires("R10", days_ago(30, phq9=16), days_ago(7, phq9=18), phq9=18, **known) is None
    assert fires("R10", days_ago(7, phq9=20), phq9=20, **known) is None


def test_r11_dissociation_more_than_a_day_after_the_infusion() -> None:
    assert fires("R11", dissociation=2, infusion=after_infusion(24.1)) == MODERATE
    assert fires("R11", dissociation=2, infusion=after_infusion(24)) is None
    assert fires("R11", dissociation=1, infusion=after_infusion(24.1)) is None
    assert fires("R11", dissociation=4) is None, "without an infusion"


def test_r11_is_high_after_two_days_or_at_4() -> None:
    assert fires("R11_SEVERE", dissociation=2, infusion=after_infusion(48.1)) == HIGH
    assert fires("R11_SEVERE", dissociation=2, infusion=after_infusion(48)) is None
    assert fires("R11_SEVERE", dissociation=1, infusion=after_infusion(48.1)) is None
    assert fires("R11_SEVERE", dissociation=4, infusion=after_infusion(24.1)) == HIGH
    assert fires("R11_SEVERE", dissociation=3, infusion=after_infusion(24.1)) is None
    assert fires("R11_SEVERE", dissociation=4, infusion=after_infusion(24)) is None


def test_r11_driving_before_the_next_morning() -> None:
    assert fires("R11", drove_before_next_morning="yes") == MODERATE
    assert fires("R11", drove_before_next_morning="no") is None


def test_r12_strong_dissociation_on_the_infusions_day() -> None:
    assert fires("R12", dissociation=3, infusion=after_infusion(4.1)) == MODERATE
    assert fires("R12", dissociation=3, infusion=after_infusion(4)) is None
    assert fires("R12", dissociation=2, infusion=after_infusion(4.1)) is None


def test_strong_dissociation_is_seen_at_every_hour_after_the_fourth() -> None:
    days = [(5, 0), (9, 1), (23, 1), (24, 1), (25, 1), (25, 2), (400, 16)]
    for hours, day in days:
        rules = found(answers(dissociation=3, infusion=after_infusion(hours, days=day)))
        assert rules.keys() & {"R11", "R12"}, (hours, day)


@OUTCOMES
def test_r13_little_change_after_the_fourth_to_sixth_infusion(measure: str, base: int) -> None:
    known = {"baselines": {measure: base}}
    little, enough = {measure: base * 4 // 5 + 1}, {measure: base * 4 // 5}
    expected = {3: None, 4: LOW, 6: LOW, 7: None}
    for number, severity in expected.items():
        after = after_infusion(30, number=number)
        assert fires("R13", **little, **known, infusion=after) == severity
        assert fires("R13", **enough, **known, infusion=after) is None
    assert (
        fires("R13", **{measure: base + 5}, **known, infusion=after_infusion(30, number=5)) == LOW
    )


def test_r14_three_check_ins_missed_without_a_risk_before() -> None:
    assert found(silence(80, missed=3)) == {"R14": LOW}
    assert found(silence(80, missed=2)) == {}
    assert found(silence(80, missed=3, prior=MODERATE)) == {"R6": MODERATE}, "R6 weighs it then"


@pytest.mark.parametrize(
    ("number", "days", "fires"),
    [
        *((1, 4, False), (1, 5, True), (1, 10, True), (1, 11, False), (5, 18, False)),
        *((6, 13, False), (6, 14, True), (6, 22, True), (6, 23, False), (7, 18, False)),
    ],
)
def test_r18_two_weigh_more_where_ideation_is_known_to_return(
    number: int, days: int, fires: bool
) -> None:
    def missing(missed: int, prior: Severity | None = None) -> Facts:
        infusion = AfterInfusion(number, days, 24.0 * days)
        return replace(silence(50, missed=missed, prior=prior), infusion=infusion)

    assert found(missing(2)) == ({"R18": LOW} if fires else {})
    assert found(missing(1)) == {}
    assert found(missing(2, prior=MODERATE)) == {"R6": MODERATE}, "R6 weighs it then"


@pytest.mark.parametrize(
    ("silent", "firing"),
    [
        ({"elevated_energy": 2, "little_need_for_sleep": 1}, {"elevated_energy": 3}),
        ({"elevated_energy": 1, "little_need_for_sleep": 2}, {"little_need_for_sleep": 3}),
        ({"elevated_energy": 2}, {"elevated_energy": 2, "little_need_for_sleep": 2}),
        ({"unusual_perceptions": 2}, {"unusual_perceptions": 3}),
        ({"suspiciousness": 1}, {"suspiciousness": 2}),
        ({"bladder_symptoms": 1}, {"bladder_symptoms": 2}),
        ({"ketamine_craving": 2}, {"ketamine_craving": 3}),
        ({"ketamine_use_elsewhere": "no"}, {"ketamine_use_elsewhere": "yes"}),
        ({"bladder_discomfort": 2}, {"bladder_discomfort": 3}),
        ({"craving": 2}, {"craving": 3}),
        ({"used_ketamine_elsewhere": "no"}, {"used_ketamine_elsewhere": "yes"}),
    ],
)
def test_r15_signs_of_another_harm(
    silent: dict[str, int | str], firing: dict[str, int | str]
) -> None:
    assert found(Facts(silent)) == {}
    assert found(Facts(firing)) == {"R15": MODERATE}


def test_a_week_of_equal_days_finds_nothing() -> None:
    assert found(answers(*daily(14, mood=4, dissociation=1), mood=4, dissociation=1)) == {}
