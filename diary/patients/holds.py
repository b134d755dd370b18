"""Legal holds: while one is in place, nothing of the patient is erased, whoever wants it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, select, update
from sqlalchemy.sql.elements import ColumnElement

from diary.errors import Conflict, NotFound
from diary.patients.model import legal_holds, patients
from diary.patients.service import require
from diary.work import Work

REASON_PLACE = "legal_holds.reason"


class UnderLegalHold(Conflict):
    """A legal hold keeps the patient's record from being erased."""

    code = "legal-hold"
    title = "A legal hold keeps this record"


@dataclass(frozen=True, slots=True)
class Hold:
    """Whether a patient's record is held, and why; the reason is kept sealed."""

    held: bool
    reason: str | None = None
    placed_at: datetime | None = None
    placed_by: UUID | None = None


def place(work: Work, patient_id: UUID, *, reason: str) -> Hold:
    """Hold a patient's record; one that is held already has another reason from now on."""
    require(work, patient_id)
    _lock(work, patient_id)
    _lift(work, patient_id)
    hold_id = work.new_id()
    clinic = work.caller.clinic
    work.add(
        legal_holds,
        clinic_id=clinic,
        id=hold_id,
        patient_id=patient_id,
        reason=work.vault.seal(
            reason, place=REASON_PLACE, clinic=clinic, row=hold_id, patient=patient_id
        ),
        placed_at=work.now,
        placed_by=work.caller.id,
    )
    work.audit("legal-hold.placed", "patient", patient_id, hold=str(hold_id))
    return Hold(True, reason, work.now, work.caller.id)


def lift(work: Work, patient_id: UUID) -> None:
    """Hold it no longer. Raises NotFound."""
    require(work, patient_id)
    _lock(work, patient_id)
    if _lift(work, patient_id):
        work.audit("legal-hold.lifted", "patient", patient_id)


def find(work: Work, patient_id: UUID) -> Hold:
    """The hold in place, if there is one. Raises NotFound for a patient that cannot be seen."""
    require(work, patient_id)
    row = _row(work, patient_id)
    if row is None:
        return Hold(False)
    place = {"place": REASON_PLACE, "clinic": row.clinic_id, "row": row.id}
    reason = work.vault.open(row.reason, **place, patient=patient_id)
    return Hold(True, reason, row.placed_at, row.placed_by)


def require_none(work: Work, patient_id: UUID) -> None:
    """Raises UnderLegalHold; none can be placed before this transaction ends.

    Whoever erases need not be one who sees the patient.
    """
    _lock(work, patient_id)
    if _row(work, patient_id) is not None:
        raise UnderLegalHold


def held() -> ColumnElement[bool]:
    """Within a query on patients: whether a hold is in place."""
    return exists().where(
        legal_holds.c.clinic_id == patients.c.clinic_id,
        legal_holds.c.patient_id == patients.c.id,
        legal_holds.c.lifted_at.is_(None),
    )


def _row(work: Work, patient_id: UUID) -> Row[Any] | None:
    return work.row(
        select(legal_holds).where(
            legal_holds.c.clinic_id == work.caller.clinic,
            legal_holds.c.patient_id == patient_id,
            legal_holds.c.lifted_at.is_(None),
        )
    )


def _lift(work: Work, patient_id: UUID) -> bool:
    lifted = work.execute(
        update(legal_holds)
        .where(
            legal_holds.c.clinic_id == work.caller.clinic,
            legal_holds.c.patient_id == patient_id,
            legal_holds.c.lifted_at.is_(None),
        )
        .values(lifted_at=work.now, lifted_by=work.caller.id)
    )
    return lifted.rowcount > 0


def _lock(work: Work, patient_id: UUID) -> None:
    row = work.row(
        select(patients.c.id)
        .where(patients.c.clinic_id == work.caller.clinic, patients.c.id == patient_id)
        .with_for_update(key_share=True)
    )
    if row is None:
        raise NotFound
