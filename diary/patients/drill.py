"""The clinic's drill patient: nobody real, for rehearsals alone."""

from uuid import UUID

from sqlalchemy import select

from diary.errors import Conflict
from diary.patients.model import patients
from diary.patients.service import create
from diary.work import Work


class DrillPatient(Conflict):
    """The drill patient has no phone: what a phone sends is never a rehearsal."""

    code = "drill-patient"
    title = "The drill patient cannot be enrolled"


def patient(work: Work, *, locale: str, time_zone: str) -> tuple[UUID, str]:
    """Id and reference of the drill patient of the caller's clinic, entered when first needed."""
    row = work.row(
        select(patients.c.id, patients.c.reference).where(
            patients.c.clinic_id == work.caller.clinic, patients.c.drill
        )
    )
    if row is not None:
        return row.id, row.reference
    made = create(work, name="Drill", locale=locale, time_zone=time_zone, drill=True)
    return made.id, made.reference


def refuse(work: Work, patient_id: UUID) -> None:
    """Raises DrillPatient where the patient is nobody real."""
    row = work.row(
        select(patients.c.drill).where(
            patients.c.clinic_id == work.caller.clinic, patients.c.id == patient_id
        )
    )
    if row is not None and row.drill:
        raise DrillPatient
