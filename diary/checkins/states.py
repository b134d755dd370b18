"""A patient's state changes: what they were waited for and what is open of theirs goes along.

Nothing is closed and nobody is forgotten by it. A silence behind a word of risk is judged on in
every state but one: of whoever died, no check-in can come. It rests then, and is judged on where
that was a mistake.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from diary.alerts.reading import open_alert
from diary.checkins import baselines
from diary.checkins.following import follow
from diary.patients import states
from diary.patients.service import Patient, get
from diary.patients.states import State
from diary.rules.model import silences
from diary.webhooks.states import tell
from diary.work import Work


@dataclass(frozen=True, slots=True)
class Standing:
    """A patient after a change of state, and what is still open of theirs. awaited: whether they
    told of a risk, and no check-in came since."""

    patient: Patient
    alert_id: UUID | None
    awaited: bool


def change(
    work: Work,
    patient_id: UUID,
    state: State,
    *,
    reason: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Standing:
    """As `diary.patients.states.change`; where it is so already nothing is told."""
    made = states.change(work, patient_id, state, reason=reason, since=since, until=until)
    return _followed(work, patient_id, made)


def bring_back(work: Work, patient_id: UUID) -> bool:
    """End a time away that is over, in the caller's clinic; False where it is not."""
    made = states.bring_back(work, patient_id)
    if made is not None:
        _followed(work, patient_id, made)
    return made is not None


def _followed(work: Work, patient_id: UUID, made: states.Change | None) -> Standing:
    clinic = work.caller.clinic
    alert_id = open_alert(work, clinic, patient_id)
    here = (silences.c.clinic_id == clinic, silences.c.patient_id == patient_id)
    awaited = work.row(select(silences.c.patient_id).where(*here)) is not None
    if made is not None:
        # Now: what was asked of somebody who is away must not be found missed by a late engine.
        follow(work, patient_id)
        if awaited and made.state is not State.DECEASED:
            # It may have rested: whoever judges it says when it is due.
            work.execute(
                update(silences).where(*here, silences.c.due_at.is_(None)).values(due_at=work.now)
            )
            work.wake_engine()
        # After the silence, as whoever records a check-in locks them.
        if made.state in states.ENDED:
            baselines.end(work, patient_id, baselines.Why.LEFT)
        tell(work, patient_id, made.state, alert_open=alert_id is not None, awaited=awaited)
    return Standing(get(work, patient_id), alert_id, awaited)
