"""How fast a clinic answers its alerts: the figures, from values alone.

An alert belongs to the period it was opened in and to the severity it has now, the gravest that it
had. *Answered* is the first acknowledgement, or the resolution where nobody acknowledged before:
either is a person who has it. *Contact* is the first time someone spoke with the patient. Times
run from the opening.

*Within target*: answered by the first deadline that stood. That is the target of the severity it
opened with, made earlier where it worsened before anyone answered, and never later. An alert that
is not answered is late once that moment has passed; before, it counts on neither side of the share.

A percentile is by nearest rank: a time that occurred, with at least that share of the others no
longer than it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from diary.severity import Severity


@dataclass(frozen=True, slots=True)
class Answering:
    """What of an alert the figures are made of. answer_by: the first deadline that stood."""

    severity: Severity
    opened_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    contacted_at: datetime | None
    outcome: str | None
    exhausted: bool
    reopened: bool


@dataclass(frozen=True, slots=True)
class Times:
    """Whole seconds."""

    median: int
    p90: int
    p95: int
    max: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the alerts of one severity. The share is None while there is nothing to divide by.

    exhausted: the policy was used up at some time. reopened: it worsened after it was answered.
    unresolved: open now, whoever has it. outcomes: of the resolved ones.
    """

    severity: Severity
    opened: int
    answered: int
    within_target: int
    late: int
    share_within_target: float | None
    never_answered: int
    unresolved: int
    exhausted: int
    reopened: int
    time_to_answer: Times | None
    time_to_contact: Times | None
    outcomes: Mapping[str, int]


def figures(found: Iterable[Answering], now: datetime) -> list[Figures]:
    """One for each severity, the gravest first."""
    by_severity: dict[Severity, list[Answering]] = {each: [] for each in reversed(Severity)}
    for alert in found:
        by_severity[alert.severity].append(alert)
    return [_of(severity, alerts, now) for severity, alerts in by_severity.items()]


def times(lengths: Iterable[timedelta]) -> Times | None:
    """None where there is none. A clock that was set back makes no time shorter than nothing."""
    seconds = sorted(max(0, int(length.total_seconds())) for length in lengths)
    if not seconds:
        return None
    return Times(
        median=percentile(seconds, 50),
        p90=percentile(seconds, 90),
        p95=percentile(seconds, 95),
        max=seconds[-1],
    )


def percentile(ordered: Sequence[int], percent: int) -> int:
    """By nearest rank: the smallest value that at least that many per cent do not exceed."""
    return ordered[-(-percent * len(ordered) // 100) - 1]


def _of(severity: Severity, alerts: Sequence[Answering], now: datetime) -> Figures:
    answered = [alert.answered_at for alert in alerts if alert.answered_at is not None]
    within = sum(a.answered_at is not None and a.answered_at <= a.answer_by for a in alerts)
    late = sum((a.answered_at or now) > a.answer_by for a in alerts)
    return Figures(
        severity=severity,
        opened=len(alerts),
        answered=len(answered),
        within_target=within,
        late=late,
        share_within_target=within / (within + late) if within + late else None,
        never_answered=len(alerts) - len(answered),
        unresolved=sum(alert.outcome is None for alert in alerts),
        exhausted=sum(alert.exhausted for alert in alerts),
        reopened=sum(alert.reopened for alert in alerts),
        time_to_answer=times(a.answered_at - a.opened_at for a in alerts if a.answered_at),
        time_to_contact=times(a.contacted_at - a.opened_at for a in alerts if a.contacted_at),
        outcomes=Counter(sorted(a.outcome for a in alerts if a.outcome is not None)),
    )
