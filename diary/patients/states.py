"""Where a patient is in their treatment: in it, away from it for a time, or no longer in it.

What a state never touches: an alert that is open stays open and pages on until a person closes it,
and whatever a phone still sends is kept and judged. docs/record.md says what each does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, select, update

from diary.access.sessions import end_of_patient
from diary.agenda import Agenda
from diary.callers import CallerKind
from diary.errors import Conflict, FieldFault, Invalid, NotFound
from diary.patients import drill
from diary.patients.model import ERASED, patient_states, patients
from diary.patients.service import require
from diary.work import Work

REASON_PLACE: Final = "patient_states.reason"
# Whoever is away is asked for nothing. A state that nobody ends would be a silence for good.
LONGEST_AWAY: Final = timedelta(days=92)


class State(StrEnum):
    """active: asked for check-ins. paused, hospitalised: asked for none, until a moment that is
    always set; the phone stays in. discharged, deceased: the phone is out, for good."""

    ACTIVE = "active"
    PAUSED = "paused"
    HOSPITALISED = "hospitalised"
    DISCHARGED = "discharged"
    DECEASED = "deceased"


AGENDA: Final = Agenda(patients.c.state_until, patients.c.id)
"""Patients whose time away is over."""

AWAY: Final = frozenset({State.PAUSED, State.HOSPITALISED})
ENDED: Final = frozenset({State.DISCHARGED, State.DECEASED})


class PatientDischarged(Conflict):
    """The patient was discharged, or has died: no phone is let in."""

    code = "patient-discharged"
    title = "The patient was discharged, or is recorded as deceased; readmit them first"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state, its reason opened. since: when it began, as whoever entered it says.
    until: when it ends by itself. changed_by: None where it ended so."""

    id: UUID
    patient_id: UUID
    state: State
    since: datetime
    until: datetime | None
    reason: str | None
    changed_at: datetime
    changed_by: UUID | None


def change(
    work: Work,
    patient_id: UUID,
    state: State,
    *,
    reason: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Change | None:
    """Change a patient's state; None where it is so already and nothing more is said of it.

    since: now, unless it is said. until: needed for `paused` and `hospitalised`, at most 92 days
    ahead; entered again, it is put off. Raises NotFound, OnlyReading, DrillPatient, Invalid.
    """
    require(work, patient_id, change=True)
    drill.refuse(work, patient_id)
    _check(work, state, since, until)
    now = _held(work, patient_id)
    if now.state == state and reason is None:
        return None
    ended_at = (now.discharged_at or work.now) if state in ENDED else None
    _write(work, now, state, until=until, discharged_at=ended_at)
    if state in ENDED:
        end_of_patient(work, now.clinic_id, patient_id, why=state)
    return _entered(work, now, state, since=since or work.now, until=until, reason=reason)


def bring_back(work: Work, patient_id: UUID) -> Change | None:
    """A time away ends by itself, in the caller's clinic; None where it does not, or not yet."""
    now = _held(work, patient_id)
    if now.state_until is None or now.state_until > work.now:
        return None
    _write(work, now, State.ACTIVE, until=None, discharged_at=None)
    return _entered(work, now, State.ACTIVE, since=now.state_until, until=None, reason=None)


def history(work: Work, patient_id: UUID) -> Select[Any]:
    """A patient's changes of state; raises NotFound for one whom this caller cannot see."""
    require(work, patient_id)
    return select(patient_states).where(
        patient_states.c.clinic_id == work.caller.clinic,
        patient_states.c.patient_id == patient_id,
    )


def opened(work: Work, row: Row[Any]) -> Change:
    """A change of state with its seal opened."""
    sealed = row.reason
    return Change(
        id=row.id,
        patient_id=row.patient_id,
        state=State(row.state),
        since=row.since,
        until=row.until,
        reason=sealed
        and work.vault.open(
            sealed, place=REASON_PLACE, clinic=row.clinic_id, row=row.id, patient=row.patient_id
        ),
        changed_at=row.changed_at,
        changed_by=row.changed_by,
    )


def let_in(work: Work, clinic_id: UUID, patient_id: UUID) -> None:
    """Raises PatientDischarged where no phone is let in; holds the patient as they are until the
    commit."""
    row = work.row(
        select(patients.c.state)
        .where(patients.c.clinic_id == clinic_id, patients.c.id == patient_id)
        .with_for_update(read=True)
    )
    if row is None or row.state == ERASED:
        raise NotFound
    if row.state in ENDED:
        raise PatientDischarged


def _check(work: Work, state: State, since: datetime | None, until: datetime | None) -> None:
    faults = []
    if since is not None and since > work.now:
        faults.append(FieldFault("/since", "out_of_range", "must not lie ahead"))
    if state in AWAY:
        if until is None:
            message = "needed: nobody is away without an end"
            faults.append(FieldFault("/until", "required", message))
        elif not work.now < until <= work.now + LONGEST_AWAY:
            message = "must lie ahead, by at most 92 days"
            faults.append(FieldFault("/until", "out_of_range", message))
    elif until is not None:
        message = "only `paused` and `hospitalised` end by themselves"
        faults.append(FieldFault("/until", "not_allowed", message))
    if faults:
        raise Invalid(errors=faults)


def _held(work: Work, patient_id: UUID) -> Row[Any]:
    row = work.row(
        select(patients)
        .where(
            patients.c.clinic_id == work.caller.clinic,
            patients.c.id == patient_id,
            patients.c.state != ERASED,
        )
        .with_for_update(key_share=True)
    )
    if row is None:
        raise NotFound
    return row


def _write(
    work: Work,
    now: Row[Any],
    state: State,
    *,
    until: datetime | None,
    discharged_at: datetime | None,
) -> None:
    work.execute(
        update(patients)
        .where(patients.c.clinic_id == now.clinic_id, patients.c.id == now.id)
        .values(state=state, state_until=until, discharged_at=discharged_at)
    )


def _entered(
    work: Work,
    now: Row[Any],
    state: State,
    *,
    since: datetime,
    until: datetime | None,
    reason: str | None,
) -> Change:
    # What ends by itself nobody has changed.
    by = None if work.caller.kind is CallerKind.ENGINE else work.caller.id
    made = Change(work.new_id(), now.id, state, since, until, reason, work.now, by)
    work.add(
        patient_states,
        clinic_id=now.clinic_id,
        id=made.id,
        patient_id=now.id,
        state=state,
        since=since,
        until=until,
        reason=reason
        and work.vault.seal(
            reason, place=REASON_PLACE, clinic=now.clinic_id, row=made.id, patient=now.id
        ),
        changed_at=work.now,
        changed_by=by,
    )
    work.audit("patient.state-changed", "patient", now.id, before=now.state, after=state)
    return made
