"""Legal holds: while one is in place, nothing of the patient is erased, whoever wants it.

There can be several, for one case each: whoever lifts theirs frees nothing that another holds.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, select, update
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
    """Why a patient's record is held; the reason is kept sealed. placed_by: a care manager."""

    id: UUID
    patient_id: UUID
    reason: str
    placed_at: datetime
    placed_by: UUID | None


def place(work: Work, patient_id: UUID, *, reason: str) -> Hold:
    """Hold a patient's record, beside whatever else holds it. Raises NotFound."""
    _lock(work, patient_id)
    hold = Hold(work.new_id(), patient_id, reason, work.now, work.caller.id)
    clinic = work.caller.clinic
    work.add(
        legal_holds,
        clinic_id=clinic,
        id=hold.id,
        patient_id=patient_id,
        reason=work.vault.seal(
            reason, place=REASON_PLACE, clinic=clinic, row=hold.id, patient=patient_id
        ),
        placed_at=hold.placed_at,
        placed_by=hold.placed_by,
    )
    work.audit("legal-hold.placed", "patient", patient_id, hold=str(hold.id))
    return hold


def lift(work: Work, patient_id: UUID, hold_id: UUID) -> None:
    """End this hold; every other stays. Raises NotFound for one that is not in place."""
    require(work, patient_id)
    lifted = work.execute(
        update(legal_holds)
        .where(_in_place(work, patient_id), legal_holds.c.id == hold_id)
        .values(lifted_at=work.now, lifted_by=work.caller.id)
    )
    if not lifted.rowcount:
        raise NotFound
    work.audit("legal-hold.lifted", "patient", patient_id, hold=str(hold_id))


def in_place(work: Work, patient_id: UUID) -> list[Hold]:
    """The holds that nobody has lifted, the first comes first. Raises NotFound."""
    require(work, patient_id)
    rows = work.rows(
        select(legal_holds)
        .where(_in_place(work, patient_id))
        .order_by(legal_holds.c.placed_at, legal_holds.c.id)
    )
    return [
        Hold(
            row.id,
            patient_id,
            work.vault.open(
                row.reason,
                place=REASON_PLACE,
                clinic=row.clinic_id,
                row=row.id,
                patient=patient_id,
            ),
            row.placed_at,
            row.placed_by,
        )
        for row in rows
    ]


def require_none(work: Work, patient_id: UUID) -> None:
    """Raises UnderLegalHold. For whoever has locked the patient: none can be placed meanwhile."""
    if work.rows(select(legal_holds.c.id).where(_in_place(work, patient_id)).limit(1)):
        raise UnderLegalHold


def held() -> ColumnElement[bool]:
    """Within a query on patients: whether a hold is in place."""
    return exists().where(
        legal_holds.c.clinic_id == patients.c.clinic_id,
        legal_holds.c.patient_id == patients.c.id,
        legal_holds.c.lifted_at.is_(None),
    )


def _in_place(work: Work, patient_id: UUID) -> ColumnElement[bool]:
    return and_(
        legal_holds.c.clinic_id == work.caller.clinic,
        legal_holds.c.patient_id == patient_id,
        legal_holds.c.lifted_at.is_(None),
    )


def _lock(work: Work, patient_id: UUID) -> None:
    """Against being erased meanwhile; whoever was, while this waited, is absent."""
    work.row(
        select(patients.c.id)
        .where(patients.c.clinic_id == work.caller.clinic, patients.c.id == patient_id)
        .with_for_update(key_share=True)
    )
    require(work, patient_id)
