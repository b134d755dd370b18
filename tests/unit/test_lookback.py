"""How far a rule set looks back: no further than judging needs, and never less."""

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diary.instruments.measures import group_of
from diary.rules.conditions import (
    AboveMedian,
    AtLeast,
    BelowMedian,
    Condition,
    Emerges,
    Falls,
    ImprovedLessThan,
    NearBaseline,
    Not,
    Rises,
    RisesInARow,
    Traced,
    WasAtLeast,
    WasAtMost,
    WasImproved,
)
from diary.rules.default import DEFAULT
from diary.rules.facts import Entry, Facts, History
from diary.rules.lookback import LookBack, look_back
from diary.rules.ruleset import Rule, RuleSet, judge
from diary.severity import Severity
from tests.conditions import every_check_in
from tests.diaries import DAY_STARTS, NOW, answers, daily, days_ago


def rules(*conditions: Condition) -> RuleSet:
    return RuleSet(
        tuple(Rule(f"A{i}", "a", each, Severity.LOW, True) for i, each in enumerate(conditions))
    )


@pytest.mark.parametrize(
    ("condition", "hours"),
    [
        (Rises("si", 2, within_hours=72), 72),
        (Falls("si", 2, within_hours=72), 72),
        (RisesInARow("si", 2, within_hours=168), 168),
        (Emerges("si", 1, after_days=7, entries=5), 240),
        (WasAtMost("si", 0, within_days=7), 168),
        (BelowMedian("mood", 3, days=7, entries=4, running=2), 9 * 24 + 26),
        (Not(Rises("si", 2, within_hours=72)), 72),
    ],
)
def test_what_a_condition_looks_back_at(condition: Condition, hours: int) -> None:
    assert look_back(rules(condition)) == LookBack({"daily-check-in": hours}, frozenset())


def test_what_is_compared_with_the_baseline() -> None:
    improved = WasImproved("phq9", 50, within_days=90)
    assert look_back(rules(improved)) == LookBack({"phq-9": 90 * 24}, frozenset(("phq-9",)))
    twice = NearBaseline("qids", 90, in_a_row=2)
    assert look_back(rules(twice)) == LookBack({"qids-sr16": 4320}, frozenset(("qids-sr16",)))
    once = ImprovedLessThan("gad7", 20, in_a_row=1)
    assert look_back(rules(once)) == LookBack({"gad-7": 0}, frozenset(("gad-7",)))


def test_a_rule_set_looks_back_as_far_as_its_furthest_rule_in_each_group() -> None:
    both = rules(Rises("si", 1, 24), Rises("mood", 1, 48), Rises("phq9", 5, 240), AtLeast("si", 1))
    assert look_back(both) == LookBack({"daily-check-in": 48, "phq-9": 240}, frozenset())
    assert look_back(rules(AtLeast("si", 1))) == LookBack({}, frozenset())


def cut(facts: Facts, group: str, back: LookBack) -> Facts:
    """The facts with no more history than was asked for."""
    history = facts.history
    assert history is not None
    reach = timedelta(hours=back.hours.get(group, 0))
    entries = tuple(e for e in history.entries if history.recorded_at - e.recorded_at <= reach)
    baselines = history.baselines if group in back.baselines else {}
    return replace(facts, history=replace(history, entries=entries, baselines=baselines))


LOOKING_BACK: tuple[Traced, ...] = (
    Rises("si", 1, within_hours=72),
    Falls("si", 1, within_hours=72),
    RisesInARow("si", 2, within_hours=72),
    Emerges("si", 1, after_days=4, entries=1),
    BelowMedian("mood", 1, days=2, entries=1, running=1),
    AboveMedian("mood", 1, days=2, entries=1, running=2),
    WasAtLeast("phq9", 10, within_days=4),
    WasAtMost("phq9", 10, within_days=4),
    WasImproved("phq9", 50, within_days=4),
    ImprovedLessThan("phq9", 50, in_a_row=2),
    NearBaseline("phq9", 90, in_a_row=2),
)


@st.composite
def diaries(draw: st.DrawFn, condition: Traced) -> Facts:
    """A diary around the edge of what the condition looks back at, told while travelling."""
    ((_, reach),) = look_back(rules(condition)).hours.items()
    values = st.sampled_from((0, 20) if condition.measure == "phq9" else (0, 1, 2))
    told = draw(st.lists(st.tuples(st.integers(0, reach + 100), values), max_size=4))

    def day(hours: int) -> date:
        offset = draw(st.sampled_from((-12, 0, 14)))
        return (NOW - timedelta(hours=hours - offset) - DAY_STARTS).date()

    entries = [
        Entry(NOW - timedelta(hours=ago), day(ago), {condition.measure: value})
        for ago, value in sorted(told)
    ]
    past = History(NOW, day(0), tuple(entries), {condition.measure: 20})
    return Facts({condition.measure: draw(values)}, history=past)


@pytest.mark.parametrize("condition", LOOKING_BACK, ids=lambda each: type(each).__name__)
@given(data=st.data())
def test_a_history_cut_to_the_look_back_finds_the_same(
    condition: Traced, data: st.DataObject
) -> None:
    ruleset, facts = rules(condition), data.draw(diaries(condition))
    back = look_back(ruleset)
    assert judge(ruleset, cut(facts, group_of(condition.measure), back)) == judge(ruleset, facts)


def test_every_kind_that_looks_back_is_among_them() -> None:
    assert {type(condition) for condition in LOOKING_BACK} == set(get_args(Traced))


@given(every_check_in)
@example(("daily-check-in", answers(*daily(60, si=0, mood=6), days_ago(1, mood=2), si=2, mood=2)))
@example(("daily-check-in", answers(*(days_ago(4 * i, si=0) for i in range(1, 9)), si=1)))
@example(("phq-9", answers(*daily(300, phq9=9), baselines={"phq9": 20}, phq9=18)))
def test_so_does_the_default_set(told: tuple[str, Facts]) -> None:
    group, facts = told
    assert judge(DEFAULT, cut(facts, group, look_back(DEFAULT))) == judge(DEFAULT, facts)
