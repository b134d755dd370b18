"""The default rules on suicidality, as the clinic's table reads: R1 to R7 and R17. The daily items
at one moment are in test_judging."""

from typing import Any

import pytest

from diary.instruments.measures import FLOORS, RISKS
from diary.rules.default import DEFAULT
from diary.rules.facts import Facts
from diary.severity import Severity
from tests.diaries import answers, daily, days_ago, fires, found, hours_ago, silence

LOW, MODERATE, HIGH, CRITICAL = Severity


@pytest.mark.parametrize(
    ("answer", "gravest"),
    [
        ({"phq9_item9": 0}, None),
        ({"phq9_item9": 1}, MODERATE),
        ({"phq9_item9": 2}, MODERATE),
        ({"phq9_item9": 3}, HIGH),
        ({"qids_item12": 0}, None),
        ({"qids_item12": 1}, MODERATE),
        ({"qids_item12": 2}, MODERATE),
        ({"qids_item12": 3}, HIGH),
        ({"madrs_s_item9": 1}, None),
        ({"madrs_s_item9": 2}, MODERATE),
        ({"madrs_s_item9": 3}, MODERATE),
        ({"madrs_s_item9": 4}, HIGH),
        ({"madrs_s_item9": 6}, HIGH),
        ({"sidas": 0}, None),
        ({"sidas": 1}, MODERATE),
        ({"sidas": 20}, MODERATE),
        ({"sidas": 21}, HIGH),
        ({"asq": "negative"}, None),
        ({"asq": "non_acute"}, MODERATE),
        ({"asq": "acute"}, CRITICAL),
        ({"cssrs_ideation": 0}, None),
        ({"cssrs_ideation": 1}, MODERATE),
        ({"cssrs_ideation": 2}, MODERATE),
        ({"cssrs_ideation": 3}, HIGH),
        ({"cssrs_ideation": 4}, CRITICAL),
        ({"cssrs_ideation": 5}, CRITICAL),
        ({"cssrs_behaviour": "never"}, None),
        ({"cssrs_behaviour": "lifetime"}, MODERATE),
        ({"cssrs_behaviour": "recent"}, CRITICAL),
        ({"cssrs_ideation": 0, "cssrs_behaviour": "recent"}, CRITICAL),
        ({"phq9": 27, "phq9_item9": 0}, None),
    ],
)
def test_r1_r2_r3_what_an_instrument_tells_of_suicidality(
    answer: dict[str, int | str], gravest: Severity | None
) -> None:
    told = {rule: each for rule, each in found(Facts(answer)).items() if rule in ("R1", "R2", "R3")}
    assert max(told.values(), default=None) == gravest


@pytest.mark.parametrize("measure", FLOORS)
def test_the_mildest_answer_at_a_floor_is_not_silent(measure: str) -> None:
    assert "R3" in found(Facts({measure: FLOORS[measure]}))


def test_r4_ideation_after_a_week_without_it_is_one_level_graver() -> None:
    assert fires("R4", *daily(7, si=0), si=1) == HIGH, "where 1 itself is moderate"
    assert fires("R4", *daily(7, si=0), si=2) == HIGH, "a rise that R5 finds does not count twice"
    assert fires("R4", *daily(7, si=0), si=3) == CRITICAL
    assert fires("R4", *daily(7, si=0), si=5) == CRITICAL, "there is nothing above it"
    assert fires("R4", *daily(7, si=0), si=0) is None


def test_r4_a_week_is_seven_days_with_five_answers() -> None:
    five = [days_ago(ago, si=0) for ago in (1, 2, 3, 4)]
    assert fires("R4", *five, days_ago(7, si=0), si=1) == HIGH
    assert fires("R4", *five, hours_ago(7 * 24 - 1, si=0), si=1) is None, "not seven days"
    assert fires("R4", *five[1:], days_ago(7, si=0), si=1) is None, "four answers"
    assert fires("R4", *five, days_ago(10, si=0), si=1) == HIGH, "three days missed"
    assert fires("R4", *five, days_ago(10.1, si=0), si=1) is None, "more than three days missed"


def test_r4_ideation_within_the_week_is_no_emergence() -> None:
    assert fires("R4", *daily(3, si=0), days_ago(4, si=1), *daily(10, si=0)[4:], si=1) is None
    assert fires("R4", *daily(7, si=0), days_ago(8, si=5), si=1) == HIGH


def test_r5_a_rise_by_two_within_72_hours() -> None:
    assert fires("R5", hours_ago(72, si=0), si=2) == HIGH
    assert fires("R5", hours_ago(72.1, si=0), si=2) is None
    assert fires("R5", hours_ago(72, si=0), si=1) is None
    assert fires("R5", hours_ago(24, si=1), hours_ago(72, si=0), si=2) == HIGH, "in two steps"
    assert fires("R5", hours_ago(1, si=5), hours_ago(2, si=1), si=3) == HIGH, "from the lowest"
    assert fires("R5", hours_ago(24, si=3), si=1) is None


def test_r5_two_rises_in_a_row_within_a_week() -> None:
    assert fires("R5", days_ago(3, si=1), days_ago(7, si=0), si=2) == HIGH
    assert fires("R5", days_ago(3.5, si=1), days_ago(7.1, si=0), si=2) is None
    assert fires("R5", days_ago(4, si=1), days_ago(5, si=1), days_ago(6, si=0), si=2) is None
    assert fires("R5", days_ago(4, si=1), si=2) is None, "a single one"


@pytest.mark.parametrize(("prior", "hours"), [(CRITICAL, 12), (HIGH, 24), (MODERATE, 36)], ids=str)
def test_r6_silence_after_a_risk_weighs_what_the_risk_did(prior: Severity, hours: int) -> None:
    assert found(silence(hours - 0.1, prior=prior)) == {}
    assert found(silence(hours, prior=prior)) == {"R6": prior}
    assert found(silence(500, prior=prior)) == {"R6": prior}


def test_r6_silence_after_no_risk_is_no_risk() -> None:
    assert found(silence(500)) == {}


def test_r6_after_a_mild_risk_found_by_other_rules_silence_is_moderate() -> None:
    assert found(silence(35.9, prior=LOW)) == {}
    assert found(silence(36, missed=3, prior=LOW)) == {"R6": MODERATE}


@pytest.mark.parametrize("item", sorted(RISKS))
def test_r7_a_declined_risk_item_weighs_what_the_answer_before_did(item: str) -> None:
    def declined(prior: Severity | None) -> dict[str, Severity]:
        return found(Facts({}, declined=frozenset((item,)), prior=prior))

    assert declined(None) == {"R7": MODERATE}
    assert declined(HIGH) == {"R7": HIGH}
    assert declined(CRITICAL) == {"R7": CRITICAL}


def test_r17_a_phrase_of_the_list_in_a_note_is_high() -> None:
    assert found(Facts({"mood": 8}, phrases=("end my life",))) == {"R17": HIGH}
    assert found(Facts({"mood": 8}, phrases=())) == {}


def test_a_good_day_after_good_days_finds_nothing() -> None:
    good: dict[str, Any] = {
        "mood": 7,
        "anxiety": 2,
        "dissociation": 0,
        "si_gate": "no",
        "si": 0,
        "si_act": "no",
        "safe_now": "yes",
    }
    assert found(answers(*daily(30, **good), **good)) == {}


def test_what_tells_of_suicidality_says_so() -> None:
    telling = {rule.code for rule in DEFAULT.rules if rule.suicidality}
    assert telling == {"R1", "R2", "R3", "R4", "R5", "R6", "R7", "R17"}
