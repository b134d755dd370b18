"""Conditions that never hold and rules that always do, each refused at its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.instruments.measures import GROUPS, Scale
from diary.rules.conditions import (
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Condition,
    Declined,
    Emerges,
    HadNoRisk,
    Is,
    Missed,
    Not,
    NotAnswered,
    Phrase,
    Rises,
    Silent,
    Unreadable,
    WasAtMost,
)
from diary.rules.default import DEFAULT
from diary.rules.publishing.limits import Budget
from diary.rules.publishing.publication import check
from diary.rules.publishing.reachable import unreachable
from diary.rules.ruleset import Rule, RuleSet, RuleSetFaults
from diary.severity import Severity

HERE = "/rules/0/when"
SEVERE, MILD = AtLeast("si", 4), AtMost("si", 2)


def faults(condition: Condition) -> list[tuple[str, str]]:
    rule = Rule("A1", "a_title", condition, Severity.LOW, suicidality=True)
    return [(fault.pointer, fault.code) for fault in unreachable([rule], Budget())]


def test_the_default_rules_can_all_hold() -> None:
    assert unreachable(DEFAULT.rules, Budget()) == []


@pytest.mark.parametrize(
    "condition",
    [
        All((SEVERE, MILD)),
        All((AtLeast("si", 2), AtLeast("phq9", 10))),
        All((SEVERE, Missed(3))),
        All((Phrase(), Silent("high", 24))),
        All((HadNoRisk(), Silent("low", 12))),
        All((Declined("si"), AtLeast("si", 0))),
        All((NotAnswered("si"), Missed(1))),
        All((Rises("mood", 3, 72), AtMost("mood", 2))),
        All((WasAtMost("phq9", 14, 180), Declined("phq9"))),
        All((SEVERE, AnyOf((MILD, NotAnswered("si"))))),
        Emerges("si", 0, 7, 5),
        Not(AnyOf((SEVERE, Not(SEVERE)))),
    ],
)
def test_what_can_never_hold(condition: Condition) -> None:
    assert faults(condition) == [(HERE, "never_holds")]


@pytest.mark.parametrize(
    ("condition", "place"),
    [
        (AnyOf((SEVERE, All((SEVERE, MILD)))), "/of/1"),
        (AnyOf((SEVERE, AnyOf((MILD, All((SEVERE, MILD)))))), "/of/1/of/1"),
        (All((MILD, AnyOf((SEVERE, Is("si_act", "yes"))))), "/of/1/of/0"),
        (All((AnyOf((Phrase(), AtLeast("phq9", 3))), SEVERE)), "/of/0/of/1"),
        (All((SEVERE, Not(AnyOf((MILD, Is("si_act", "yes")))))), "/of/1/of/of/0"),
        (All((SEVERE, Not(All((Unreadable(), AnyOf((MILD, Phrase()))))))), "/of/1/of/of/1/of/0"),
    ],
)
def test_a_part_of_an_any_that_never_holds_beside_its_siblings(
    condition: Condition, place: str
) -> None:
    assert faults(condition) == [(HERE + place, "never_holds")]


@pytest.mark.parametrize(
    "condition",
    [
        AnyOf((SEVERE, Not(SEVERE))),
        # Of a daily check-in, and of a silence, these are always true.
        Not(AtLeast("phq9", 10)),
        NotAnswered("phq9_item9"),
        AnyOf((AtLeast("si", 1), Not(AtLeast("phq9", 10)))),
        # Of every other check-in this is.
        NotAnswered("si"),
        Not(Is("safe_now", "yes")),
        Not(Missed(3)),
        Not(Unreadable()),
    ],
)
def test_what_holds_whatever_is_answered(condition: Condition) -> None:
    assert faults(condition) == [(HERE, "always_holds")]


@pytest.mark.parametrize(
    "condition",
    [
        All((AtLeast("si", 0), Not(AtLeast("phq9", 10)))),
        All((AtLeast("phq9", 0), NotAnswered("phq9_item9"))),
        All((SEVERE, AnyOf((AtLeast("si", 2), Is("si_act", "yes"))))),
        AnyOf((AtLeast("si", 4), AtLeast("phq9", 20), Missed(3))),
        All((Rises("mood", 3, 72), AtMost("mood", 3))),
        All((Silent("high", 24), Not(Missed(4)))),
        HadNoRisk(),
        Phrase(),
    ],
)
def test_what_holds_sometimes_may_stay(condition: Condition) -> None:
    assert faults(condition) == []


@given(st.integers(0, 10), st.integers(0, 10))
def test_two_thresholds_contradict_each_other_where_nothing_lies_between(
    least: int, most: int
) -> None:
    found = faults(All((AtLeast("mood", least), AtMost("mood", most))))
    assert found == ([] if least <= most else [(HERE, "never_holds")])


def test_a_set_is_refused_with_everything_that_is_out_of_reach() -> None:
    rules = [
        Rule("A1", "a_title", All((SEVERE, MILD)), Severity.LOW, suicidality=True),
        Rule("A2", "a_title", AtMost("mood", 1), Severity.LOW, suicidality=False),
        Rule("A3", "a_title", Not(AtLeast("mood", 1)), Severity.LOW, suicidality=False),
    ]
    with pytest.raises(RuleSetFaults) as refused:
        check(RuleSet((*DEFAULT.rules, *rules)))
    at = len(DEFAULT.rules)
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        (f"/rules/{at}/when", "never_holds"),
        (f"/rules/{at + 2}/when", "always_holds"),
    ]


def test_a_rule_that_would_take_too_long_to_look_at() -> None:
    levels = [
        AtLeast(name, value)
        for name, scale in GROUPS["daily-check-in"].items()
        if isinstance(scale, Scale)
        for value in range(1, scale.high + 1)
    ]
    with pytest.raises(RuleSetFaults) as refused:
        faults(AnyOf(tuple(levels)))
    [fault] = refused.value.faults
    assert (fault.pointer, fault.code) == (HERE, "too_many_combinations")
