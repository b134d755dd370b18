"""Judge what a patient said by the clinic's rules, with all that is known around it at this moment.

What comes late is judged when it comes, by what is known then; that it is late, and what is known
of a later moment, stands beside every finding.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.alerts.findings import Finding
from diary.checkins.context import DAY_STARTS, Context
from diary.checkins.lookback import history
from diary.rules.facts import Facts
from diary.rules.phrases import found as phrases_in
from diary.rules.ruleset import judge
from diary.rules.service import InForce
from diary.work import Work


@dataclass(frozen=True, slots=True)
class Said:
    """What is judged. facts: of the answers alone. group: what gives its measures, None where
    nothing is scored; version: the one that scores are compared within, None for any. zone: where
    the phone was."""

    check_in_id: UUID
    recorded_at: datetime
    zone: str
    instrument: str
    group: str | None
    version: str | None
    facts: Facts
    note: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found, gravest first, and the phrases of the clinic's list in the note."""

    findings: tuple[Finding, ...]
    phrases: tuple[str, ...]


def judged(work: Work, context: Context, said: Said, in_force: InForce) -> Judged:
    """Judge it."""
    moment = said.recorded_at
    rules = in_force.rules
    phrases = phrases_in(said.note, rules.phrases) if said.note else ()
    hours = in_force.look_back.hours.get(said.group) if said.group else None
    facts = replace(
        said.facts,
        prior=context.prior,
        history=None
        if hours is None
        else history(
            work,
            context.patient,
            said.check_in_id,
            instrument=said.instrument,
            version=said.version,
            recorded_at=moment,
            day=(moment.astimezone(ZoneInfo(said.zone)) - DAY_STARTS).date(),
            hours=hours,
            baseline=said.group in in_force.look_back.baselines,
        ),
        infusion=context.after_infusion(moment),
        late=context.late(moment, work.now),
        phrases=phrases,
    )
    return Judged(judge(rules, facts), phrases)
