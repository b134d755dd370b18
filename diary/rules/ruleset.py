"""Rule sets: what they are, and judging a check-in by one. Their JSON form is in `writing`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from diary.alerts.findings import Finding, InputValue
from diary.instruments.measures import RISKS, group_of
from diary.rules.conditions import Condition, Traced, Unreadable, measures_of, nodes
from diary.rules.documents import Fault
from diary.rules.evaluation import Test, compiled
from diary.rules.evidence import Gatherer, gatherer, lateness
from diary.rules.facts import Facts, readings
from diary.severity import Severity

UNREADABLE_CODE = "U1"
HELP_CODE = "R0"
_CANNOT_BE_READ = gatherer(Unreadable())


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

    @property
    def looks_back(self) -> bool:
        """Whether its condition looks at any earlier answer."""
        return any(isinstance(node, Traced) for node in nodes(self.when))


class Step(NamedTuple):
    """A rule, ready to be asked."""

    test: Test
    gather: Gatherer
    rule: Rule
    measures: tuple[str, ...]


def _step(rule: Rule) -> Step:
    return Step(compiled(rule.when), gatherer(rule.when), rule, measures_of(rule.when))


@dataclass(frozen=True)
class RuleSet:
    """Rules in the order they were written, compiled once. phrases: those that notes are searched
    for, by the locale they are written in."""

    rules: tuple[Rule, ...]
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    steps: tuple[Step, ...] = field(init=False, repr=False, compare=False)
    raisable: frozenset[str] = field(init=False, repr=False, compare=False)
    apart: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Those that raise are asked last: what they raise is known then.
        ordered = sorted(self.rules, key=lambda rule: isinstance(rule.severity, Raised))
        object.__setattr__(self, "steps", tuple(map(_step, ordered)))
        raised = (rule for rule in self.rules if rule.suicidality and not rule.looks_back)
        object.__setattr__(self, "raisable", frozenset(rule.code for rule in raised))
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
    for test, gather, rule, measures in ruleset.steps:
        if test(facts):
            inputs = _inputs(measures, facts)
            severity = rule.severity
            if isinstance(severity, Prior):
                severity = severity.given(facts.prior)
                inputs["prior"] = facts.prior.word if facts.prior else None
            if isinstance(severity, Raised):
                severity = severity.above(gravest)
            elif rule.code in ruleset.raisable:
                gravest = max(gravest or severity, severity)
            level = facts.level if rule.suicidality else None
            because = (*gather(facts), *lateness(facts)) if explained else ()
            yield Finding(rule.code, rule.title, severity, level, inputs, because)


def _inputs(measures: Iterable[str], facts: Facts) -> dict[str, InputValue]:
    """Those that the check-in could answer; all of them where it answered nothing."""
    groups = facts.groups
    return {name: facts.state(name) for name in measures if not groups or group_of(name) in groups}


def _unreadable(facts: Facts, explained: bool) -> Finding:
    inputs: dict[str, InputValue] = dict.fromkeys(sorted(facts.unreadable), "unreadable")
    inputs["prior"] = facts.prior.word if facts.prior else None
    severity = Prior(Severity.HIGH).given(facts.prior)
    because = (*_CANNOT_BE_READ(facts), *lateness(facts)) if explained else ()
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
