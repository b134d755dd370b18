"""How a patient is reached, and who else is: kept sealed, entered by them or by the care team."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Row, select, update

from diary.callers import CallerKind
from diary.errors import NotFound
from diary.patients.model import ERASED, patient_contacts, patients
from diary.patients.service import require
from diary.versions import Expected
from diary.work import Work

DETAILS_PLACE: Final = "patient_contacts.details"


@dataclass(frozen=True, slots=True)
class EmergencyContact:
    """Somebody to call where the patient is not reached. may_call: whether the patient agrees."""

    name: str
    relation: str | None
    phone: str
    may_call: bool


@dataclass(frozen=True, slots=True)
class Contacts:
    """A patient's contacts, opened. changed_by: `patient` or `care-team`."""

    version: int
    callback_phone: str | None
    emergency: tuple[EmergencyContact, ...]
    usual_location: str | None
    changed_at: datetime
    changed_by: str


def get(work: Work, patient_id: UUID) -> Contacts:
    """A patient's contacts; raises NotFound for whom this caller cannot see, and where nobody has
    entered any."""
    require(work, patient_id)
    row = _row(work, patient_id)
    if row is None:
        raise NotFound
    return opened(work, row)


def put(
    work: Work, patient_id: UUID, details: Mapping[str, Any], expected: Expected | None = None
) -> Contacts:
    """Enter them all, in the place of those before. details: as JSON says `callback_phone`,
    `emergency` and `usual_location`. Raises NotFound, OnlyReading, Changed, VersionNeeded."""
    require(work, patient_id, change=True)
    clinic = work.caller.clinic
    # One after the other, the first ones too: there is no row yet that could be locked.
    work.row(
        select(patients.c.id)
        .where(
            patients.c.clinic_id == clinic, patients.c.id == patient_id, patients.c.state != ERASED
        )
        .with_for_update(key_share=True)
    )
    before = _row(work, patient_id)
    if expected is not None:
        expected.check(None if before is None else before.version)
    contacts_id = work.new_id() if before is None else before.id
    values = {
        "version": 1 if before is None else before.version + 1,
        "details": work.vault.seal(
            orjson.dumps(details).decode(),
            place=DETAILS_PLACE,
            clinic=clinic,
            row=contacts_id,
            patient=patient_id,
        ),
        "changed_at": work.now,
        "changed_by": "patient" if work.caller.kind is CallerKind.DEVICE else "care-team",
    }
    if before is None:
        work.add(
            patient_contacts, clinic_id=clinic, id=contacts_id, patient_id=patient_id, **values
        )
        work.flush()
    else:
        this = (patient_contacts.c.clinic_id == clinic, patient_contacts.c.id == contacts_id)
        work.execute(update(patient_contacts).where(*this).values(**values))
    work.audit("contacts.changed", "patient", patient_id, version=values["version"])
    row = _row(work, patient_id)
    assert row is not None
    return opened(work, row)


def all_of(work: Work, patient_id: UUID) -> list[Contacts]:
    """Them, or none; for an export."""
    row = _row(work, patient_id)
    return [] if row is None else [opened(work, row)]


def opened(work: Work, row: Row[Any]) -> Contacts:
    """Contacts with their seal opened."""
    details = orjson.loads(
        work.vault.open(
            row.details,
            place=DETAILS_PLACE,
            clinic=row.clinic_id,
            row=row.id,
            patient=row.patient_id,
        )
    )
    return Contacts(
        version=row.version,
        callback_phone=details["callback_phone"],
        emergency=tuple(EmergencyContact(**each) for each in details["emergency"]),
        usual_location=details["usual_location"],
        changed_at=row.changed_at,
        changed_by=row.changed_by,
    )


def _row(work: Work, patient_id: UUID) -> Row[Any] | None:
    return work.row(
        select(patient_contacts).where(
            patient_contacts.c.clinic_id == work.caller.clinic,
            patient_contacts.c.patient_id == patient_id,
        )
    )
