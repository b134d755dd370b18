"""What made a rule fire: as plain JSON, and in words for staff."""

from typing import Any

import pytest

from diary.rules.conditions import (
    KINDS,
    AboveMedian,
    All,
    AnyOf,
    AtLeast,
    AtMost,
    BelowMedian,
    Condition,
    DaysAfterInfusion,
    Declined,
    Emerges,
    Falls,
    HadNoRisk,
    HoursAfterInfusion,
    ImprovedLessThan,
    InfusionNumber,
    Is,
    Missed,
    NearBaseline,
    Not,
    NotAnswered,
    Phrase,
    Rises,
    RisesInARow,
    Silent,
    Unreadable,
    WasAtLeast,
    WasAtMost,
    WasImproved,
)
from diary.rules.explain import explain
from diary.rules.facts import Facts
from diary.rules.ruleset import Rule, RuleSet, judge
from diary.severity import Severity
from tests.diaries import after_infusion, answers, daily, days_ago, hours_ago, silence

WEEK = daily(7, mood=6)
BASELINE: dict[str, Any] = {"baselines": {"phq9": 20}}


def because(condition: Condition, facts: Facts) -> Any:
    """The evidence of the one rule that says this."""
    rule = Rule("A1", "a", condition, Severity.LOW, suicidality=True)
    (finding,) = [each for each in judge(RuleSet((rule,)), facts) if each.rule == "A1"]
    return list(finding.because)


EXAMPLES: list[tuple[Condition, Facts, dict[str, Any], str]] = [
    (
        AtLeast("si", 3),
        Facts({"si": 4}),
        {"kind": "at_least", "measure": "si", "answer": 4, "value": 3},
        "suicidality is 4 (3 or more)",
    ),
    (
        AtMost("mood", 1),
        Facts({"mood": 0}),
        {"kind": "at_most", "measure": "mood", "answer": 0, "value": 1},
        "mood is 0 (1 or less)",
    ),
    (
        Is("asq", "non_acute"),
        Facts({"asq": "non_acute"}),
        {"kind": "is", "measure": "asq", "answer": "non_acute"},
        "ASQ: non acute",
    ),
    (
        Declined("phq9_item9"),
        Facts({}, declined=frozenset(("phq9_item9",))),
        {"kind": "declined", "measure": "phq9_item9"},
        "PHQ-9 item 9 was declined",
    ),
    (
        NotAnswered("si"),
        Facts({}),
        {"kind": "not_answered", "measure": "si"},
        "suicidality was left without an answer",
    ),
    (
        Unreadable(),
        Facts({}, unreadable=frozenset(("safe_now", "si"))),
        {"kind": "unreadable", "measures": ["si", "safe_now"]},
        "cannot be read: suicidality, able to stay safe",
    ),
    (
        Rises("si", 2, within_hours=72),
        answers(hours_ago(2, si=2), hours_ago(40, si=1), hours_ago(50, si=1), si=3),
        {"kind": "rises", "measure": "si", "answer": 3, "from": 1, "hours": 40},
        "suicidality rose from 1 to 3 within 40 h",
    ),
    (
        Falls("mood", 3, within_hours=240),
        answers(days_ago(2, mood=4), days_ago(5, mood=7), mood=3),
        {"kind": "falls", "measure": "mood", "answer": 3, "from": 7, "hours": 120},
        "mood fell from 7 to 3 within 5 days",
    ),
    (
        RisesInARow("si", 2, within_hours=72),
        answers(hours_ago(10, si=1), hours_ago(30.25, si=0), si=2),
        {"kind": "rises_in_a_row", "measure": "si", "answer": 2, "before": [1, 0], "hours": 30.2},
        "suicidality rose two times in a row (0, 1, 2) within 30.2 h",
    ),
    (
        Emerges("si", 1, after_days=7, entries=5),
        answers(*daily(8, si=0), si=2),
        {"kind": "emerges", "measure": "si", "answer": 2, "below": 1, "entries": 8, "hours": 192},
        "suicidality is 2 after eight answers below 1 in a row, over 8 days",
    ),
    (
        BelowMedian("mood", 3, days=7, entries=4, running=2),
        answers(*WEEK[1:], days_ago(1, mood=3), mood=2),
        {
            "kind": "below_median",
            "measure": "mood",
            "answer": 2,
            "extreme": 2,
            "median": 6,
            "by": 3,
            "running": 2,
        },
        "mood is 2, at least 3 below its own median of 6 on two days running",
    ),
    (
        AboveMedian("anxiety", 2, days=7, entries=4, running=1),
        answers(*daily(6, anxiety=3), hours_ago(3, anxiety=8), anxiety=4),
        {
            "kind": "above_median",
            "measure": "anxiety",
            "answer": 4,
            "extreme": 8,
            "median": 3,
            "by": 2,
            "running": 1,
        },
        "anxiety is 4, the day's highest is 8, at least 2 above its own median of 3",
    ),
    (
        WasAtLeast("phq9", 15, within_days=90),
        answers(days_ago(10, phq9=14), days_ago(20, phq9=15), days_ago(30, phq9=27), phq9=9),
        {"kind": "was_at_least", "measure": "phq9", "answer": 9, "from": 15, "hours": 480},
        "PHQ-9 is 9 and was 15 (20 days before)",
    ),
    (
        WasAtMost("phq9", 14, within_days=90),
        answers(days_ago(10, phq9=15), days_ago(20, phq9=14), phq9=20),
        {"kind": "was_at_most", "measure": "phq9", "answer": 20, "from": 14, "hours": 480},
        "PHQ-9 is 20 and was 14 (20 days before)",
    ),
    (
        WasImproved("phq9", 50, within_days=90),
        answers(days_ago(10, phq9=11), days_ago(20, phq9=10), phq9=12, **BASELINE),
        {
            "kind": "was_improved",
            "measure": "phq9",
            "answer": 12,
            "from": 10,
            "hours": 480,
            "baseline": 20,
            "percent": 50,
        },
        "PHQ-9 is 12 and was 10 (20 days before), 50 % or more below its baseline of 20",
    ),
    (
        ImprovedLessThan("phq9", 50, in_a_row=2),
        answers(days_ago(10, phq9=11), phq9=12, **BASELINE),
        {
            "kind": "improved_less_than",
            "measure": "phq9",
            "answer": 12,
            "before": [11],
            "baseline": 20,
            "percent": 50,
        },
        "PHQ-9 was 11 and 12, two answers in a row, less than 50 % below its baseline of 20",
    ),
    (
        NearBaseline("phq9", 90, in_a_row=1),
        answers(days_ago(10, phq9=2), phq9=18, **BASELINE),
        {
            "kind": "near_baseline",
            "measure": "phq9",
            "answer": 18,
            "before": [],
            "baseline": 20,
            "percent": 90,
        },
        "PHQ-9 is 18, 90 % or more of its baseline of 20",
    ),
    (
        InfusionNumber(4, 6),
        answers(infusion=after_infusion(30, number=5)),
        {"kind": "infusion_number", "number": 5},
        "after infusion 5",
    ),
    (
        HoursAfterInfusion(24),
        answers(infusion=after_infusion(26.04)),
        {"kind": "hours_after_infusion", "hours": 26},
        "26 h after the infusion",
    ),
    (
        DaysAfterInfusion(0, 1),
        answers(infusion=after_infusion(26)),
        {"kind": "days_after_infusion", "days": 1},
        "one day after the infusion",
    ),
    (
        Silent("high", 24),
        silence(30, prior=Severity.CRITICAL),
        {"kind": "silent", "hours": 30, "after": "critical"},
        "no check-in for 30 h after one that was found critical",
    ),
    (Missed(3), silence(80, missed=3), {"kind": "missed", "missed": 3}, "three check-ins missed"),
    (
        HadNoRisk(),
        silence(80),
        {"kind": "had_no_risk"},
        "nothing on suicidality was found before",
    ),
    (
        Phrase(),
        Facts({}, phrases=("end it", "no way out")),
        {"kind": "phrase", "phrases": ["end it", "no way out"]},
        'the note holds "end it", "no way out"',
    ),
    (
        Not(AnyOf((AtLeast("mood", 5), Is("safe_now", "yes")))),
        Facts({"mood": 3}),
        {"kind": "not", "measures": {"mood": 3, "safe_now": None}},
        "an exception does not apply (mood 3, able to stay safe not answered)",
    ),
]


@pytest.mark.parametrize(
    ("condition", "facts", "evidence", "words"), EXAMPLES, ids=lambda each: type(each).__name__
)
def test_each_kind_gives_its_evidence_and_its_words(
    condition: Condition, facts: Facts, evidence: dict[str, Any], words: str
) -> None:
    assert because(condition, facts) == [evidence]
    assert explain([evidence]) == words


def test_every_kind_of_leaf_is_among_them() -> None:
    told = {evidence["kind"] for _, _, evidence, _ in EXAMPLES}
    assert told == KINDS.keys() - {"all", "any"}


def test_every_leaf_that_made_it_true_is_told_and_no_other() -> None:
    both = All((AtLeast("si", 1), AnyOf((Is("safe_now", "no"), Is("si_act", "yes")))))
    found = because(both, Facts({"si": 2, "safe_now": "yes", "si_act": "yes"}))

    assert [each["measure"] for each in found] == ["si", "si_act"]
    assert explain(found) == "suicidality is 2 (1 or more); an act or preparation: yes"


def test_what_says_the_same_is_said_once() -> None:
    same = {"kind": "infusion_number", "number": 5}
    assert explain([same, same]) == "after infusion 5"
    assert explain([]) == ""
