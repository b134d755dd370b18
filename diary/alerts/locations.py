"""Where a patient said they were when they told of a risk: kept sealed, beside the alert."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, select

from diary.alerts.model import locations
from diary.work import Work

TEXT_PLACE: Final = "locations.text"


@dataclass(frozen=True, slots=True)
class Location:
    """A location, opened. source: `check-in`, `quarantine`, `amendment` or `help`; given_at: when
    the patient said so, by the phone."""

    source: str
    source_id: UUID
    given_at: datetime
    received_at: datetime
    text: str


def keep(
    work: Work,
    patient_id: UUID,
    alert_id: UUID | None,
    text: str | None,
    *,
    source: str,
    source_id: UUID,
    given_at: datetime,
) -> None:
    """Keep what came with something that raised an alert. Where nothing did, nobody has to know
    where the patient is, and it is not kept."""
    if alert_id is None or not text:
        return
    clinic, row_id = work.caller.clinic, work.new_id()
    work.add(
        locations,
        clinic_id=clinic,
        id=row_id,
        patient_id=patient_id,
        alert_id=alert_id,
        source=source,
        source_id=source_id,
        text=work.vault.seal(text, place=TEXT_PLACE, clinic=clinic, row=row_id, patient=patient_id),
        given_at=given_at,
        received_at=work.now,
    )


def of_alert(work: Work, clinic_id: UUID, alert_id: UUID, patient_id: UUID) -> list[Location]:
    """Where the patient was, the newest first; none of one who was erased."""
    here = (locations.c.clinic_id == clinic_id, locations.c.alert_id == alert_id)
    by = (locations.c.given_at.desc(), locations.c.id.desc())
    rows = work.rows(select(locations).where(*here).order_by(*by))
    if not rows or work.vault.is_erased(clinic_id, patient_id):
        return []
    return [opened(work, row) for row in rows]


def of_patient(work: Work, patient_id: UUID) -> Select[Any]:
    """All of a patient's, for whoever has made sure that the caller may read them."""
    return select(locations).where(
        locations.c.clinic_id == work.caller.clinic, locations.c.patient_id == patient_id
    )


def opened(work: Work, row: Row[Any]) -> Location:
    """A location with its seal opened."""
    text = work.vault.open(
        row.text, place=TEXT_PLACE, clinic=row.clinic_id, row=row.id, patient=row.patient_id
    )
    return Location(row.source, row.source_id, row.given_at, row.received_at, text)
