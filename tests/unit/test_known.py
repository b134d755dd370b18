"""With a known baseline in force a worse answer is still never told more quietly than a better one.

Over every two answers to the items on suicidality, with everything around them equal: every prior
severity, several pasts, a note's phrase, an infusion; by the shipped rules, and by sets that a
clinic may publish.
"""

from dataclasses import replace
from itertools import product
from typing import Any, Final

import pytest

from diary.instruments.measures import DAILY, SUICIDALITY
from diary.rules.conditions import All, AtLeast, AtMost, Emerges, Phrase
from diary.rules.default import DEFAULT
from diary.rules.default_suicidality import PRESENT
from diary.rules.explain import explain
from diary.rules.facts import DECLINED, UNREADABLE, AfterInfusion, Facts
from diary.rules.known import LEVELS, Known, covers, ended, listed
from diary.rules.publishing.combinations import Combinations
from diary.rules.publishing.groups import axes_to_order
from diary.rules.publishing.order import Step, steps
from diary.rules.publishing.publication import check
from diary.rules.ruleset import Rule, RuleSet, judge, suicidality_severity
from diary.severity import Severity
from tests.unit.test_default_rules_worse import PASTS

# What returns is told here by a rule of its own, no graver than what is there: it pages all the
# same. That it holds at level 1 alone is what makes it a trap: level 2 must not be quieter.
RETURNS: Final = Rule(
    "C2",
    "suicidality_returns",
    All((Emerges("si", 1, after_days=7, entries=5), AtMost("si", 1))),
    Severity.MODERATE,
    suicidality=True,
)
FAINT: Final = Rule(
    "C1",
    "suicidality_faint",
    PRESENT.when,
    Severity.LOW,
    suicidality=True,
)
CLEAR: Final = Rule("C3", "suicidality_clear", AtLeast("si", 2), Severity.MODERATE, True)
MENTIONED: Final = Rule("C4", "mentioned", Phrase(), Severity.MODERATE, suicidality=True)


def without(*codes: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in DEFAULT.rules if rule.code not in codes)


SETS: Final = {
    "shipped": DEFAULT,
    "what returns": RuleSet((*without("R4", "R5", "R17"), RETURNS, MENTIONED)),
    "strict": RuleSet((*DEFAULT.rules, replace(CLEAR, severity=Severity.HIGH))),
    "faint and clear": RuleSet((*without("R3", "R4"), FAINT, CLEAR, RETURNS)),
}
EVERY: Final = {
    "si_gate": (None, "no", "yes", DECLINED, UNREADABLE),
    "si_act": (None, "no", "yes", DECLINED, UNREADABLE),
    "safe_now": (None, "yes", "unsure", "no", DECLINED, UNREADABLE),
    "si": (None, *range(6), DECLINED, UNREADABLE),
}
AROUND: Final[dict[str, dict[str, Any]]] = {
    "nothing": {},
    **{f"past: {name}": {"history": past} for name, past in PASTS.items() if past},
    "a phrase": {"phrases": ("better off dead",)},
    "an infusion": {"infusion": AfterInfusion(4, 1, 30.0)},
}
_Said = tuple[Any, ...]
_PLAIN = {None, DECLINED, UNREADABLE}


def facts(said: _Said, prior: Severity | None, around: dict[str, Any]) -> Facts:
    states = dict(zip(EVERY, said, strict=True))
    return Facts(
        {name: each for name, each in states.items() if each not in _PLAIN},
        frozenset(name for name, each in states.items() if each == DECLINED),
        frozenset(name for name, each in states.items() if each == UNREADABLE),
        prior=prior,
        **around,
    )


def loudness(rules: RuleSet, known: Known, asked: Facts) -> int:
    """How grave what the care team is told of suicidality is; 0 where it is told nothing."""
    found = judge(rules, asked, explained=False)
    if covers(rules, asked, known.level):
        found = listed(found, rules, known)
    return suicidality_severity(found, rules) or 0


def weight(rules: RuleSet, asked: Facts) -> int:
    return suicidality_severity(judge(rules, asked, explained=False), rules) or 0


def _pairs(found: dict[_Said, Any], step: Step) -> list[tuple[_Said, _Said]]:
    """Those that differ in this step alone, where it is held."""
    at = {name: place for place, name in enumerate(EVERY)}
    place = at[str(step.axis)]
    return [
        (said, (*said[:place], step.graver, *said[place + 1 :]))
        for said in found
        if said[place] == step.milder
        and all(said[at[str(axis)]] in states for axis, states in step.beside)
    ]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("which", SETS)
def test_a_worse_answer_is_never_told_more_quietly(which: str, around: str) -> None:
    rules = SETS[which]
    order = [step for step in steps(DAILY, _among()) if step.axis in SUICIDALITY]
    for level, prior in product(LEVELS, (None, *Severity)):
        known = Known(level)
        told: dict[_Said, tuple[int, int]] = {}
        for said in product(*EVERY.values()):
            asked = facts(said, prior, AROUND[around])
            told[said] = (weight(rules, asked), loudness(rules, known, asked))
        for step in order:
            for milder, graver in _pairs(told, step):
                if told[milder][0] <= told[graver][0]:
                    assert told[milder][1] <= told[graver][1], (level, prior, milder, graver)
                else:
                    # A ladder without an answer is compared only where nothing looks back at it.
                    assert around.startswith("past"), (prior, milder, graver)


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("which", SETS)
def test_of_any_two_whole_answers_the_worse_one_is_told_no_more_quietly(
    which: str, around: str
) -> None:
    """Without the order of publication: each item no better, whatever else."""
    rules = SETS[which]
    ranks = (("no", "yes"), ("no", "yes"), ("yes", "unsure", "no"), tuple(range(6)))
    for level in LEVELS:
        known = Known(level)
        told = {
            tuple(rank.index(each) for rank, each in zip(ranks, said, strict=True)): loudness(
                rules, known, facts(said, None, AROUND[around])
            )
            for said in product(*ranks)
        }
        for better, worse in product(told, told):
            if all(one <= other for one, other in zip(better, worse, strict=True)):
                assert told[better] <= told[worse], (level, better, worse)


def test_the_sets_that_this_is_shown_with_may_be_published() -> None:
    assert {name: check(rules) for name, rules in SETS.items()} == dict.fromkeys(SETS)


def test_what_is_covered_is_exactly_what_is_known() -> None:
    covered = [
        (level, said)
        for level in LEVELS
        for said in product(*EVERY.values())
        if covers(DEFAULT, facts(said, Severity.MODERATE, {}), level)
    ]
    assert covered == [
        (level, (gate, "no", "yes", si))
        for level in LEVELS
        for gate in (None, "no", "yes")
        for si in range(level + 1)
    ]


@pytest.mark.parametrize(
    ("which", "around", "si", "is_covered"),
    [
        ("shipped", "past: ideation", 2, True),
        ("shipped", "past: a week without", 1, False),
        ("shipped", "past: rising", 2, False),
        ("shipped", "a phrase", 1, False),
        ("shipped", "an infusion", 2, True),
        ("what returns", "a phrase", 1, False),
        ("what returns", "past: a week without", 1, False),
        ("what returns", "past: a week without", 2, False),
        ("what returns", "past: ideation", 1, True),
        ("faint and clear", "nothing", 2, True),
        ("strict", "nothing", 1, True),
        ("strict", "nothing", 2, False),
    ],
)
def test_whatever_else_a_rule_finds_is_no_list_entry(
    which: str, around: str, si: int, is_covered: bool
) -> None:
    asked = facts(("yes", "no", "yes", si), None, AROUND[around])
    assert covers(SETS[which], asked, 2) is is_covered


def test_a_finding_says_that_it_is_a_list_entry_and_what_it_was_found_as() -> None:
    known = Known(2)
    asked = facts(("yes", "no", "yes", 2), None, {})
    asked = replace(asked, measures={**asked.measures, "mood": 0})
    mood, present = listed(judge(DEFAULT, asked), DEFAULT, known)
    assert (present.rule, present.severity) == ("R3", Severity.LOW)
    assert explain(present.because).endswith(
        "no worse than the known level of 2, so a list entry (found moderate)"
    )
    assert (mood.rule, mood.severity) == ("R8", Severity.MODERATE)
    assert "known" not in explain(mood.because)


def test_what_ends_it_says_so() -> None:
    asked = facts(("yes", "no", "yes", 3), None, {})
    found = ended(judge(DEFAULT, asked), DEFAULT, Known(2))
    assert [(each.rule, each.severity) for each in found] == [
        ("R2", Severity.HIGH),
        ("R3", Severity.MODERATE),
    ]
    assert all(
        explain(each.because).endswith(
            "not what is known of the patient (level 2), which ends with this"
        )
        for each in found
    )


def _among() -> Combinations:
    return Combinations(axes_to_order(DAILY, ()))
