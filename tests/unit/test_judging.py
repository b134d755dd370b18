"""Judging a check-in by the default rules, read as the clinic's table reads."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from diary.alerts.findings import Finding
from diary.instruments.measures import MEASURES, SUICIDALITY, Scale
from diary.rules.conditions import All, AnyOf, AtLeast, AtMost, Declined, Not, Rises, Unreadable
from diary.rules.default import DEFAULT, help_requested
from diary.rules.facts import Facts
from diary.rules.ruleset import (
    Raised,
    Rule,
    RuleSet,
    judge,
    severity_of,
    suicidality_severity,
)
from diary.severity import Severity
from tests import diaries

LOW, MODERATE, HIGH, CRITICAL = Severity
PRIORS = (None, *Severity)
# Everything that is asked beside the ladder, and calms nobody.
REST = {"si_act": "no", "safe_now": "yes"}


def facts(
    declined: tuple[str, ...] = (),
    unreadable: tuple[str, ...] = (),
    prior: Severity | None = None,
    **measures: int | str,
) -> Facts:
    return Facts(measures, frozenset(declined), frozenset(unreadable), prior)


def judged(**said: Any) -> tuple[Severity | None, str | None]:
    """The severity, and the code of the gravest rule."""
    findings = judge(DEFAULT, facts(**said))
    return severity_of(findings), findings[0].rule if findings else None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (None, None)),
        ({"si_gate": "no"}, (None, None)),
        ({"si_gate": "no", "si": 0, "si_act": "no", "safe_now": "yes"}, (None, None)),
        ({"mood": 2, "anxiety": 10, "dissociation": 4}, (None, None)),
        # R1, critical: some intent or a plan, any act, or not able to stay safe.
        ({"si": 3}, (HIGH, "R2")),
        ({"si": 4}, (CRITICAL, "R1")),
        ({"si": 5}, (CRITICAL, "R1")),
        ({"si_act": "no"}, (None, None)),
        ({"si_act": "yes"}, (CRITICAL, "R1")),
        ({"safe_now": "no"}, (CRITICAL, "R1")),
        ({"si_gate": "no", "si": 4}, (CRITICAL, "R1")),
        ({"si_gate": "no", "si": 0, "si_act": "yes", "safe_now": "yes"}, (CRITICAL, "R1")),
        # R2, high: thoughts of how, or any ideation while unsure of staying safe.
        ({"si": 2}, (MODERATE, "R3")),
        ({"si": 1, "safe_now": "yes"}, (MODERATE, "R3")),
        ({"si": 1, "safe_now": "unsure"}, (HIGH, "R2")),
        ({"si": 0, "safe_now": "unsure"}, (MODERATE, "R3")),
        ({"si_gate": "no", "si": 1, "safe_now": "unsure"}, (HIGH, "R2")),
        ({"si_gate": "yes", "safe_now": "unsure"}, (HIGH, "R2")),
        ({"si_gate": "yes", "si": 0, "safe_now": "unsure"}, (HIGH, "R2")),
        ({"declined": ("si",), "safe_now": "unsure"}, (HIGH, "R2")),
        ({"declined": ("si_gate",), "safe_now": "unsure"}, (HIGH, "R2")),
        # R3, moderate: any ideation, or unsure of staying safe.
        ({"si": 0}, (None, None)),
        ({"si": 1}, (MODERATE, "R3")),
        ({"safe_now": "yes"}, (None, None)),
        ({"safe_now": "unsure"}, (MODERATE, "R3")),
        ({"si_gate": "yes", "si": 0}, (MODERATE, "R3")),
        ({**REST, "si_gate": "yes", "si": 0, "prior": CRITICAL}, (MODERATE, "R3")),
        ({**REST, "si_gate": "yes", "si": 1, "prior": CRITICAL}, (MODERATE, "R3")),
        # R7: declined, or left after a positive gate: what the answer before was, or moderate.
        ({"declined": ("mood",)}, (None, None)),
        ({"declined": ("si",)}, (MODERATE, "R7")),
        ({"declined": ("si",), "prior": LOW}, (MODERATE, "R7")),
        ({"declined": ("si",), "prior": HIGH}, (HIGH, "R7")),
        ({"declined": ("si",), "prior": CRITICAL}, (CRITICAL, "R7")),
        ({"declined": ("si_gate",), "prior": HIGH}, (HIGH, "R7")),
        ({"declined": ("si_act",), "prior": HIGH}, (HIGH, "R7")),
        ({"declined": ("safe_now",), "prior": HIGH}, (HIGH, "R7")),
        ({"si_gate": "yes", "prior": CRITICAL}, (CRITICAL, "R7")),
        ({"si_gate": "no", "prior": CRITICAL}, (None, None)),
        # U1: an unreadable suicidality answer is at least high.
        ({"unreadable": ("si",)}, (HIGH, "U1")),
        ({"unreadable": ("si_gate",), "prior": LOW}, (HIGH, "U1")),
        ({"unreadable": ("si_act",), "prior": CRITICAL}, (CRITICAL, "U1")),
        ({"unreadable": ("si_act",), "si": 4}, (CRITICAL, "R1")),
    ],
)
def test_the_default_rules(said: Any, expected: tuple[Severity | None, str | None]) -> None:
    assert judged(**said) == expected


def test_a_positive_gate_without_a_level_also_says_what_was_withheld() -> None:
    assert {f.rule for f in judge(DEFAULT, facts(si_gate="yes"))} == {"R3", "R7"}


def test_findings_come_gravest_first_and_keep_their_inputs() -> None:
    findings = judge(DEFAULT, facts(si=3, si_act="yes", declined=("safe_now",), prior=LOW))
    assert [finding.rule for finding in findings] == ["R1", "R2", "R3", "R7"]
    assert findings[0] == Finding(
        "R1",
        "suicidality_acute",
        CRITICAL,
        suicidality=3,
        inputs={"si": 3, "si_act": "yes", "safe_now": "declined"},
        because=({"kind": "is", "measure": "si_act", "answer": "yes"},),
    )
    assert findings[-1].inputs == {
        "si_gate": None,
        "si": 3,
        "si_act": "yes",
        "safe_now": "declined",
        "prior": "low",
    }


def test_an_unreadable_answer_is_judged_whatever_the_rule_set_says() -> None:
    [finding] = judge(RuleSet(()), facts(unreadable=("si", "safe_now")))
    assert finding == Finding(
        "U1",
        "suicidality_unreadable",
        HIGH,
        suicidality=None,
        inputs={"safe_now": "unreadable", "si": "unreadable", "prior": None},
        because=({"kind": "unreadable", "measures": ["si", "safe_now"]},),
    )
    assert suicidality_severity([finding], RuleSet(())) is HIGH


def test_an_item_both_answered_and_declined_is_judged_both_ways_and_said_once() -> None:
    findings = judge(DEFAULT, facts(si=4, declined=("si",), prior=HIGH))
    assert [(f.rule, f.severity) for f in findings] == [
        ("R1", CRITICAL),
        ("R2", HIGH),
        ("R7", HIGH),
        ("R3", MODERATE),
    ]


def test_a_rule_cannot_use_a_contradiction_to_stay_silent() -> None:
    unless_declined = All((AtLeast("si", 4), Not(Declined("si"))))
    rules = RuleSet((Rule("A1", "a", unless_declined, CRITICAL, True),))
    assert severity_of(judge(rules, facts(si=4, declined=("si",)))) is CRITICAL


def test_asking_for_help_is_critical() -> None:
    help_now = help_requested()
    assert (help_now.rule, help_now.title) == ("R0", "help_requested")
    assert (help_now.severity, help_now.suicidality, help_now.inputs) == (
        CRITICAL,
        None,
        {"help": True},
    )


def test_only_rules_on_suicidality_make_the_prior_severity() -> None:
    rules = RuleSet(
        (
            Rule("R3", "suicidality_present", AtLeast("si", 1), MODERATE, True),
            Rule("R8", "mood_low", AtMost("mood", 1), HIGH, False),
        )
    )
    findings = judge(rules, facts(si=2, mood=0))
    assert [(f.rule, f.suicidality) for f in findings] == [("R8", None), ("R3", 2)]
    assert severity_of(findings) is HIGH
    assert suicidality_severity(findings, rules) is MODERATE
    assert suicidality_severity(judge(rules, facts(mood=0)), rules) is None
    assert suicidality_severity(findings, RuleSet(())) is HIGH, "an unknown rule's finding counts"


def test_what_raises_stands_one_level_above_what_the_answers_are_found_to_be() -> None:
    def raised(si: int, *others: Rule) -> Severity:
        rise = Rule("A1", "a", AtLeast("si", 1), Raised(MODERATE), True)
        found = judge(RuleSet((rise, *others)), diaries.answers(diaries.hours_ago(2, si=0), si=si))
        return next(finding.severity for finding in found if finding.rule == "A1")

    assert raised(1) is MODERATE, "nothing else was found"
    assert raised(1, Rule("A2", "a", AtLeast("si", 1), MODERATE, True)) is HIGH
    assert raised(1, Rule("A2", "a", AtLeast("si", 1), CRITICAL, True)) is CRITICAL
    assert raised(1, Rule("A2", "a", AtLeast("si", 1), LOW, True)) is MODERATE
    assert raised(1, Rule("A2", "a", AtLeast("si", 1), HIGH, False)) is MODERATE, "not of this kind"
    assert raised(1, Rule("A2", "a", Rises("si", 1, 72), HIGH, True)) is MODERATE, "looks back"


def test_a_finding_keeps_those_inputs_that_its_check_in_could_answer() -> None:
    either = AnyOf((AtLeast("si", 4), AtLeast("phq9_item9", 1), AtLeast("sidas", 21)))
    rules = RuleSet((Rule("A1", "a", either, HIGH, True),))
    [finding] = judge(rules, facts(phq9_item9=1, phq9=9))
    assert finding.inputs == {"phq9_item9": 1}


def test_nothing_found_has_no_severity() -> None:
    assert severity_of(()) is None
    assert suicidality_severity((), DEFAULT) is None


def test_a_rule_knows_whether_it_looks_at_suicidality() -> None:
    assert Rule("A", "a", Declined("safe_now"), LOW, True).names_suicidality
    assert Rule("A", "a", Unreadable(), LOW, True).names_suicidality
    assert not Rule("A", "a", Declined("mood"), LOW, True).names_suicidality


# A worsening of one item, all else equal. Saying nothing stands above the best answer and, but
# for the gate, below the worst; between the two it is not compared.
SILENT = ("left", "declined", "unreadable")
WORSE: dict[str, list[tuple[Any, Any]]] = {
    "si": [(low, high) for high in range(6) for low in range(high)],
    "si_gate": [("no", "yes"), ("left", "yes")],
    "si_act": [("no", "yes")],
    "safe_now": [("yes", "unsure"), ("unsure", "no"), ("yes", "no")],
}
for item, best, worst in (("si", 0, 5), ("si_act", "no", "yes"), ("safe_now", "yes", "no")):
    WORSE[item] += [(best, state) for state in SILENT] + [(state, worst) for state in SILENT]
WORSE["si_gate"] += [("no", state) for state in SILENT]


def answers(name: str) -> list[int | str]:
    measure = MEASURES[name]
    if isinstance(measure, Scale):
        return list(range(measure.low, measure.high + 1))
    return list(measure.options)


def states(name: str) -> st.SearchStrategy[int | str]:
    return st.sampled_from([*answers(name), *SILENT])


said_of_all = st.fixed_dictionaries({name: states(name) for name in SUICIDALITY})


def as_facts(said: dict[str, Any], prior: Severity | None) -> Facts:
    def those(state: str) -> frozenset[str]:
        return frozenset(name for name, each in said.items() if each == state)

    measures = {name: state for name, state in said.items() if state not in SILENT}
    return Facts(measures, those("declined"), those("unreadable"), prior)


def weight(given_facts: Facts) -> int:
    return severity_of(judge(DEFAULT, given_facts)) or 0


@given(said_of_all, st.sampled_from(SUICIDALITY), st.data(), st.sampled_from(PRIORS))
def test_a_worse_answer_never_weighs_less(
    said: dict[str, Any], item: str, data: st.DataObject, prior: Severity | None
) -> None:
    better, worse = data.draw(st.sampled_from(WORSE[item]))
    assert weight(as_facts({**said, item: worse}, prior)) >= weight(
        as_facts({**said, item: better}, prior)
    )


@given(said_of_all, st.sampled_from(PRIORS), st.sampled_from(list(Severity)))
def test_a_worse_prior_never_weighs_less(
    said: dict[str, Any], prior: Severity | None, worse: Severity
) -> None:
    assume(worse > (prior or 0))
    assert weight(as_facts(said, worse)) >= weight(as_facts(said, prior))


@given(said_of_all, st.sampled_from(PRIORS), st.sampled_from(SUICIDALITY))
def test_declining_what_was_also_answered_never_weighs_less(
    said: dict[str, Any], prior: Severity | None, item: str
) -> None:
    once = as_facts(said, prior)
    assert weight(replace(once, declined=once.declined | {item})) >= weight(once)
    assert weight(replace(once, unreadable=once.unreadable | {item})) >= max(HIGH, weight(once))
