"""Patients: entered by the care team, read by those who may."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Table, and_, select, update

from diary import datakeys
from diary.errors import Forbidden, NotFound
from diary.patients import relation, team
from diary.patients.model import ERASED, patients
from diary.work import Work

NAME_PLACE = "patients.name"


class OnlyReading(Forbidden):
    """The caller reads this patient's record for a while, and is not on the care team."""

    code = "only-reading"
    title = "You may read this record, and not change it"


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient, name opened. reference: the opaque name used wherever PHI must not stand."""

    id: UUID
    reference: str
    name: str
    locale: str
    time_zone: str
    state: str
    drill: bool
    created_at: datetime
    discharged_at: datetime | None = None
    state_until: datetime | None = None


def visible(work: Work) -> Select[Any]:
    """The patients this caller can see; `diary.patients.relation` says which those are. One who was
    erased is absent.
    """
    return select(patients).where(
        patients.c.clinic_id == work.caller.clinic,
        patients.c.state != ERASED,
        relation.may_read(work),
    )


def whose_record_is_read(work: Work, table: Table) -> Select[Any]:
    """The rows of a table of every patient whose record the caller reads."""
    return (
        select(table)
        .join(
            patients,
            and_(
                patients.c.clinic_id == table.c.clinic_id,
                patients.c.id == table.c.patient_id,
            ),
        )
        .where(
            table.c.clinic_id == work.caller.clinic,
            patients.c.state != ERASED,
            relation.may_read(work),
        )
    )


def create(work: Work, *, name: str, locale: str, time_zone: str, drill: bool = False) -> Patient:
    """Enter a patient. locale: BCP 47; time_zone: IANA, where the patient lives.

    A clinician who enters one is on the care team. drill: nobody real; for `diary.patients.drill`.
    """
    patient = Patient(
        id=work.new_id(),
        reference="pt_" + base64.b32encode(work.random_bytes(10)).decode().lower(),
        name=name,
        locale=locale,
        time_zone=time_zone,
        state="active",
        drill=drill,
        created_at=work.now,
    )
    datakeys.for_patient(work, work.caller.clinic, patient.id)
    work.add(
        patients,
        clinic_id=work.caller.clinic,
        id=patient.id,
        reference=patient.reference,
        name=work.vault.seal(
            name,
            place=NAME_PLACE,
            clinic=work.caller.clinic,
            row=patient.id,
            patient=patient.id,
        ),
        locale=locale,
        time_zone=time_zone,
        state=patient.state,
        drill=drill,
        created_at=work.now,
        schedule_due_at=None if drill else work.now,
    )
    if not drill:
        team.begin(work, patient.id)
        work.wake_engine()
    work.audit("patient.created", "patient", patient.id)
    return patient


def get(work: Work, patient_id: UUID) -> Patient:
    """One patient; raises NotFound for any that this caller cannot see."""
    row = work.row(visible(work).where(patients.c.id == patient_id))
    if row is None:
        raise NotFound
    return opened(work, row)


def require(work: Work, patient_id: UUID, *, change: bool = False) -> None:
    """Raises NotFound unless this caller can see the patient.

    change: raises OnlyReading where the caller may do no more than that.
    """
    row = work.row(
        visible(work)
        .with_only_columns(relation.may_change(work).label("may_change"))
        .where(patients.c.id == patient_id)
    )
    if row is None:
        raise NotFound
    if change and not row.may_change:
        raise OnlyReading


def reschedule(work: Work, patient_id: UUID) -> None:
    """Have what a patient is asked made anew: something that it follows has changed."""
    work.execute(
        update(patients)
        .where(patients.c.clinic_id == work.caller.clinic, patients.c.id == patient_id)
        .values(schedule_due_at=work.now)
    )
    work.wake_engine()


def all_opened(work: Work, rows: Sequence[Row[Any]]) -> list[Patient]:
    """The caller's clinic's, their names opened, with all the keys in one round trip."""
    work.vault.fetch(work.caller.clinic, [row.id for row in rows])
    return [opened(work, row) for row in rows]


def opened(work: Work, row: Row[Any]) -> Patient:
    """A row with its name opened."""
    return Patient(
        id=row.id,
        reference=row.reference,
        name=work.vault.open(
            row.name, place=NAME_PLACE, clinic=row.clinic_id, row=row.id, patient=row.id
        ),
        locale=row.locale,
        time_zone=row.time_zone,
        state=row.state,
        drill=row.drill,
        created_at=row.created_at,
        discharged_at=row.discharged_at,
        state_until=row.state_until,
    )
