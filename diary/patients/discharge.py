"""A treatment ends, or begins again: a discharged patient has no phone, and is kept for a time.

An alert that is open stays open and pages on: that somebody was discharged does not mean that
they are safe.
"""

from uuid import UUID

from sqlalchemy import select, update

from diary.access.sessions import end_of_patient
from diary.errors import Conflict, NotFound
from diary.patients import drill
from diary.patients.model import patients
from diary.patients.service import Patient, get, require
from diary.work import Work

DISCHARGED = "discharged"


class PatientDischarged(Conflict):
    """The patient was discharged: no phone is let in."""

    code = "patient-discharged"
    title = "The patient was discharged; readmit them first"


def discharge(work: Work, patient_id: UUID) -> Patient:
    """End a treatment: phones are refused from their next request on. `diary.patients.devices.pair`
    lets no other in, whatever code was made before.

    Once more changes nothing. Raises NotFound, OnlyReading, DrillPatient.
    """
    require(work, patient_id, change=True)
    drill.refuse(work, patient_id)
    clinic = work.caller.clinic
    changed = work.execute(
        update(patients)
        .where(
            patients.c.clinic_id == clinic,
            patients.c.id == patient_id,
            patients.c.state == "active",
        )
        .values(state=DISCHARGED, discharged_at=work.now)
    )
    if changed.rowcount:
        end_of_patient(work, clinic, patient_id, why=DISCHARGED)
        work.audit("patient.discharged", "patient", patient_id)
    return get(work, patient_id)


def readmit(work: Work, patient_id: UUID) -> Patient:
    """Begin again; phones have to be paired anew. Raises NotFound, OnlyReading."""
    require(work, patient_id, change=True)
    changed = work.execute(
        update(patients)
        .where(
            patients.c.clinic_id == work.caller.clinic,
            patients.c.id == patient_id,
            patients.c.state == DISCHARGED,
        )
        .values(state="active", discharged_at=None)
    )
    if changed.rowcount:
        work.audit("patient.readmitted", "patient", patient_id)
    return get(work, patient_id)


def refuse(work: Work, clinic_id: UUID, patient_id: UUID) -> None:
    """Raises PatientDischarged; holds the patient against being discharged until the commit."""
    row = work.row(
        select(patients.c.state)
        .where(patients.c.clinic_id == clinic_id, patients.c.id == patient_id)
        .with_for_update(read=True)
    )
    if row is None:
        raise NotFound
    if row.state == DISCHARGED:
        raise PatientDischarged
