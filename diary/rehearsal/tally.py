"""Count what two rule sets find in the same check-ins, with a few examples of each."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from diary.alerts.findings import Finding
from diary.rehearsal.replay import Came
from diary.rules.conditions import Condition, Missed, Silent, nodes
from diary.rules.explain import explain
from diary.rules.ruleset import RuleSet, severity_of
from diary.severity import Severity

EXAMPLES: Final = 5
NAMED: Final = 100
"""How many patients are named at most; all of them are counted."""


@dataclass(frozen=True, slots=True)
class Example:
    """One check-in, or body kept apart, that something was found in. severity: what is, or would
    be, found; severity_now: by the rule set in force. explanation: one sentence, why."""

    check_in_id: UUID
    patient_id: UUID
    recorded_at: datetime
    severity: Severity | None
    severity_now: Severity | None
    explanation: str


@dataclass(slots=True)
class Count:
    """How often something was so, of which patients, and the first few times."""

    times: int = 0
    patients: set[UUID] = field(default_factory=set)
    examples: list[Example] = field(default_factory=list)

    @property
    def patient_count(self) -> int:
        """Of how many patients."""
        return len(self.patients)

    def add(
        self,
        patient_id: UUID,
        came: Came,
        why: Finding,
        severity: Severity | None,
        severity_now: Severity | None,
    ) -> None:
        """Once more. why: the finding that explains it."""
        self.times += 1
        self.patients.add(patient_id)
        if len(self.examples) < EXAMPLES:
            said = came.said
            self.examples.append(
                Example(
                    said.check_in_id,
                    patient_id,
                    said.recorded_at,
                    severity,
                    severity_now,
                    explain(why.because),
                )
            )


@dataclass(slots=True)
class RuleFigures:
    """One rule in both sets. newly: it would fire and does not now; no_longer: the other way."""

    code: str
    title: str
    now: Count = field(default_factory=Count)
    would: Count = field(default_factory=Count)
    newly: Count = field(default_factory=Count)
    no_longer: Count = field(default_factory=Count)


@dataclass(slots=True)
class SeverityFigures:
    """Check-ins by the gravest severity found in each, which is what an alert goes by."""

    severity: Severity
    now: Count = field(default_factory=Count)
    would: Count = field(default_factory=Count)


@dataclass(frozen=True, slots=True)
class Told:
    """Patients: how many, and some of them by their ids."""

    count: int
    patient_ids: Sequence[UUID]

    @classmethod
    def of(cls, patients: Collection[UUID]) -> Self:
        """So many of them as are named."""
        return cls(len(patients), sorted(patients)[:NAMED])


class Tally:
    """What the set in force finds now, and what another would find, side by side."""

    def __init__(self, now: RuleSet, would: RuleSet) -> None:
        silent = [rule.code for rule in (*would.rules, *now.rules) if _waits_for_silence(rule.when)]
        self.not_replayed = list(dict.fromkeys(silent))
        self.check_ins = self.amendments = self.set_apart = 0
        self.patients: set[UUID] = set()
        self.weigh_more, self.weigh_less = Count(), Count()
        self._told_now: set[UUID] = set()
        self._told_then: set[UUID] = set()
        self._severities = {each: SeverityFigures(each) for each in reversed(Severity)}
        self._rules: dict[str, RuleFigures] = {}
        for rule in (*would.rules, *now.rules):
            if rule.code not in silent:
                self._rule(rule.code, rule.title)

    @property
    def rules(self) -> list[RuleFigures]:
        """Each rule that was asked, those of the other set first."""
        return list(self._rules.values())

    @property
    def severities(self) -> list[SeverityFigures]:
        """Each severity, the gravest first."""
        return list(self._severities.values())

    @property
    def patient_count(self) -> int:
        """How many patients anything came from."""
        return len(self.patients)

    @property
    def newly_told(self) -> Told:
        """The patients about whom the care team would be told, and is not now."""
        return Told.of(self._told_then - self._told_now)

    @property
    def no_longer_told(self) -> Told:
        """The patients about whom the care team would not be told any more."""
        return Told.of(self._told_now - self._told_then)

    def add(
        self, patient_id: UUID, came: Came, now: Sequence[Finding], would: Sequence[Finding]
    ) -> None:
        """What both find in something that came, each gravest first."""
        self.patients.add(patient_id)
        if came.becomes is None:
            self.set_apart += 1
        elif came.is_check_in:
            self.check_ins += 1
        else:
            self.amendments += 1
        if now or would:
            self._count_rules(patient_id, came, now, would)
            self._count_severities(patient_id, came, now, would)

    def _count_rules(
        self, patient_id: UUID, came: Came, now: Iterable[Finding], would: Iterable[Finding]
    ) -> None:
        before = {finding.rule: finding for finding in now}
        after = {finding.rule: finding for finding in would}
        for code, finding in (before | after).items():
            figures = self._rule(code, finding.title)
            was, is_then = before.get(code), after.get(code)
            severities = (
                None if is_then is None else is_then.severity,
                None if was is None else was.severity,
            )
            if was is not None:
                figures.now.add(patient_id, came, was, *severities)
            if is_then is not None:
                figures.would.add(patient_id, came, is_then, *severities)
            if was is None:
                figures.newly.add(patient_id, came, finding, *severities)
            elif is_then is None:
                figures.no_longer.add(patient_id, came, finding, *severities)

    def _count_severities(
        self, patient_id: UUID, came: Came, now: Sequence[Finding], would: Sequence[Finding]
    ) -> None:
        was, is_then = severity_of(now), severity_of(would)
        severities = is_then, was
        if was is not None:
            self._told_now.add(patient_id)
            self._severities[was].now.add(patient_id, came, now[0], *severities)
        if is_then is not None:
            self._told_then.add(patient_id)
            self._severities[is_then].would.add(patient_id, came, would[0], *severities)
        if (is_then or 0) > (was or 0):
            self.weigh_more.add(patient_id, came, would[0], *severities)
        elif (is_then or 0) < (was or 0):
            self.weigh_less.add(patient_id, came, now[0], *severities)

    def _rule(self, code: str, title: str) -> RuleFigures:
        return self._rules.setdefault(code, RuleFigures(code, title))


def _waits_for_silence(when: Condition) -> bool:
    return any(isinstance(node, Silent | Missed) for node in nodes(when))
