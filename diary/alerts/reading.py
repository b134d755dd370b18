"""Alerts read back, with what found them and what was done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, or_, select

from diary.access import staff
from diary.alerts import locations
from diary.alerts.carry import NOTE_PLACE
from diary.alerts.model import alert_entries, alerts, findings
from diary.alerts.situation import Status
from diary.callers import CallerKind
from diary.errors import NotFound
from diary.patients import relation
from diary.patients.model import patients
from diary.webhooks.model import attempts, deliveries, messages
from diary.work import Work


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the care team."""

    id: UUID
    name: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an alert's history. note: None also where the patient was erased since."""

    sequence: int
    at: datetime
    kind: str
    actor_kind: str
    actor: Person | None
    detail: Any
    note: str | None


@dataclass(frozen=True, slots=True)
class AlertInFull:
    """An alert with its findings and its history, oldest first, and where the patient said they
    were, newest first."""

    alert: Any
    acknowledged_by: Person | None
    resolved_by: Person | None
    findings: list[Any]
    entries: list[Entry]
    locations: list[locations.Location]


def visible(work: Work) -> Select[Any]:
    """The alerts that this caller can see, each with its patient's reference.

    While one is open it is the whole clinic's: whoever is paged must be able to say "I have it".
    A closed one belongs to the record, which not everybody reads.
    """
    return _of_clinic(work).where(or_(alerts.c.status != Status.RESOLVED, relation.may_read(work)))


def get(work: Work, alert_id: UUID) -> AlertInFull:
    """One alert in full; raises NotFound."""
    row = work.row(visible(work).where(alerts.c.id == alert_id))
    if row is None:
        raise NotFound
    return _in_full(work, row)


def exists(work: Work, clinic_id: UUID, alert_id: UUID) -> bool:
    """Whether the clinic has an alert of that id, whoever asks."""
    is_it = (alerts.c.clinic_id == clinic_id, alerts.c.id == alert_id)
    return work.row(select(alerts.c.id).where(*is_it)) is not None


def open_alert(work: Work, clinic_id: UUID, patient_id: UUID) -> UUID | None:
    """The patient's open alert, of which there is one at most."""
    row = work.row(
        select(alerts.c.id).where(
            alerts.c.clinic_id == clinic_id,
            alerts.c.patient_id == patient_id,
            alerts.c.status != Status.RESOLVED,
        )
    )
    return None if row is None else row.id


def closed(work: Work, alert_id: UUID) -> AlertInFull:
    """An alert for whoever has just closed it, who may not see it any more from now on."""
    row = work.row(_of_clinic(work).where(alerts.c.id == alert_id))
    assert row is not None
    return _in_full(work, row)


def _of_clinic(work: Work) -> Select[Any]:
    return (
        select(
            *(column for column in alerts.c if column.name != "step"),
            (alerts.c.step + 1).label("step"),
            patients.c.reference.label("patient_reference"),
        )
        .join(
            patients,
            and_(patients.c.clinic_id == alerts.c.clinic_id, patients.c.id == alerts.c.patient_id),
        )
        .where(alerts.c.clinic_id == work.caller.clinic)
    )


def _in_full(work: Work, row: Row[Any]) -> AlertInFull:
    alert_id = row.id
    here = alert_entries.c.clinic_id == row.clinic_id
    lines = work.rows(
        select(alert_entries)
        .where(here, alert_entries.c.alert_id == alert_id)
        .order_by(alert_entries.c.at, alert_entries.c.id)
    )
    found = work.rows(
        select(findings)
        .where(findings.c.clinic_id == row.clinic_id, findings.c.alert_id == alert_id)
        .order_by(findings.c.found_at, findings.c.id)
    )
    names = staff.names(
        work,
        {line.actor_id for line in lines if line.actor_kind == CallerKind.STAFF}
        | {person for person in (row.acknowledged_by, row.resolved_by) if person},
    )

    def person(member_id: UUID | None) -> Person | None:
        return None if member_id is None else Person(member_id, names.get(member_id))

    return AlertInFull(
        alert=row,
        acknowledged_by=person(row.acknowledged_by),
        resolved_by=person(row.resolved_by),
        findings=list(found),
        entries=[_entry(work, line, row.patient_id, person) for line in lines],
        locations=locations.of_alert(work, row.clinic_id, alert_id, row.patient_id),
    )


def deliveries_of(work: Work, alert_id: UUID) -> list[dict[str, Any]]:
    """What was owed for an alert, to whom, and every attempt; raises NotFound."""
    if work.row(visible(work).where(alerts.c.id == alert_id)) is None:
        raise NotFound
    clinic = work.caller.clinic
    owed = work.rows(
        select(deliveries, messages.c.type)
        .join(
            messages,
            and_(
                messages.c.clinic_id == deliveries.c.clinic_id,
                messages.c.id == deliveries.c.message_id,
            ),
        )
        .where(deliveries.c.clinic_id == clinic, deliveries.c.alert_id == alert_id)
        .order_by(deliveries.c.created_at, deliveries.c.id)
    )
    tried = work.rows(
        select(attempts)
        .where(
            attempts.c.clinic_id == clinic,
            attempts.c.delivery_id.in_([one.id for one in owed]),
        )
        .order_by(attempts.c.started_at, attempts.c.id)
    )
    by_delivery: dict[UUID, list[Row[Any]]] = {}
    for attempt in tried:
        by_delivery.setdefault(attempt.delivery_id, []).append(attempt)
    return [dict(one._mapping) | {"tries": by_delivery.get(one.id, [])} for one in owed]


def _entry(work: Work, line: Row[Any], patient_id: UUID, person: Any) -> Entry:
    note = None
    if line.note and not work.vault.is_erased(line.clinic_id, patient_id):
        place = {"place": NOTE_PLACE, "clinic": line.clinic_id, "row": line.id}
        note = work.vault.open(line.note, **place, patient=patient_id)
    return Entry(
        sequence=line.sequence,
        at=line.at,
        kind=line.kind,
        actor_kind=line.actor_kind,
        actor=person(line.actor_id) if line.actor_kind == CallerKind.STAFF else None,
        detail=line.detail,
        note=note,
    )
