"""Count what two rule sets find in the same check-ins, with a few examples of each."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from diary.alerts.findings import Finding
from diary.rehearsal.counts import Count, RuleFigures, SeverityFigures, Told
from diary.rehearsal.record import Came
from diary.rules.conditions import Condition, Missed, Silent, nodes
from diary.rules.ruleset import RuleSet, severity_of
from diary.severity import Severity


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
