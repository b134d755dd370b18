"""What a patient writes beside the answers: kept sealed, and unread until a person has read it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, and_, select, update

from diary.alerts.service import Subjected
from diary.checkins.model import notes
from diary.errors import NotFound
from diary.patients import relation
from diary.patients import service as patients
from diary.patients.model import patients as patient_rows
from diary.work import Work

BODY_PLACE: Final = "notes.body"


@dataclass(frozen=True, slots=True)
class Note:
    """A note, opened. phrases: whether it holds one of the clinic's list, which the rules judge."""

    id: UUID
    patient_id: UUID
    check_in_id: UUID
    text: str
    phrases: bool
    received_at: datetime
    read_at: datetime | None
    read_by: UUID | None


def keep(work: Work, patient: Subjected, check_in_id: UUID, text: str, *, phrases: bool) -> None:
    """Keep a note of a check-in that is being recorded, or set apart."""
    note_id = work.new_id()
    work.add(
        notes,
        clinic_id=patient.clinic_id,
        id=note_id,
        patient_id=patient.id,
        check_in_id=check_in_id,
        body=work.vault.seal(
            text, place=BODY_PLACE, clinic=patient.clinic_id, row=note_id, patient=patient.id
        ),
        phrases=phrases,
        received_at=work.now,
    )


def is_new(work: Work, patient: Subjected, check_in_id: UUID, text: str | None) -> bool:
    """Whether there is a text that no note of the check-in has."""
    if not text:
        return False
    of_it = select(notes).where(
        notes.c.clinic_id == patient.clinic_id,
        notes.c.patient_id == patient.id,
        notes.c.check_in_id == check_in_id,
    )
    return all(text not in opened(work, row).text for row in work.rows(of_it))


def visible(work: Work, *, unread: bool | None = None) -> Select[Any]:
    """The notes of every patient whose record the caller reads. unread: those alone, or not."""
    query = (
        select(notes)
        .join(
            patient_rows,
            and_(
                patient_rows.c.clinic_id == notes.c.clinic_id,
                patient_rows.c.id == notes.c.patient_id,
            ),
        )
        .where(notes.c.clinic_id == work.caller.clinic, relation.may_read(work))
    )
    if unread is not None:
        query = query.where(notes.c.read_at.is_(None) if unread else notes.c.read_at.is_not(None))
    return query


def of_patient(work: Work, patient_id: UUID) -> Select[Any]:
    """A patient's notes; raises NotFound for a patient whom this caller cannot see."""
    patients.require(work, patient_id)
    return select(notes).where(
        notes.c.clinic_id == work.caller.clinic, notes.c.patient_id == patient_id
    )


def mark_read(work: Work, patient_id: UUID, note_id: UUID) -> Note:
    """A person has read it; who was the first stays. Raises NotFound, OnlyReading."""
    patients.require(work, patient_id, change=True)
    this = and_(
        notes.c.clinic_id == work.caller.clinic,
        notes.c.patient_id == patient_id,
        notes.c.id == note_id,
    )
    changed = work.execute(
        update(notes)
        .where(this, notes.c.read_at.is_(None))
        .values(read_at=work.now, read_by=work.caller.id)
    )
    row = work.row(select(notes).where(this))
    if row is None:
        raise NotFound
    if changed.rowcount:
        work.audit("note.read", "note", note_id)
    return opened(work, row)


def opened(work: Work, row: Row[Any]) -> Note:
    """A note with its seal opened."""
    text = work.vault.open(
        row.body, place=BODY_PLACE, clinic=row.clinic_id, row=row.id, patient=row.patient_id
    )
    return Note(
        id=row.id,
        patient_id=row.patient_id,
        check_in_id=row.check_in_id,
        text=text,
        phrases=row.phrases,
        received_at=row.received_at,
        read_at=row.read_at,
        read_by=row.read_by,
    )
