"""Alerts that no answer raised: what a member of the team found out, and rehearsals."""

from uuid import UUID

from sqlalchemy import select

from diary.access import clinics
from diary.alerts.answers import answering
from diary.alerts.errors import DrillOpen
from diary.alerts.findings import Finding
from diary.alerts.reading import open_alert
from diary.alerts.service import Subjected, raise_alert
from diary.errors import NotFound
from diary.patients import drill, relation
from diary.patients.model import ERASED, patients
from diary.severity import Severity
from diary.work import Work


def raise_by_hand(
    work: Work, *, patient_id: UUID, severity: Severity, note: str, on_behalf_of: UUID | None
) -> UUID:
    """Open the patient's alert for what a member knows, or let it join; returns the alert's id.

    Whoever reads the record or sees the open alert may: an alert is not the record. Raises NotFound
    for any other patient and one who was erased, NameRequired. On the drill patient it is a
    rehearsal.
    """
    person = answering(work, on_behalf_of)
    row = work.row(
        select(patients.c.reference, patients.c.drill)
        .where(
            patients.c.clinic_id == work.caller.clinic,
            patients.c.id == patient_id,
            patients.c.state != ERASED,
            relation.may_raise(work),
        )
        .with_for_update(read=True, key_share=True)
    )
    if row is None:
        raise NotFound
    patient = Subjected(work.caller.clinic, patient_id, row.reference, row.drill)
    found = Finding("STAFF", "raised-by-staff", severity, None, {})
    alert_id = raise_alert(work, patient, (found,), source="staff", source_id=person, note=note)
    assert alert_id is not None
    work.audit("alert.raised", "alert", alert_id)
    return alert_id


def start_drill(work: Work, severity: Severity) -> UUID:
    """Rehearse an alert of that severity on the clinic's drill patient; returns the alert's id.

    Everyone whom a real one would page is paged. Raises DrillOpen while one is open: a second
    would only join it.
    """
    clinic = clinics.get(work)
    patient_id, reference = drill.patient(work, locale=clinic.locale, time_zone=clinic.time_zone)
    running = open_alert(work, work.caller.clinic, patient_id)
    if running is not None:
        raise DrillOpen(extra={"alert_id": running})
    patient = Subjected(work.caller.clinic, patient_id, reference, drill=True)
    found = Finding("DRILL", "drill", severity, None, {})
    alert_id = raise_alert(work, patient, (found,), source="drill", source_id=work.new_id())
    assert alert_id is not None
    work.audit("drill.started", "alert", alert_id)
    return alert_id
