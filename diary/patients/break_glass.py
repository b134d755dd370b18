"""Breaking the glass: a clinician reads a patient of somebody else, for a while and in the open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, select, update

from diary.access import staff
from diary.errors import Conflict, FieldFault, Invalid, NotFound
from diary.patients import service
from diary.patients.model import ERASED, break_glass, patients
from diary.work import Work

LASTS = timedelta(minutes=60)
_SHORTEST = 10  # characters that say something
_PLACE = "break_glass.reason"


class AlreadyVisible(Conflict):
    """The caller sees the patient as it is: there is no glass to break."""

    code = "already-visible"
    title = "You can see this patient already"


@dataclass(frozen=True, slots=True)
class BrokenGlass:
    """Who read whom, the names opened for whoever looks into it.

    reason: None where the patient was erased since. until: when it ends by itself; ended_at: when
    it was given up before that.
    """

    id: UUID
    patient_id: UUID
    patient_reference: str
    staff_id: UUID
    staff_name: str
    reason: str | None
    begun_at: datetime
    until: datetime
    ended_at: datetime | None


def begin(work: Work, patient_id: UUID, *, reason: str) -> BrokenGlass:
    """Let the caller read one patient of the clinic for an hour, and change nothing.

    For `webhooks.break_glass.begin`, which announces it. Raises NotFound for a patient of no or
    another clinic, AlreadyVisible, and Invalid for a reason of blanks.
    """
    if len(reason.strip()) < _SHORTEST:
        fault = FieldFault("/reason", "too_short", f"at least {_SHORTEST} characters")
        raise Invalid(errors=[fault])
    caller = work.caller
    assert caller.id is not None
    known = select(patients.c.id).where(
        patients.c.clinic_id == caller.clinic,
        patients.c.id == patient_id,
        patients.c.state != ERASED,
    )
    if work.row(known) is None:
        raise NotFound
    if work.row(service.visible(work).where(patients.c.id == patient_id)) is not None:
        raise AlreadyVisible
    made = work.new_id()
    work.add(
        break_glass,
        clinic_id=caller.clinic,
        id=made,
        patient_id=patient_id,
        staff_id=caller.id,
        reason=work.vault.seal(
            reason, place=_PLACE, clinic=caller.clinic, row=made, patient=patient_id
        ),
        begun_at=work.now,
        until=work.now + LASTS,
    )
    work.audit("break-glass.begun", "patient", patient_id, break_glass=str(made))
    return get(work, made)


def end(work: Work, patient_id: UUID) -> None:
    """Give it up before its hour is over; raises NotFound where the caller has none."""
    ended = work.execute(
        update(break_glass)
        .where(
            break_glass.c.clinic_id == work.caller.clinic,
            break_glass.c.patient_id == patient_id,
            break_glass.c.staff_id == work.caller.id,
            break_glass.c.ended_at.is_(None),
            break_glass.c.until > work.now,
        )
        .values(ended_at=work.now)
    )
    if not ended.rowcount:
        raise NotFound
    work.audit("break-glass.ended", "patient", patient_id)


def of_clinic(work: Work) -> Select[Any]:
    """Every glass that was broken in the caller's clinic; `opened` shows a row."""
    return (
        select(break_glass, patients.c.reference)
        .join(
            patients,
            and_(
                patients.c.clinic_id == break_glass.c.clinic_id,
                patients.c.id == break_glass.c.patient_id,
            ),
        )
        .where(break_glass.c.clinic_id == work.caller.clinic)
    )


def get(work: Work, break_glass_id: UUID) -> BrokenGlass:
    """One of them; raises NotFound."""
    row = work.row(of_clinic(work).where(break_glass.c.id == break_glass_id))
    if row is None:
        raise NotFound
    return opened(work, row)


def all_opened(work: Work, rows: Sequence[Row[Any]]) -> list[BrokenGlass]:
    """Rows of `of_clinic`, with all their patients' keys in one round trip."""
    work.vault.fetch(work.caller.clinic, {row.patient_id for row in rows})
    return [opened(work, row) for row in rows]


def opened(work: Work, row: Row[Any]) -> BrokenGlass:
    """A row of `of_clinic` with its name and its reason opened."""
    reason = None
    if not work.vault.is_erased(row.clinic_id, row.patient_id):
        place = {"place": _PLACE, "clinic": row.clinic_id, "row": row.id}
        reason = work.vault.open(row.reason, **place, patient=row.patient_id)
    return BrokenGlass(
        id=row.id,
        patient_id=row.patient_id,
        patient_reference=row.reference,
        staff_id=row.staff_id,
        staff_name=staff.names(work, {row.staff_id})[row.staff_id],
        reason=reason,
        begun_at=row.begun_at,
        until=row.until,
        ended_at=row.ended_at,
    )
