"""Sealed fields in the tests: where they stand, and every key that could open them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import select

from diary.alerts.model import alert_entries, alerts, locations
from diary.callers import OPERATOR
from diary.checkins.model import quarantine
from diary.infusions.model import courses, departures
from diary.patients.model import (
    break_glass,
    devices,
    legal_holds,
    patient_contacts,
    patient_states,
    patients,
)
from diary.rules.model import known_baselines
from diary.safety.model import safety_plans
from diary.sealing import CLINIC_KEY_PLACE, DATA_KEY_PLACE
from diary.vault import decrypt, place
from diary.work import House, Work
from diary.wrapped import clinic_keys, data_keys

REASON = {"reason": "patient-request"}


def sealed_fields(work: Work, clinic: UUID, patient: UUID) -> Iterator[tuple[bytes, bytes]]:
    """All that is sealed of a patient, each with its associated data."""
    of_theirs = select(alerts.c.id).where(
        alerts.c.clinic_id == clinic, alerts.c.patient_id == patient
    )
    for column, mine in (
        (patients.c.name, patients.c.id == patient),
        (devices.c.name, devices.c.patient_id == patient),
        (quarantine.c.body, quarantine.c.patient_id == patient),
        (quarantine.c.review_note, quarantine.c.patient_id == patient),
        (safety_plans.c.steps, safety_plans.c.patient_id == patient),
        (break_glass.c.reason, break_glass.c.patient_id == patient),
        (legal_holds.c.reason, legal_holds.c.patient_id == patient),
        (patient_states.c.reason, patient_states.c.patient_id == patient),
        (patient_contacts.c.details, patient_contacts.c.patient_id == patient),
        (locations.c.text, locations.c.patient_id == patient),
        (known_baselines.c.reason, known_baselines.c.patient_id == patient),
        (departures.c.reason, departures.c.patient_id == patient),
        (courses.c.trials, courses.c.patient_id == patient),
        (courses.c.waiver_reason, courses.c.patient_id == patient),
        (alert_entries.c.note, alert_entries.c.alert_id.in_(of_theirs)),
    ):
        table: Any = column.table
        here = select(table.c.id, column.label("sealed")).where(
            table.c.clinic_id == clinic, mine, column.is_not(None)
        )
        for row in work.rows(here):
            yield row.sealed, place(f"{table.name}.{column.name}", clinic, row.id)


def all_keys(house: House) -> list[bytes]:
    """Every key that the database and the master keys give away."""
    vault = house.vault
    found = [*vault.masters.values(), vault.root(), vault.key("sealed fields")]
    with house.work(OPERATOR, write=False) as work:
        above = {}
        for row in work.rows(select(clinic_keys)):
            at = place(CLINIC_KEY_PLACE, row.clinic_id, row.id)
            above[row.id] = decrypt(vault.master(row.wrapped_by), row.wrapped, at)
        found += above.values()
        for row in work.rows(select(data_keys)):
            at = place(DATA_KEY_PLACE, row.clinic_id, row.id)
            if row.wrapped is not None:
                found.append(decrypt(above[row.wrapped_by], row.wrapped, at))
    return found


def opened(house: House, clinic: UUID, patient: UUID) -> tuple[int, int]:
    """How many sealed fields there are of a patient, and how many of them some key opens."""
    with house.work(OPERATOR, write=False) as work:
        fields = list(sealed_fields(work, clinic, patient))
    keys = all_keys(house)
    return len(fields), sum(any(_opens(key, *field) for key in keys) for field in fields)


def _opens(key: bytes, sealed: bytes, associated: Any) -> bool:
    try:
        decrypt(key, sealed, associated)
    except InvalidTag:
        return False
    return True
