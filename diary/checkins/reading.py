"""Check-ins read back: by the patient, and by the care team."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Row, Select, select

from diary.callers import CallerKind
from diary.checkins.apart import BODY_PLACE
from diary.checkins.forms import Pinned
from diary.checkins.model import check_ins, quarantine
from diary.errors import NotFound
from diary.patients import service as patients
from diary.severity import Severity
from diary.work import Work

NOTE_PLACE: Final = "quarantine.review_note"


@dataclass(frozen=True, slots=True)
class SetApart:
    """A body kept in quarantine, opened for the care team. why: `invalid` or `conflict`.
    recorded_at: the moment that it was judged as of. verdict, review_note, reviewed_at,
    reviewed_by: what a member of the team found it to be; None while it waits for that."""

    id: UUID
    patient_id: UUID
    check_in_id: UUID
    why: str
    faults: list[dict[str, str]]
    body: Any
    pinned: Pinned | None
    severity: Severity | None
    alert_id: UUID | None
    recorded_at: datetime
    received_at: datetime
    verdict: str | None
    review_note: str | None
    reviewed_at: datetime | None
    reviewed_by: UUID | None


def visible(work: Work, patient_id: UUID) -> Select[Any]:
    """A patient's check-ins; raises NotFound for a patient whom this caller cannot see."""
    # A phone's own patient was found with its session: that costs no look.
    if work.caller.kind is not CallerKind.DEVICE or patient_id != work.caller.patient:
        patients.require(work, patient_id)
    return select(check_ins).where(
        check_ins.c.clinic_id == work.caller.clinic, check_ins.c.patient_id == patient_id
    )


def get(work: Work, patient_id: UUID, check_in_id: UUID) -> Row[Any]:
    """One check-in; raises NotFound."""
    row = work.row(visible(work, patient_id).where(check_ins.c.id == check_in_id))
    if row is None:
        raise NotFound
    return row


def set_apart(work: Work, patient_id: UUID) -> Select[Any]:
    """A patient's quarantined bodies; raises NotFound for a patient whom the caller cannot see."""
    patients.require(work, patient_id)
    return select(quarantine).where(
        quarantine.c.clinic_id == work.caller.clinic, quarantine.c.patient_id == patient_id
    )


def opened(work: Work, row: Row[Any]) -> SetApart:
    """A quarantined body with its seal opened."""
    place = {"clinic": row.clinic_id, "row": row.id, "patient": row.patient_id}
    kept = orjson.loads(work.vault.open(row.body, place=BODY_PLACE, **place))
    return SetApart(
        id=row.id,
        patient_id=row.patient_id,
        check_in_id=row.check_in_id,
        why=row.why,
        faults=kept["faults"],
        body=kept["body"],
        pinned=Pinned(*kept["pinned"]) if kept.get("pinned") else None,
        severity=row.severity,
        alert_id=row.alert_id,
        # What was kept by an earlier release does not say it.
        recorded_at=datetime.fromisoformat(kept["recorded_at"])
        if "recorded_at" in kept
        else row.received_at,
        received_at=row.received_at,
        verdict=row.verdict,
        review_note=row.review_note and work.vault.open(row.review_note, place=NOTE_PLACE, **place),
        reviewed_at=row.reviewed_at,
        reviewed_by=row.reviewed_by,
    )
