"""What a version changes: rule by rule, in its phrases, and for the answers on suicidality."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from diary.rules.conditions import AtLeast, AtMost, Not
from diary.rules.default import DEFAULT
from diary.rules.facts import Facts
from diary.rules.publishing.compare import Shift, differences, shifts
from diary.rules.ruleset import Rule, RuleSet, judge, severity_of
from diary.rules.writing import to_document
from diary.severity import Severity

LOW, MODERATE, HIGH, CRITICAL = Severity
MOOD = Rule("M1", "mood_low", AtMost("mood", 1), MODERATE, suicidality=False)
# The ladder, the gate, an act, safe now, each answered, left, declined or unreadable; the prior.
DAILY = 9 * 5 * 5 * 6 * 5


def document(*more: Rule) -> dict[str, Any]:
    return deepcopy(to_document(RuleSet((*DEFAULT.rules, *more), DEFAULT.phrases)))


def test_nothing_differs_from_itself() -> None:
    same = differences(document(), document())
    assert (same.rules_added, same.rules_removed, same.rules_changed) == ([], [], [])
    assert (same.phrases_added, same.phrases_removed) == ({}, {})
    found = shifts(DEFAULT, DEFAULT)
    assert (found.combinations, found.graver, found.milder) == (DAILY, Shift(0), Shift(0))


def test_rules_added_and_removed_are_shown_whole() -> None:
    found = differences(document(), document(MOOD))
    assert found.rules_added == [document(MOOD)["rules"][-1]]
    assert differences(document(MOOD), document()).rules_removed == found.rules_added


def test_a_changed_rule_says_where() -> None:
    before, after = document(), document()
    first, second, *_ = after["rules"] = after["rules"][1:]
    first["severity"] = "critical"
    first["when"]["of"][0]["value"] = 2
    second["title"] = "suicidality_seen"
    second["when"]["of"].pop()
    found = differences(before, after)

    assert [rule["code"] for rule in found.rules_removed] == ["R1"]
    serious, present = found.rules_changed
    assert (serious.code, present.code) == ("R2", "R3")
    assert serious.changes == [
        {"pointer": "/rules/0/when/of/0/value", "before": 3, "after": 2},
        {"pointer": "/rules/0/severity", "before": "high", "after": "critical"},
    ]
    assert {change["pointer"] for change in present.changes} == {
        "/rules/1/title",
        "/rules/1/when/of",
    }


def test_phrases_by_locale() -> None:
    before = {"rules": [], "phrases": {"en": ["one", "two"], "es": ["tres"]}}
    after = {"rules": [], "phrases": {"en": ["two", "four"], "nl": ["vijf"]}}
    found = differences(before, after)
    assert found.phrases_added == {"en": ["four"], "nl": ["vijf"]}
    assert found.phrases_removed == {"en": ["one"], "es": ["tres"]}
    assert differences({"rules": []}, after).phrases_removed == {}


def without(code: str) -> RuleSet:
    return RuleSet(tuple(rule for rule in DEFAULT.rules if rule.code != code))


def test_answers_that_weigh_more_and_less_are_counted_with_the_plainest() -> None:
    found = shifts(DEFAULT, without("R1"))
    assert found.graver == Shift(0)
    assert (found.milder.example, found.milder.before, found.milder.after) == (
        {"si": 4},
        CRITICAL,
        HIGH,
    )
    back = shifts(without("R1"), DEFAULT)
    assert back.graver == replace(found.milder, before=HIGH, after=CRITICAL)
    assert back.milder == Shift(0)


def test_every_combination_counts_once() -> None:
    # All but those with an answer that cannot be read, which the product finds by itself.
    everything = Rule("A1", "a_title", Not(AtLeast("mood", 0)), LOW, suicidality=True)
    found = shifts(RuleSet(()), RuleSet((everything,)))
    readable = 8 * 4 * 4 * 5 * len((None, *Severity))
    assert (found.graver.count, found.graver.example) == (readable, {})
    assert (found.graver.before, found.graver.after) == (None, LOW)


@given(st.sampled_from([rule.code for rule in DEFAULT.rules if rule.suicidality]))
def test_an_example_weighs_what_is_said(code: str) -> None:
    found = shifts(DEFAULT, without(code)).milder
    if found.example is None:
        return
    said = {name: value for name, value in found.example.items() if name != "prior"}
    declined = frozenset(name for name, value in said.items() if value == "declined")
    answered = {name: value for name, value in said.items() if name not in declined}
    prior = found.example.get("prior")
    facts = Facts(answered, declined, prior=Severity.of(str(prior)) if prior else None)
    assert severity_of(judge(DEFAULT, facts)) == found.before
    assert severity_of(judge(without(code), facts)) == found.after
