"""Read what is replayed: some patients' rows of a period, in a few queries for all of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select

from diary.checkins import forms, reading
from diary.checkins.apart import Apart
from diary.infusions.model import infusions
from diary.patients import service as patients
from diary.patients.model import patients as patient_rows
from diary.rehearsal.before import Reach, apart_before, known_before
from diary.rehearsal.record import Came, Infusion, Record
from diary.rehearsal.rows import Rows
from diary.work import Work


def everyone(work: Work) -> list[UUID]:
    """The patients whom the caller can see, but for whoever is nobody real."""
    query = patients.visible(work).where(patient_rows.c.drill.is_(False))
    found = work.rows(query.with_only_columns(patient_rows.c.id).order_by(patient_rows.c.id))
    return [row.id for row in found]


def read(work: Work, ids: Sequence[UUID], since: datetime, reach: Reach) -> list[Record]:
    """What came from these patients since then, with what is known of before; whoever sent nothing
    is not among them."""
    columns = (patient_rows.c.id, patient_rows.c.time_zone)
    seen = patients.visible(work).with_only_columns(*columns)
    records = {
        row.id: Record(row.id, ZoneInfo(row.time_zone))
        for row in work.rows(seen.where(patient_rows.c.id.in_(ids)))
    }
    rows = Rows(work, list(records), since)
    for row in rows.check_ins:
        records[row.patient_id].came += rows.came(row)
    for row in rows.amended_later:
        # How it came is not of this period; only what it became is.
        records[row.patient_id].came += list(rows.came(row))[1:]
    for row in rows.apart:
        record = records[row.patient_id]
        record.came.append(_apart(work, row, str(record.zone)))
    replayed = {id: record for id, record in records.items() if record.came}
    _infuse(work, replayed)
    before = [*known_before(work, replayed.values(), since, reach), *rows.amended_later]
    found = {(row.patient_id, row.id): row for row in before}
    for row in sorted(found.values(), key=lambda row: (row.received_at, row.id.int)):
        known = rows.first(row), row.received_at, row.suicidality_severity
        replayed[row.patient_id].known.append(known)
    for row in apart_before(work, list(replayed), since):
        replayed[row.patient_id].apart = (row.received_at, row.severity)
    return list(replayed.values())


def _apart(work: Work, row: Row[Any], zone: str) -> Came:
    kept = reading.opened(work, row)
    sent = Apart(kept.check_in_id, kept.recorded_at, kept.body, b"", kept.why, (), kept.pinned)
    facts = forms.said_of_suicidality(work, row.clinic_id, sent.body, sent.pinned)
    said = sent.said(zone, facts)
    return Came(row.id, said, row.received_at, becomes=None, is_check_in=False)


def _infuse(work: Work, records: Mapping[UUID, Record]) -> None:
    names = ("patient_id", "number", "started_at", "ended_at", "created_at")
    rows = work.rows(
        select(*(infusions.c[name] for name in names)).where(
            infusions.c.clinic_id == work.caller.clinic,
            infusions.c.patient_id.in_(records),
            infusions.c.started_at.is_not(None),
        )
    )
    for row in rows:
        infusion = Infusion(row.number, row.started_at, row.ended_at, row.created_at)
        records[row.patient_id].infusions.append(infusion)
