"""Something of a patient was set apart: the care team hears that a person has to look at it."""

from uuid import UUID

from sqlalchemy import select

from diary.alerts.service import Subjected
from diary.checkins.model import quarantine
from diary.severity import Severity
from diary.webhooks import endpoints
from diary.webhooks.publish import publish
from diary.work import Work


def tell(work: Work, patient: Subjected, quarantine_id: UUID) -> None:
    """Tell every active webhook of the clinic, before the body is kept.

    Once until all that waits of the patient was reviewed: an app with a fault sends many.
    """
    waits = work.rows(
        select(quarantine.c.id)
        .where(
            quarantine.c.clinic_id == patient.clinic_id,
            quarantine.c.patient_id == patient.id,
            quarantine.c.reviewed_at.is_(None),
        )
        .limit(1)
        # Were it reviewed in this moment, what comes now would wait with nobody told of it.
        .with_for_update(read=True)
    )
    if waits:
        return
    link = f"{work.settings.issuer}/v1/patients/{patient.id}/quarantine/{quarantine_id}"
    publish(
        work,
        clinic_id=patient.clinic_id,
        type="quarantine.needs_review",
        data={"quarantine_id": quarantine_id, "patient": patient.reference, "link": link},
        endpoint_ids=endpoints.live(work, patient.clinic_id).webhooks,
        priority=Severity.MODERATE,
    )
