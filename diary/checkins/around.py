"""What stands around a check-in, made of what is known when it comes."""

from datetime import datetime, timedelta
from typing import Final

from diary.infusions.since import Since
from diary.rules.facts import AfterInfusion, Late, Newer
from diary.severity import Severity, gravest

# From then on an answer is late: a phone was without network, not slow.
LATE_AFTER: Final = timedelta(hours=1)


def prior_of(
    *,
    earlier: Severity | None,
    earlier_at: datetime | None,
    latest: Severity | None,
    apart: Severity | None,
    apart_at: datetime | None,
) -> Severity | None:
    """The gravest suicidality severity that came before: in the last check-in by the phone's
    clock, which may be wrong, in the last one by ours, or in a body kept apart since. earlier_at,
    apart_at: when the first and the last of them came."""
    known = [earlier, latest]
    if earlier_at is None or (apart_at is not None and apart_at >= earlier_at):
        known.append(apart)
    return gravest(*known)


def lateness(
    moment: datetime, now: datetime, *, newer_at: datetime | None, newer_si: int | None
) -> Late | None:
    """How old an answer of that moment is, and the newest that is known of a later one."""
    if newer_at is None and now - moment < LATE_AFTER:
        return None
    newer = None if newer_at is None else Newer(newer_si, _age(newer_at, now))
    return Late(_age(moment, now), newer)


def after_infusion(
    since: Since | None, started_at: datetime | None, ended_at: datetime | None, moment: datetime
) -> AfterInfusion | None:
    """Where a moment lies, to the second. An end that nobody recorded is not waited for."""
    if since is None:
        return None
    began = started_at if since.hours is None else ended_at
    assert began is not None
    return AfterInfusion(since.number, since.days, _age(began, moment))


def _age(moment: datetime, now: datetime) -> float:
    """In hours; a phone's clock may run ahead of ours."""
    return max(0.0, (now - moment) / timedelta(hours=1))
