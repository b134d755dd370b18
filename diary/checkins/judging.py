"""Judge what a patient said by the clinic's rules, with all that is known around it at this moment.

What comes late is judged when it comes, by what is known then; that it is late, and what is known
of a later moment, stands beside every finding.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.alerts.findings import Finding
from diary.checkins import baselines
from diary.checkins.context import Context
from diary.checkins.lookback import history
from diary.instruments.measures import DAILY
from diary.rules.default import DEFAULT
from diary.rules.facts import AfterInfusion, Facts, History, Late
from diary.rules.known import covers, ended, listed
from diary.rules.phrases import found as phrases_in
from diary.rules.ruleset import judge, suicidality_severity
from diary.rules.service import InForce
from diary.schedule.days import day_of
from diary.severity import Severity
from diary.work import Work


@dataclass(frozen=True, slots=True)
class Said:
    """What is judged. facts: of the answers alone. group: what gives its measures, None where
    nothing is scored; version: the one that scores are compared within, None for any. zone: where
    the phone was. about: the day it was entered for, None for the one of `recorded_at` there."""

    check_in_id: UUID
    recorded_at: datetime
    zone: str
    instrument: str
    group: str | None
    version: str | None
    facts: Facts
    note: str | None
    about: date | None = None

    @property
    def day(self) -> date:
        """The diary's day that it belongs to: the one that it is about, or when it was recorded."""
        if self.about is not None:
            return self.about
        return day_of(self.recorded_at, ZoneInfo(self.zone))


class Known(Protocol):
    """All that judging asks for beside the answers, as it is known when they come."""

    @property
    def prior(self) -> Severity | None:
        """The gravest suicidality severity that came before."""

    def after_infusion(self, moment: datetime) -> AfterInfusion | None:
        """Where the moment lies after the last infusion; None before the first."""

    def late(self, moment: datetime) -> Late | None:
        """How old an answer of that moment is; None where it came in time."""

    def history(self, said: Said, *, hours: int, baseline: bool) -> History:
        """The same instrument's earlier entries, so many hours back; baseline: whether the last
        values before the first infusion are wanted, too."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found, gravest first, and the phrases of the clinic's list in the note. facts: what
    it was found in."""

    findings: tuple[Finding, ...]
    phrases: tuple[str, ...]
    facts: Facts


def judged(work: Work, context: Context, said: Said, in_force: InForce) -> Judged:
    """Judge it as it comes."""
    return judged_by(in_force, said, _Now(work, context))


def told(work: Work, context: Context, result: Judged, in_force: InForce) -> tuple[Finding, ...]:
    """What an alert is told of it: as it was found, but for what a known baseline covers. Whatever
    is graver than that ends it."""
    rules, facts = in_force.rules, result.facts
    found = suicidality_severity(result.findings, rules) or Severity.LOW
    known = baselines.known_by(context.clinic, work.now)
    if known is None and found >= Severity.MODERATE:
        known = baselines.known_now(work, context.patient.id)
    if known is None or not result.findings:
        return result.findings
    if in_force.unheard.isdisjoint(facts.groups) and covers(rules, facts, known.level):
        return result.findings if known.lapsed else listed(result.findings, rules, known)
    # Another instrument may say what is known already in its own words.
    if found < (Severity.MODERATE if DAILY in facts.groups else Severity.HIGH):
        return result.findings
    baselines.end(work, context.patient.id, baselines.Why.RISE)
    return ended(result.findings, rules, known)


def judged_by(in_force: InForce, said: Said, known: Known) -> Judged:
    """Judge it by these rules, with what is known around it."""
    rules = in_force.rules
    phrases = phrases_in(said.note, rules.phrases) if said.note else ()
    hours = in_force.look_back.hours.get(said.group) if said.group else None
    baseline = said.group in in_force.look_back.baselines
    facts = replace(
        said.facts,
        prior=known.prior,
        history=None if hours is None else known.history(said, hours=hours, baseline=baseline),
        infusion=known.after_infusion(said.recorded_at),
        late=known.late(said.recorded_at),
        phrases=phrases,
    )
    findings = judge(rules, facts)
    if not in_force.unheard.isdisjoint(facts.groups):
        # No answer on suicidality may be silent because a clinic's rules are older than it. Under
        # codes of their own: a clinic's R2 may be about something else.
        shipped = [
            replace(each, rule=f"SHIPPED_{each.rule}")
            for each in judge(DEFAULT, facts)
            if each.rule not in DEFAULT.apart
        ]
        findings = tuple(sorted((*findings, *shipped), key=lambda each: each.rank, reverse=True))
    return Judged(findings, phrases, facts)


@dataclass(frozen=True, slots=True)
class _Now:
    """What the database knows in this transaction."""

    work: Work
    context: Context

    @property
    def prior(self) -> Severity | None:
        return self.context.prior

    def after_infusion(self, moment: datetime) -> AfterInfusion | None:
        return self.context.after_infusion(moment)

    def late(self, moment: datetime) -> Late | None:
        return self.context.late(moment, self.work.now)

    def history(self, said: Said, *, hours: int, baseline: bool) -> History:
        return history(
            self.work,
            self.context.patient,
            said.check_in_id,
            instrument=said.instrument,
            version=said.version,
            recorded_at=said.recorded_at,
            day=said.day,
            hours=hours,
            baseline=baseline,
        )
