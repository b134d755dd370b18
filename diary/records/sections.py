"""The sections of an export: each reads its next items after a key, oldest first."""

from dataclasses import asdict, dataclass
from datetime import timedelta, timezone
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Text, and_, cast, or_, select

from diary.access import clinics
from diary.alerts.carry import NOTE_PLACE
from diary.alerts.model import alert_entries, alerts
from diary.alerts.model import findings as finding_rows
from diary.audit import audit_events
from diary.callers import CallerKind
from diary.checkins import amend as amending
from diary.checkins import notes as noting
from diary.checkins import reading
from diary.checkins.model import amendments, check_ins, notes, quarantine
from diary.consents import service as consenting
from diary.consents import texts
from diary.consents.model import consent_texts, consents
from diary.infusions import observations as seeing
from diary.infusions import reading as infusing
from diary.infusions.model import infusion_moves, infusions, observations
from diary.patients import service as patients
from diary.patients.devices import NAME_PLACE
from diary.patients.model import devices
from diary.records.items import Found, Key, read_after
from diary.webhooks.disclosure import NOTICE
from diary.webhooks.model import deliveries, endpoints, messages
from diary.work import Work

# Of the items' shape: one that an older reader cannot read has a higher number.
FORMAT = 1
# Of the audit trail, which names patients within what it tells: events looked at for one part.
_AT_ONCE = 20_000
_READING = ("read", "record.exported")
# Who did something is told by what they are: people's names are theirs.
_ACTORS = {
    CallerKind.DEVICE: "patient",
    CallerKind.STAFF: "care-team",
    CallerKind.CLIENT: "care-team-system",
}


@dataclass(frozen=True, slots=True)
class _Profile:
    patient: patients.Patient
    clinic: Row[Any]


def about(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """What this is, and what whoever is given it must know."""
    return Found([{"format": FORMAT, "exported_at": work.now, "notice": NOTICE}], None)


def profile(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """The patient, and the clinic."""
    return Found([_Profile(patients.get(work, patient_id), clinics.get(work))], None)


def phones(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """Every phone that was ever let in."""
    query = select(devices).where(
        devices.c.clinic_id == work.caller.clinic, devices.c.patient_id == patient_id
    )

    def shown(row: Row[Any]) -> dict[str, Any]:
        place = {"place": NAME_PLACE, "clinic": row.clinic_id, "row": row.id}
        return dict(row._mapping) | {
            "name": row.name and work.vault.open(row.name, **place, patient=patient_id)
        }

    return read_after(work, query, (devices.c.id,), after, limit, shown)


def given(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """Every answer to what was asked, with the words that were shown."""
    query = consenting.history(work, patient_id).add_columns(consent_texts.c.wordings)
    return read_after(
        work,
        query,
        (consents.c.id,),
        after,
        limit,
        lambda row: texts.worded(row.wordings, row.locale) | dict(row._mapping),
    )


def visits(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """The infusions."""
    return read_after(work, infusing.of_patient(work, patient_id), (infusions.c.id,), after, limit)


def moved(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """Each time that an infusion was moved."""
    query = select(infusion_moves).where(
        infusion_moves.c.clinic_id == work.caller.clinic, infusion_moves.c.patient_id == patient_id
    )
    return read_after(work, query, (infusion_moves.c.id,), after, limit)


def observed(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """What was seen of the patient during their visits."""
    by = (observations.c.observed_at, observations.c.id)
    return read_after(work, seeing.of_patient(work, patient_id), by, after, limit)


def recorded(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """The check-ins, each as it was sent and with what was made of it."""
    by = (check_ins.c.received_at, check_ins.c.id)
    return read_after(work, reading.visible(work, patient_id), by, after, limit, _check_in)


def amended(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """What the patient took back, and why."""
    by = (amendments.c.received_at, amendments.c.check_in_id, amendments.c.id)
    query = select(amendments).where(
        amendments.c.clinic_id == work.caller.clinic, amendments.c.patient_id == patient_id
    )
    return read_after(work, query, by, after, limit, lambda row: amending.opened(work, row))


def set_apart(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """What was sent and could not be taken as it was."""
    by = (quarantine.c.received_at, quarantine.c.id)
    query = reading.set_apart(work, patient_id)

    def shown(row: Row[Any]) -> dict[str, Any]:
        kept = reading.opened(work, row)
        note = None if work.caller.kind is CallerKind.DEVICE else kept.review_note
        return asdict(kept) | {
            "review_note": note,
            "has_review_note": kept.review_note is not None,
        }

    return read_after(work, query, by, after, limit, shown)


def noted(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """What the patient wrote beside the answers."""
    by = (notes.c.received_at, notes.c.id)
    query = noting.of_patient(work, patient_id)
    return read_after(work, query, by, after, limit, lambda row: noting.opened(work, row))


def raised(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """The alerts about the patient, how soon they were seen and how they ended."""
    by = (alerts.c.opened_at, alerts.c.id)
    return read_after(work, _alerts(work, patient_id, alerts), by, after, limit)


def found(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """What raised them: each rule that fired, with what it looked at."""
    query = _alerts(work, patient_id, finding_rows, alerts.c.opened_at).join(
        finding_rows,
        and_(
            finding_rows.c.clinic_id == alerts.c.clinic_id, finding_rows.c.alert_id == alerts.c.id
        ),
    )
    by = (alerts.c.opened_at, finding_rows.c.alert_id, finding_rows.c.id)
    return read_after(work, query, by, after, limit, _finding)


def entered(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """What was done about them. A note is for the care team to give; that there is one is told."""
    query = _alerts(work, patient_id, alert_entries, alerts.c.opened_at).join(
        alert_entries,
        and_(
            alert_entries.c.clinic_id == alerts.c.clinic_id,
            alert_entries.c.alert_id == alerts.c.id,
        ),
    )
    by = (alerts.c.opened_at, alert_entries.c.alert_id, alert_entries.c.id)

    def shown(row: Row[Any]) -> dict[str, Any]:
        note = None
        if row.note is not None and work.caller.kind is not CallerKind.DEVICE:
            place = {"place": NOTE_PLACE, "clinic": row.clinic_id, "row": row.id}
            note = work.vault.open(row.note, **place, patient=patient_id)
        return dict(row._mapping) | {
            "by": _actor(row.actor_kind),
            "note": note,
            "has_note": row.note is not None,
        }

    return read_after(work, query, by, after, limit, shown)


def disclosed(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """What reached systems outside the clinic, when and whose."""
    query = (
        select(
            deliveries.c.id,
            deliveries.c.settled_at,
            messages.c.type,
            endpoints.c.description,
        )
        .join(
            messages,
            and_(
                messages.c.clinic_id == deliveries.c.clinic_id,
                messages.c.id == deliveries.c.message_id,
            ),
        )
        .join(
            endpoints,
            and_(
                endpoints.c.clinic_id == deliveries.c.clinic_id,
                endpoints.c.id == deliveries.c.endpoint_id,
            ),
        )
        .where(
            deliveries.c.clinic_id == work.caller.clinic,
            deliveries.c.patient_id == patient_id,
            deliveries.c.state == "delivered",
        )
    )
    return read_after(work, query, (deliveries.c.id,), after, limit)


def accessed(work: Work, patient_id: UUID, after: Key, limit: int) -> Found:
    """Who read of the patient: alone, or in a list. Looked for among so many events at a time."""
    here = audit_events.c.clinic_id == work.caller.clinic
    within = [here] if after is None else [here, audit_events.c.id > after[0]]
    last = work.row(
        select(audit_events.c.id)
        .where(*within)
        .order_by(audit_events.c.id)
        .offset(_AT_ONCE - 1)
        .limit(1)
    )
    if last is not None:
        within.append(audit_events.c.id <= last.id)
    query = select(audit_events).where(
        *within,
        audit_events.c.action.in_(_READING),
        audit_events.c.actor_kind != CallerKind.DEVICE,
        or_(
            audit_events.c.subject_id == patient_id,
            cast(audit_events.c.detail, Text).contains(str(patient_id)),
        ),
    )
    read = read_after(work, query, (audit_events.c.id,), None, limit, _access)
    if read.next is not None or last is None:
        return read
    return Found(read.items, (last.id,))


def _alerts(work: Work, patient_id: UUID, *shown: Any) -> Select[Any]:
    return (
        select(*shown)
        .select_from(alerts)
        .where(alerts.c.clinic_id == work.caller.clinic, alerts.c.patient_id == patient_id)
    )


def _check_in(row: Row[Any]) -> dict[str, Any]:
    # Of what was recorded before the phone's own words were kept: the same moments.
    zone = timezone(timedelta(minutes=row.utc_offset_minutes))
    moments = row.moments or {
        "recorded_at": row.recorded_at.astimezone(zone).isoformat(),
        "sent_at": row.sent_at and row.sent_at.isoformat(),
    }
    sent = {name: row._mapping[name] for name in ("instrument", "version", "locale", "time_zone")}
    sent |= moments | {"answers": row.answers}
    if row.client_total is not None:
        sent["client_total"] = row.client_total
    return dict(row._mapping) | {"sent": sent, "scores": row}


def _finding(row: Row[Any]) -> dict[str, Any]:
    # What a member found out has the member's id there.
    by_hand = row.source == "staff"
    return dict(row._mapping) | {"source_id": None if by_hand else row.source_id}


def _access(row: Row[Any]) -> dict[str, Any]:
    detail = row.detail or {}
    return {"at": row.at, "by": _actor(row.actor_kind), "what": detail.get("operation", row.action)}


def _actor(kind: str) -> str:
    return _ACTORS.get(CallerKind(kind), "system")
