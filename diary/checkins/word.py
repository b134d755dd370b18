"""A patient's last word, behind which a silence waits that the engine judges.

What is newest by the moment it was said, whichever came first, is the last word; of two about one
moment it is the graver. What comes late neither ends the silence of a newer word nor shortens it,
but where it is graver, the silence is judged as one after it: a phone's clock may be wrong. A calm
body that was set apart ends a silence and is not remembered as a word otherwise: what comes late
after it is waited for from the last check-in before.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from diary.checkins.context import Context
from diary.rules.model import silences
from diary.rules.waiting import Waits, next_hours
from diary.severity import Severity
from diary.work import Work


@dataclass(frozen=True, slots=True)
class Word:
    """Something the patient sent. moment: when it was said, by the phone; severity: what was found
    of suicidality in it.

    by_itself: whether it is a sign of life at that moment. What takes back or contradicts another
    word, or was said nobody knows when, is none: it ends no silence, it can only make one graver.
    """

    check_in_id: UUID
    moment: datetime
    severity: Severity | None
    by_itself: bool


def spoke(work: Work, context: Context, word: Word, waits: Waits) -> None:
    """End the silence that was, and begin another where the word was one of risk; waits: of the
    rule set in force. To be called before an alert is raised, as whoever judges a silence does:
    two who locked them in different orders would wait for each other.
    """
    moment = min(word.moment, work.now)
    if word.severity is None:
        if context.is_waited_for and word.by_itself:
            work.execute(delete(silences).where(*_of(context), silences.c.since < moment))
        return
    row = None
    if context.is_waited_for:
        row = work.row(select(silences).where(*_of(context)).with_for_update())
    since = moment
    if row is not None and not (word.by_itself and row.since < moment):
        if word.severity <= row.prior:
            return
        since = row.since
    elif row is None and context.clinic.newer_at is not None:
        since = max(moment, min(context.clinic.newer_at, context.clinic.newer_came_at))
    values: dict[str, Any] = {
        "check_in_id": word.check_in_id,
        "since": since,
        "prior": word.severity,
        "judged_hours": 0,
        "due_at": due_at(waits, since, word.severity, judged=0),
    }
    if row is None:
        patient = context.patient
        work.add(silences, clinic_id=patient.clinic_id, patient_id=patient.id, **values)
    else:
        work.execute(update(silences).where(*_of(context)).values(**values))


def due_at(waits: Waits, since: datetime, prior: Severity, *, judged: int) -> datetime | None:
    """When the rules are asked next about a silence; None where no rule waits any longer."""
    hours = next_hours(waits, prior, judged=judged)
    return None if hours is None else since + timedelta(hours=hours)


def _of(context: Context) -> tuple[Any, ...]:
    patient = context.patient
    return (silences.c.clinic_id == patient.clinic_id, silences.c.patient_id == patient.id)
