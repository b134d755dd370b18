"""That a patient's state changed is told to every active webhook of the clinic."""

from uuid import UUID

from sqlalchemy import select

from diary.patients.model import patients
from diary.patients.states import State
from diary.severity import Severity
from diary.webhooks import endpoints
from diary.webhooks.publish import publish
from diary.work import Work


def tell(work: Work, patient_id: UUID, state: State, *, alert_open: bool, awaited: bool) -> None:
    """Tell it in the transaction that changed it, and what of the patient's is still open: an
    alert, a word of risk after which nothing came."""
    clinic = work.caller.clinic
    patient = work.row(
        select(patients.c.reference).where(
            patients.c.clinic_id == clinic, patients.c.id == patient_id
        )
    )
    assert patient is not None
    publish(
        work,
        clinic_id=clinic,
        type="patient.state_changed",
        data={
            "patient": patient.reference,
            "state": state,
            "alert_open": alert_open,
            "awaited": awaited,
            "link": f"{work.settings.issuer}/v1/patients/{patient_id}",
        },
        endpoint_ids=endpoints.live(work, clinic).webhooks,
        priority=Severity.MODERATE,
    )
