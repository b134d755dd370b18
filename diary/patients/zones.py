"""Where a patient lives, as their clocks know it."""

from uuid import UUID

from sqlalchemy import update

from diary.patients.model import patients
from diary.patients.service import require, reschedule
from diary.work import Work


def move(work: Work, patient_id: UUID, time_zone: str) -> str:
    """From now on a patient's days are those of this IANA zone; what they told before stays where
    it is. Returns the zone; the same again changes nothing. Raises NotFound, OnlyReading."""
    require(work, patient_id, change=True)
    here = (patients.c.clinic_id == work.caller.clinic, patients.c.id == patient_id)
    moved = work.execute(
        update(patients).where(*here, patients.c.time_zone != time_zone).values(time_zone=time_zone)
    )
    if moved.rowcount:
        reschedule(work, patient_id)
        work.audit("patient.time-zone-changed", "patient", patient_id)
    return time_zone
