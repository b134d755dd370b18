"""How long a clinic keeps the records of patients it has discharged, and whose time is over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, literal, select, tuple_

from diary.access import clinics
from diary.access.model import clinics as table
from diary.alerts.model import alerts
from diary.alerts.situation import Status
from diary.clock import months_from
from diary.patients import holds
from diary.patients.model import patients
from diary.patients.states import ENDED
from diary.versions import Expected
from diary.work import Work

# Months. Whatever is set, a record stays so long after a discharge: people come back.
SHORTEST = 12
LONGEST = 1_200


@dataclass(frozen=True, slots=True)
class Due:
    """A patient whose record is to be erased, by opaque id alone."""

    patient_id: UUID
    discharged_at: datetime


@dataclass(frozen=True, slots=True)
class Retention:
    """months: after a discharge; None: for ever. due: how many are to be erased; next: of them,
    those who were discharged first. version: the clinic's."""

    months: int | None
    shortest_months: int
    version: int
    due: int
    next: list[Due]


def policy(work: Work) -> Retention:
    """The caller's clinic's, and whom it concerns now."""
    clinic = clinics.get(work)
    return Retention(
        clinic.retention_months, SHORTEST, clinic.version, count_due(work), due_for_erasure(work)
    )


def set_policy(work: Work, months: int | None, expected: Expected | None = None) -> Retention:
    """Keep records so many months after a discharge; None: for ever."""
    clinics.change(work, expected, retention_months=months)
    return policy(work)


def clinics_with_a_policy(work: Work) -> list[UUID]:
    """Every clinic that keeps records for a time; for the engine."""
    rows = work.rows(select(table.c.id).where(table.c.retention_months.is_not(None)))
    return [row.id for row in rows]


def count_due(work: Work) -> int:
    """How many they are whom `due_for_erasure` lists."""
    query = _due(work, clinics.get(work).retention_months)
    count = work.row(select(func.count().label("number")).select_from(query.subquery()))
    return count.number if count else 0


def due_for_erasure(work: Work, limit: int = 100, after: Due | None = None) -> list[Due]:
    """Whose time is over in the caller's clinic, discharged first comes first.

    Nobody with a legal hold, and nobody with an open alert. after: the last one of the list before.
    """
    query = _due(work, clinics.get(work).retention_months)
    order = tuple_(patients.c.discharged_at, patients.c.id)
    if after is not None:
        there = tuple_(
            literal(after.discharged_at, patients.c.discharged_at.type),
            literal(after.patient_id, patients.c.id.type),
        )
        query = query.where(order > there)
    rows = work.rows(query.order_by(patients.c.discharged_at, patients.c.id).limit(limit))
    return [Due(row.id, row.discharged_at) for row in rows]


def still_due(work: Work, patient_id: UUID) -> bool:
    """Whether it is so now. For `erase`, which has locked the patient: they are not readmitted
    meanwhile, and nothing such as an alert newly refers to them."""
    query = _due(work, clinics.get(work).retention_months)
    return work.row(query.where(patients.c.id == patient_id)) is not None


def _due(work: Work, months: int | None) -> Select[Any]:
    query = select(patients.c.id, patients.c.discharged_at).where(
        patients.c.clinic_id == work.caller.clinic
    )
    if months is None:
        return query.where(patients.c.id.is_(None))
    is_open = exists().where(
        alerts.c.clinic_id == patients.c.clinic_id,
        alerts.c.patient_id == patients.c.id,
        alerts.c.status != Status.RESOLVED,
    )
    return query.where(
        patients.c.state.in_(ENDED),
        patients.c.discharged_at <= months_from(work.now, -max(months, SHORTEST)),
        ~holds.held(),
        ~is_open,
    )
