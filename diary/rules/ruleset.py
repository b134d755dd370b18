"""Rule sets: what they are, their JSON form, and judging a check-in by one.

As a document, where SEVERITY is a word, {"prior": {"at_least": a word}} or {"raised": ...}:

    {"rules": [{"code": "R7", "title": "suicidality_withheld", "when": CONDITION,
                "severity": SEVERITY, "suicidality": true}]}
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from diary.alerts.findings import Finding, InputValue
from diary.instruments.measures import RISKS
from diary.rules import documents
from diary.rules.conditions import Condition, measures_of
from diary.rules.documents import Fault
from diary.rules.evaluation import Test, compiled
from diary.rules.facts import Facts, readings
from diary.severity import Severity

UNREADABLE_CODE = "U1"
HELP_CODE = "R0"
MAX_RULES = 100
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
_TITLE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MEMBERS = ("code", "title", "when", "severity", "suicidality")


@dataclass(frozen=True, slots=True)
class Prior:
    """The suicidality severity of the check-in before this one, and never less than at_least."""

    at_least: Severity

    def given(self, prior: Severity | None) -> Severity:
        """The severity it comes to."""
        return max(prior or self.at_least, self.at_least)


@dataclass(frozen=True, slots=True)
class Raised:
    """One level above the gravest that the set's other rules on suicidality find in the same
    check-in, and never less than at_least."""

    at_least: Severity

    def above(self, others: Severity | None) -> Severity:
        """The severity it comes to."""
        if others is None:
            return self.at_least
        return max(self.at_least, Severity(min(others + 1, Severity.CRITICAL)))


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence: when this holds, it is this grave.

    suicidality: whether it judges suicidality; its severity is then what a later `Prior` reads.
    """

    code: str
    title: str
    when: Condition
    severity: Severity | Prior | Raised
    suicidality: bool

    @property
    def names_suicidality(self) -> bool:
        """Whether its condition looks at any suicidality item."""
        return not RISKS.isdisjoint(measures_of(self.when))


@dataclass(frozen=True)
class RuleSet:
    """Rules in the order they were written, compiled once."""

    rules: tuple[Rule, ...]
    steps: tuple[tuple[Test, Rule, tuple[str, ...]], ...] = field(
        init=False, repr=False, compare=False
    )
    apart: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Those that raise are asked last: what they raise is known then.
        ordered = sorted(self.rules, key=lambda rule: isinstance(rule.severity, Raised))
        steps = tuple((compiled(r.when), r, measures_of(r.when)) for r in ordered)
        object.__setattr__(self, "steps", steps)
        apart = frozenset(rule.code for rule in self.rules if not rule.suicidality)
        object.__setattr__(self, "apart", apart)


class RuleSetFaults(Exception):
    """A document that is not a rule set, with everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults in a rule set")
        self.faults = faults


def judge(ruleset: RuleSet, facts: Facts) -> tuple[Finding, ...]:
    """Every rule that fired, gravest first.

    An unreadable suicidality answer is judged here and not by a rule, so that no rule set can
    leave it out: it may hide anything, and so weighs what a declined one does, at least high.
    """
    alternatives = readings(facts)
    findings = [finding for reading in alternatives for finding in _fired(ruleset, reading)]
    if facts.unreadable:
        findings.append(_unreadable(facts))
    findings.sort(key=lambda finding: finding.rank, reverse=True)
    if len(alternatives) > 1:
        # Gravest first, so of one rule fired by several readings the gravest stays.
        gravest: dict[str, Finding] = {}
        for finding in findings:
            gravest.setdefault(finding.rule, finding)
        findings = list(gravest.values())
    return tuple(findings)


def _fired(ruleset: RuleSet, facts: Facts) -> Iterable[Finding]:
    gravest: Severity | None = None
    for test, rule, measures in ruleset.steps:
        if test(facts):
            inputs: dict[str, InputValue] = {name: facts.state(name) for name in measures}
            severity = rule.severity
            if isinstance(severity, Prior):
                severity = severity.given(facts.prior)
                inputs["prior"] = facts.prior.word if facts.prior else None
            if isinstance(severity, Raised):
                severity = severity.above(gravest)
            elif rule.suicidality:
                gravest = max(gravest or severity, severity)
            level = facts.level if rule.suicidality else None
            yield Finding(rule.code, rule.title, severity, level, inputs)


def _unreadable(facts: Facts) -> Finding:
    inputs: dict[str, InputValue] = dict.fromkeys(sorted(facts.unreadable), "unreadable")
    inputs["prior"] = facts.prior.word if facts.prior else None
    severity = Prior(Severity.HIGH).given(facts.prior)
    return Finding(UNREADABLE_CODE, "suicidality_unreadable", severity, facts.level, inputs)


def severity_of(findings: Iterable[Finding]) -> Severity | None:
    """The gravest severity found, None where nothing was."""
    return max((finding.severity for finding in findings), default=None)


def suicidality_severity(findings: Iterable[Finding], ruleset: RuleSet) -> Severity | None:
    """The gravest severity found on suicidality, None where nothing was.

    Only a rule this set knows to be about something else is left out: a finding of a code it
    does not know, such as an older version's, counts rather than vanishes.
    """
    return severity_of(finding for finding in findings if finding.rule not in ruleset.apart)


def to_document(ruleset: RuleSet) -> dict[str, Any]:
    """The rule set as plain JSON values."""
    return {
        "rules": [
            {
                "code": rule.code,
                "title": rule.title,
                "when": documents.to_document(rule.when),
                "severity": _written(rule.severity),
                "suicidality": rule.suicidality,
            }
            for rule in ruleset.rules
        ]
    }


def parse(document: object) -> RuleSet:
    """The rule set a document describes; RuleSetFaults where it describes none."""
    if not isinstance(document, dict) or document.keys() != {"rules"}:
        raise RuleSetFaults([Fault("", "wrong_members", "A rule set is an object with: rules.")])
    listed = document["rules"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_RULES:
        detail = f"A rule set lists 1 to {MAX_RULES} rules."
        raise RuleSetFaults([Fault("/rules", "wrong_length", detail)])
    faults: list[Fault] = []
    taken = {HELP_CODE, UNREADABLE_CODE}
    rules = [_rule(rule, f"/rules/{i}", taken, faults) for i, rule in enumerate(listed)]
    if faults:
        raise RuleSetFaults(faults)
    return RuleSet(tuple(rule for rule in rules if rule is not None))


def _rule(document: object, pointer: str, taken: set[str], faults: list[Fault]) -> Rule | None:
    if not isinstance(document, dict) or document.keys() != set(_MEMBERS):
        detail = f"A rule is an object with exactly: {', '.join(_MEMBERS)}."
        faults.append(Fault(pointer, "wrong_members", detail))
        return None
    known = len(faults)
    code, title, suicidality = document["code"], document["title"], document["suicidality"]
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        faults.append(Fault(f"{pointer}/code", "malformed", "Capitals, digits, _; such as R1."))
    elif code in taken:
        detail = f"{code} is another rule's, or the product's own."
        faults.append(Fault(f"{pointer}/code", "code_taken", detail))
    else:
        taken.add(code)
    if not isinstance(title, str) or not _TITLE.fullmatch(title):
        detail = "Small letters, digits, _; such as mood_low."
        faults.append(Fault(f"{pointer}/title", "malformed", detail))
    severity = _severity(document["severity"])
    if severity is None:
        words = ", ".join(level.word for level in Severity)
        detail = f"One of {words}, or {{'prior' or 'raised': {{'at_least': one of them}}}}."
        faults.append(Fault(f"{pointer}/severity", "unknown_severity", detail))
    when, wrong = documents.parse(document["when"], f"{pointer}/when")
    faults.extend(wrong)
    if not isinstance(suicidality, bool):
        faults.append(Fault(f"{pointer}/suicidality", "malformed", "true or false."))
    if len(faults) > known or when is None or severity is None:
        return None
    rule = Rule(code, title, when, severity, suicidality)
    if rule.names_suicidality and not suicidality:
        detail = "A rule that looks at a suicidality item says so: true."
        faults.append(Fault(f"{pointer}/suicidality", "not_flagged", detail))
    return rule


def _written(severity: Severity | Prior | Raised) -> object:
    match severity:
        case Prior(at_least):
            return {"prior": {"at_least": at_least.word}}
        case Raised(at_least):
            return {"raised": {"at_least": at_least.word}}
    return severity.word


def _severity(document: object) -> Severity | Prior | Raised | None:
    match document:
        case {"raised": {"at_least": str(word), **rest}, **others} if not rest and not others:
            level = _level(word)
            return None if level is None else Raised(level)
        case {"prior": {"at_least": str(word), **rest}, **others} if not rest and not others:
            level = _level(word)
            return None if level is None else Prior(level)
        case str(word):
            return _level(word)
    return None


def _level(word: str) -> Severity | None:
    return next((level for level in Severity if level.word == word), None)
