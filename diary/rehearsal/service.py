"""What a rule set would have found in the last days, beside what the one in force finds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from diary.callers import Caller
from diary.rehearsal.before import Reach
from diary.rehearsal.reading import everyone, read
from diary.rehearsal.replay import replay
from diary.rehearsal.tally import Tally
from diary.rules import service as rules
from diary.rules.lookback import look_back
from diary.rules.publishing.publication import Gap
from diary.rules.ruleset import RuleSet
from diary.rules.service import InForce
from diary.work import House

DAYS: Final = range(1, 367)
USUALLY: Final = 90
# Read in one transaction, and judged after it.
_TOGETHER: Final = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """So many of the patients are done."""

    patients: int
    of: int


@dataclass(frozen=True, slots=True)
class Report:
    """A dry run over what came since a moment. compared_with: the version in force. gap: what
    keeps the rule set from going live, None where nothing does."""

    since: datetime
    until: datetime
    compared_with: int
    gap: Gap | None
    tally: Tally


def rehearse(
    house: House, caller: Caller, ruleset: RuleSet, gap: Gap | None, *, days: int
) -> Iterator[Progress | Report]:
    """Judge again what came in the last days from every patient whom the caller can see: how far
    it has got, and at last the report. days: one of `DAYS`.

    Each batch of patients is read in a short transaction of its own, and none is open whenever
    something is given out. Before the report is, the audit trail says who read of how many.
    """
    with house.work(caller, write=False) as work:
        until = work.now
        ids = everyone(work)
        now = rules.current(work)
    since = until - timedelta(days=days)
    would = InForce(now.version, ruleset, look_back(ruleset))
    tally, reach = Tally(now.rules, ruleset), Reach.of([now.look_back, would.look_back])
    for start in range(0, len(ids), _TOGETHER):
        yield Progress(start, len(ids))
        with house.work(caller, write=False) as work:
            records = read(work, ids[start : start + _TOGETHER], since, reach)
        for record in records:
            for came, (found, other) in replay(record, (now, would)):
                tally.add(record.patient_id, came, found.findings, other.findings)
    yield Progress(len(ids), len(ids))
    with house.work(caller) as work:
        seen = tally.patient_count
        work.audit("rule-set.rehearsed", "clinic", caller.clinic, days=days, patients=seen)
    yield Report(since, until, now.version, gap, tally)
