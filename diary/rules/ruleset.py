"""Rule sets: what they are, their JSON form, and judging a check-in by one.

As a document, where SEVERITY is a word, {"prior": {"at_least": a word}} or {"raised": ...}, and
phrases may be left out:

    {"rules": [{"code": "R7", "title": "suicidality_withheld", "when": CONDITION,
                "severity": SEVERITY, "suicidality": true}],
     "phrases": {"en": ["a phrase to look for in notes"]}}
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from diary.alerts.findings import Finding, InputValue
from diary.instruments.measures import RISKS, group_of
from diary.rules import documents, phrases
from diary.rules.conditions import (
    Condition,
    Missed,
    Phrase,
    Silent,
    Traced,
    Unreadable,
    measures_of,
    nodes,
)
from diary.rules.documents import Fault
from diary.rules.evaluation import Test, compiled
from diary.rules.evidence import gathered
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
    """One level above the gravest that the set's other rules on suicidality find in the answers of
    the same check-in, and never less than at_least. Rules that look back do not count: one change
    must not weigh twice."""

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


@dataclass(frozen=True, slots=True)
class Step:
    """A rule, ready to be asked. groups: what gives the measures it looks at."""

    test: Test
    rule: Rule
    measures: tuple[str, ...]
    groups: frozenset[str]
    on_silence: bool
    looks_back: bool


def _step(rule: Rule) -> Step:
    measures, parts = measures_of(rule.when), tuple(nodes(rule.when))
    return Step(
        compiled(rule.when),
        rule,
        measures,
        frozenset(map(group_of, measures)),
        on_silence=any(isinstance(part, Silent | Missed) for part in parts),
        looks_back=any(isinstance(part, Traced) for part in parts),
    )


@dataclass(frozen=True)
class RuleSet:
    """Rules in the order they were written, compiled once. phrases: those that notes are searched
    for, by the locale they are written in."""

    rules: tuple[Rule, ...]
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    steps: tuple[Step, ...] = field(init=False, repr=False, compare=False)
    apart: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Those that raise are asked last: what they raise is known then.
        ordered = sorted(self.rules, key=lambda rule: isinstance(rule.severity, Raised))
        object.__setattr__(self, "steps", tuple(map(_step, ordered)))
        apart = frozenset(rule.code for rule in self.rules if not rule.suicidality)
        object.__setattr__(self, "apart", apart)


class RuleSetFaults(Exception):
    """A document that is not a rule set, with everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults in a rule set")
        self.faults = faults


def judge(ruleset: RuleSet, facts: Facts, *, explained: bool = True) -> tuple[Finding, ...]:
    """Every rule that fired, gravest first. explained: with evidence, which costs something where
    only the severity is asked for.

    An unreadable suicidality answer is judged here and not by a rule, so that no rule set can
    leave it out: it may hide anything, and so weighs what a declined one does, at least high.
    """
    alternatives = readings(facts)
    findings = [
        finding for reading in alternatives for finding in _fired(ruleset, reading, explained)
    ]
    if facts.unreadable:
        findings.append(_unreadable(facts, explained))
    findings.sort(key=lambda finding: finding.rank, reverse=True)
    if len(alternatives) > 1:
        # Gravest first, so of one rule fired by several readings the gravest stays.
        gravest: dict[str, Finding] = {}
        for finding in findings:
            gravest.setdefault(finding.rule, finding)
        findings = list(gravest.values())
    return tuple(findings)


def _fired(ruleset: RuleSet, facts: Facts, explained: bool) -> Iterable[Finding]:
    gravest: Severity | None = None
    for step in ruleset.steps:
        if _is_asked(step, facts) and step.test(facts):
            rule = step.rule
            inputs = _inputs(step, facts)
            severity = rule.severity
            if isinstance(severity, Prior):
                severity = severity.given(facts.prior)
                inputs["prior"] = facts.prior.word if facts.prior else None
            if isinstance(severity, Raised):
                severity = severity.above(gravest)
            elif rule.suicidality and not step.looks_back:
                gravest = max(gravest or severity, severity)
            level = facts.level if rule.suicidality else None
            because = gathered(rule.when, facts) if explained else ()
            yield Finding(rule.code, rule.title, severity, level, inputs, because)


def _is_asked(step: Step, facts: Facts) -> bool:
    """Whether the rule is about this at all: what is true of every item without an answer must
    not fire on a silence, nor on another instrument's answers."""
    if facts.silence is not None:
        return step.on_silence
    return facts.group is None or not step.groups or facts.group in step.groups


def _inputs(step: Step, facts: Facts) -> dict[str, InputValue]:
    groups = facts.groups or step.groups
    return {name: facts.state(name) for name in step.measures if group_of(name) in groups}


def _unreadable(facts: Facts, explained: bool) -> Finding:
    inputs: dict[str, InputValue] = dict.fromkeys(sorted(facts.unreadable), "unreadable")
    inputs["prior"] = facts.prior.word if facts.prior else None
    severity = Prior(Severity.HIGH).given(facts.prior)
    because = gathered(Unreadable(), facts) if explained else ()
    title = "suicidality_unreadable"
    return Finding(UNREADABLE_CODE, title, severity, facts.level, inputs, because)


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
    document: dict[str, Any] = {
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
    if ruleset.phrases:
        document["phrases"] = {locale: list(each) for locale, each in ruleset.phrases.items()}
    return document


def parse(document: object) -> RuleSet:
    """The rule set a document describes; RuleSetFaults where it describes none."""
    if not isinstance(document, dict) or document.keys() | {"phrases"} != {"rules", "phrases"}:
        detail = "A rule set is an object with: rules; and phrases, where it looks for any."
        raise RuleSetFaults([Fault("", "wrong_members", detail)])
    listed = document["rules"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_RULES:
        detail = f"A rule set lists 1 to {MAX_RULES} rules."
        raise RuleSetFaults([Fault("/rules", "wrong_length", detail)])
    taken = {HELP_CODE, UNREADABLE_CODE}
    looked_for, faults = phrases.parse(document.get("phrases", {}), "/phrases")
    rules = [_rule(rule, f"/rules/{i}", taken, faults) for i, rule in enumerate(listed)]
    read = tuple(rule for rule in rules if rule is not None)
    parts = (part for rule in read for part in nodes(rule.when))
    if not faults and not looked_for and any(isinstance(part, Phrase) for part in parts):
        faults.append(Fault("/phrases", "empty", "A rule looks for phrases and none are listed."))
    if faults:
        raise RuleSetFaults(faults)
    return RuleSet(read, looked_for)


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
