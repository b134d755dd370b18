"""How long a rule set waits after a word of the patient."""

import pytest

from diary.rules.conditions import All, AtLeast, DaysAfterInfusion, Not, Silent
from diary.rules.default import DEFAULT
from diary.rules.ruleset import Rule, RuleSet
from diary.rules.waiting import next_hours, waits
from diary.severity import Severity

LOW, MODERATE, HIGH, CRITICAL = Severity


@pytest.mark.parametrize(
    ("prior", "hours"),
    [(LOW, [36]), (MODERATE, [36]), (HIGH, [24, 36]), (CRITICAL, [12, 24, 36])],
)
def test_after_a_graver_word_the_rules_that_ship_are_asked_sooner_and_more_often(
    prior: Severity, hours: list[int]
) -> None:
    asked, judged = [], 0
    while (at := next_hours(waits(DEFAULT), prior, judged=judged)) is not None:
        asked.append(at)
        judged = at
    assert asked == hours


@pytest.mark.parametrize(("judged", "following"), [(11, 12), (12, 24), (23, 24), (36, None)])
def test_an_hour_that_was_judged_does_not_come_again(judged: int, following: int | None) -> None:
    assert next_hours(waits(DEFAULT), CRITICAL, judged=judged) == following


def test_a_wait_counts_wherever_it_stands_in_a_condition() -> None:
    inside = All((Not(Silent("high", 48)), DaysAfterInfusion(5, 10), Silent("low", 20)))
    rules = RuleSet((Rule("A1", "a", inside, HIGH, True),))
    assert next_hours(waits(rules), LOW, judged=0) == 20
    assert next_hours(waits(rules), HIGH, judged=20) == 48


def test_a_set_without_any_waits_for_nobody() -> None:
    rules = RuleSet((Rule("A1", "a", AtLeast("si", 1), HIGH, True),))
    assert next_hours(waits(rules), CRITICAL, judged=0) is None
