"""Conditions: when they hold; what a rule set's document may and may not say."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diary.instruments.measures import MEASURES, SUICIDALITY
from diary.rules import writing
from diary.rules.conditions import (
    KINDS,
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Condition,
    Declined,
    Is,
    Not,
    NotAnswered,
    Unreadable,
    measures_of,
)
from diary.rules.default import DEFAULT
from diary.rules.documents import parse, to_document
from diary.rules.evaluation import holds
from diary.rules.facts import Facts, readings
from diary.rules.ruleset import RuleSet, RuleSetFaults
from tests.conditions import rulesets, trees

SILENT = Facts({})


@pytest.mark.parametrize(
    ("condition", "facts", "expected"),
    [
        (AtLeast("si", 3), Facts({"si": 2}), False),
        (AtLeast("si", 3), Facts({"si": 3}), True),
        (AtLeast("si", 3), Facts({"si": 4}), True),
        (AtMost("mood", 1), Facts({"mood": 0}), True),
        (AtMost("mood", 1), Facts({"mood": 1}), True),
        (AtMost("mood", 1), Facts({"mood": 2}), False),
        (Is("safe_now", "unsure"), Facts({"safe_now": "unsure"}), True),
        (Is("safe_now", "unsure"), Facts({"safe_now": "no"}), False),
        (Declined("si"), Facts({}, declined=frozenset({"si"})), True),
        (Declined("si"), Facts({}, declined=frozenset({"mood"})), False),
        (Unreadable(), Facts({}, unreadable=frozenset({"si_act"})), True),
        (Unreadable(), SILENT, False),
        (NotAnswered("si"), SILENT, True),
        (NotAnswered("si"), Facts({"si": 0}), False),
        (NotAnswered("si"), Facts({}, declined=frozenset({"si"})), False),
        (NotAnswered("si"), Facts({}, unreadable=frozenset({"si"})), False),
        (Not(AtLeast("si", 1)), SILENT, True),
        (All((AtLeast("si", 1), Is("safe_now", "yes"))), Facts({"si": 1}), False),
        (AnyOf((AtLeast("si", 1), Is("safe_now", "yes"))), Facts({"si": 1}), True),
    ],
)
def test_a_condition_holds_as_it_reads(condition: Condition, facts: Facts, expected: bool) -> None:
    assert holds(condition, facts) is expected


@pytest.mark.parametrize("condition", [AtLeast("si", 0), AtMost("si", 5), Is("si_act", "no")])
def test_an_item_without_an_answer_has_no_level(condition: Condition) -> None:
    assert not holds(condition, SILENT)
    assert not holds(condition, Facts({}, declined=frozenset(MEASURES)))
    assert not holds(condition, Facts({}, unreadable=frozenset(SUICIDALITY)))


def test_the_measures_of_a_condition_are_named_once_and_in_order() -> None:
    condition = All((Is("safe_now", "no"), Not(AtLeast("si", 2)), Declined("safe_now")))
    assert measures_of(condition) == ("safe_now", "si")
    assert measures_of(Unreadable()) == SUICIDALITY


def test_the_readable_form_of_a_condition() -> None:
    condition = All((AtLeast("si", 1), Not(AnyOf((Is("safe_now", "yes"), Unreadable())))))
    assert to_document(condition) == {
        "kind": "all",
        "of": [
            {"kind": "at_least", "measure": "si", "value": 1},
            {
                "kind": "not",
                "of": {
                    "kind": "any",
                    "of": [
                        {"kind": "is", "measure": "safe_now", "choice": "yes"},
                        {"kind": "unreadable"},
                    ],
                },
            },
        ],
    }


@given(trees())
def test_a_condition_comes_back_from_its_document(condition: Condition) -> None:
    assert parse(to_document(condition)) == (condition, [])


def nested(depth: int) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": "unreadable"}
    for _ in range(depth - 1):
        document = {"kind": "not", "of": document}
    return document


SI = {"kind": "at_least", "measure": "si", "value": 1}


@pytest.mark.parametrize(
    ("document", "pointer", "code"),
    [
        (None, "/when", "not_an_object"),
        ([], "/when", "not_an_object"),
        ({}, "/when/kind", "unknown_kind"),
        ({"kind": "eval", "of": "1"}, "/when/kind", "unknown_kind"),
        ({"kind": ["all"]}, "/when/kind", "unknown_kind"),
        ({"kind": "at_least", "measure": "si"}, "/when", "wrong_members"),
        ({**SI, "also": 1}, "/when", "wrong_members"),
        ({**SI, "measure": "sleep"}, "/when/measure", "unknown_measure"),
        ({**SI, "measure": {}}, "/when/measure", "unknown_measure"),
        ({**SI, "measure": "safe_now"}, "/when/measure", "wrong_measure"),
        ({"kind": "is", "measure": "si", "choice": "yes"}, "/when/measure", "wrong_measure"),
        ({**SI, "value": 6}, "/when/value", "out_of_range"),
        ({**SI, "value": -1}, "/when/value", "out_of_range"),
        ({**SI, "value": True}, "/when/value", "out_of_range"),
        ({**SI, "value": 1.0}, "/when/value", "out_of_range"),
        ({"kind": "is", "measure": "si_act", "choice": "maybe"}, "/when/choice", "out_of_range"),
        ({"kind": "all", "of": []}, "/when/of", "empty"),
        ({"kind": "any", "of": SI}, "/when/of", "empty"),
        ({"kind": "any", "of": [SI, {**SI, "value": 9}]}, "/when/of/1/value", "out_of_range"),
        (nested(9), "/when" + "/of" * 8, "too_deep"),
        (nested(900), "/when" + "/of" * 8, "too_deep"),
        ({"kind": "any", "of": [SI] * 100}, "/when/of/99", "too_many"),
        ({"kind": "any", "of": [SI] * 100_000}, "/when/of/99", "too_many"),
    ],
)
def test_a_fault_says_where_it_is(document: object, pointer: str, code: str) -> None:
    read, faults = parse(document, "/when")
    assert read is None
    assert [(fault.pointer, fault.code) for fault in faults] == [(pointer, code)]


def test_eight_levels_and_a_hundred_nodes_are_allowed() -> None:
    assert parse(nested(8))[1] == []
    assert parse({"kind": "any", "of": [SI] * 99})[1] == []


def test_every_fault_is_listed() -> None:
    document = {"kind": "all", "of": [{**SI, "value": 9}, {"kind": "sleep"}, SI]}
    assert [fault.pointer for fault in parse(document)[1]] == ["/of/0/value", "/of/1/kind"]


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.sampled_from(["kind", "of", "measure", "value"]), inner)
        | st.fixed_dictionaries({"kind": st.sampled_from(list(KINDS)), "of": inner})
    ),
    max_leaves=20,
)


@given(json)
def test_any_document_is_read_or_refused(document: object) -> None:
    read, faults = parse(document)
    assert (read is None) is bool(faults)


@pytest.mark.parametrize(
    "measures",
    [{"si": 6}, {"si": "4"}, {"si": True}, {"si_act": 1}, {"safe_now": "maybe"}, {"sleep": 3}],
)
def test_facts_refuse_an_answer_that_cannot_be_and_do_not_repeat_it(measures: Any) -> None:
    with pytest.raises(ValueError, match=f"possible answer: {next(iter(measures))}$"):
        Facts(measures)


def test_a_body_that_contradicts_itself_is_read_each_way() -> None:
    facts = Facts({"si": 4, "mood": 5}, declined=frozenset({"si"}))
    answered, declined, _ = readings(facts)
    assert (answered.state("si"), declined.state("si")) == (4, "declined")
    assert answered.state("mood") == declined.state("mood") == 5
    assert readings(answered) == (answered,)


@given(rulesets)
@example(DEFAULT)
def test_a_rule_set_comes_back_from_its_document(rules: RuleSet) -> None:
    assert writing.parse(writing.to_document(rules)) == rules


RULE: dict[str, Any] = {
    "code": "A1",
    "title": "a_title",
    "when": {"kind": "declined", "measure": "si"},
    "severity": "high",
    "suicidality": True,
}


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"code": "a1"}, "/rules/0/code", "malformed"),
        ({"code": 1}, "/rules/0/code", "malformed"),
        ({"code": "U1"}, "/rules/0/code", "code_taken"),
        ({"code": "R0"}, "/rules/0/code", "code_taken"),
        ({"title": "A title"}, "/rules/0/title", "malformed"),
        ({"severity": "HIGH"}, "/rules/0/severity", "unknown_severity"),
        ({"severity": 3}, "/rules/0/severity", "unknown_severity"),
        ({"severity": {"prior": {"at_least": "grave"}}}, "/rules/0/severity", "unknown_severity"),
        ({"severity": {"raised": {"at_least": 2}}}, "/rules/0/severity", "unknown_severity"),
        ({"severity": {"raised": {}}}, "/rules/0/severity", "unknown_severity"),
        ({"severity": {"prior": {}}}, "/rules/0/severity", "unknown_severity"),
        ({"severity": {"prior": {"at_least": "low"}, "x": 1}}, "/rules/0/severity", None),
        ({"suicidality": 1}, "/rules/0/suicidality", "malformed"),
        ({"suicidality": False}, "/rules/0/suicidality", "not_flagged"),
        ({"when": {"kind": "unreadable"}, "suicidality": False}, "/rules/0/suicidality", None),
        ({"when": {"kind": "no"}}, "/rules/0/when/kind", "unknown_kind"),
        ({"extra": 1}, "/rules/0", "wrong_members"),
    ],
)
def test_a_rule_that_is_not_one(change: Any, pointer: str, code: str | None) -> None:
    with pytest.raises(RuleSetFaults) as refused:
        writing.parse({"rules": [{**RULE, **change}]})
    [fault] = refused.value.faults
    assert fault.pointer == pointer
    assert code is None or fault.code == code


@pytest.mark.parametrize("document", [None, [], {}, {"rules": {}}, {"rules": []}, {"rule": [RULE]}])
def test_a_document_without_rules(document: object) -> None:
    with pytest.raises(RuleSetFaults):
        writing.parse(document)


def test_every_rule_is_read_before_a_set_is_refused() -> None:
    with pytest.raises(RuleSetFaults) as refused:
        writing.parse({"rules": [{**RULE, "title": ""}, RULE, {**RULE, "severity": "x"}, 5]})
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/rules/0/title", "malformed"),
        ("/rules/1/code", "code_taken"),
        ("/rules/2/code", "code_taken"),
        ("/rules/2/severity", "unknown_severity"),
        ("/rules/3", "wrong_members"),
    ]
