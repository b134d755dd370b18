"""Every finding says why it is there, and when it came late."""

import json

import pytest
from hypothesis import given

from diary.instruments.measures import MEASURES, RISKS
from diary.rules.default import DEFAULT
from diary.rules.explain import explain
from diary.rules.facts import Facts, Late, Newer
from diary.rules.ruleset import judge
from tests.conditions import every_fact


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (Late(30), "answered 30 h ago"),
        (
            Late(30.02, Newer(level=0, hours=2)),
            "answered 30 h ago; a newer answer is known (suicidality 0, 2 h ago)",
        ),
        (
            Late(240, Newer(level=None, hours=100)),
            "answered 10 days ago; a newer answer is known (suicidality not answered, 4 days ago)",
        ),
    ],
)
def test_lateness_comes_last_in_every_finding(late: Late, words: str) -> None:
    facts = Facts({"si": 4, "safe_now": "yes"}, unreadable=frozenset(("si_act",)), late=late)
    findings = judge(DEFAULT, facts)

    assert {finding.rule for finding in findings} == {"R1", "R2", "R3", "U1"}
    for finding in findings:
        assert [each["kind"] == "late" for each in finding.because].index(True) > 0
        assert explain(finding.because[-1:]) == words


def test_where_only_the_severity_is_asked_for_no_evidence_is_gathered() -> None:
    facts = Facts({"si": 4, "safe_now": "yes"}, unreadable=frozenset(("si_act",)), late=Late(30))
    plain = judge(DEFAULT, facts, explained=False)

    assert [finding.because for finding in plain] == [()] * 4
    assert [finding.rule for finding in plain] == [f.rule for f in judge(DEFAULT, facts)]


@given(every_fact)
def test_every_finding_is_explained_in_plain_json_and_words(facts: Facts) -> None:
    for finding in judge(DEFAULT, facts):
        assert finding.because
        assert json.loads(json.dumps(finding.because)) == list(finding.because)
        words = explain(finding.because)
        assert words
        assert "_" not in words
        assert "None" not in words


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_has_a_name_for_staff(measure: str) -> None:
    assert "_" not in explain([{"kind": "declined", "measure": measure}])


@pytest.mark.parametrize("measure", sorted(RISKS))
def test_whatever_cannot_be_read_is_named(measure: str) -> None:
    (finding,) = judge(DEFAULT, Facts({}, unreadable=frozenset((measure,))))
    assert finding.because == ({"kind": "unreadable", "measures": [measure]},)
