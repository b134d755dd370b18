"""A phone was put out, and not by the care team: it must know, the patient may not.

An old refresh token came back: somebody has a copy, or the phone was restored from a backup. Or one
was given up, by whoever held it. Whichever it is, the patient's answers do not arrive any more.
"""

from sqlalchemy import select

from diary.access.sessions import Ended
from diary.patients.model import patients
from diary.severity import Severity
from diary.webhooks import endpoints
from diary.webhooks.publish import publish
from diary.work import Work


def tell(work: Work, ended: Ended) -> None:
    """Tell every active webhook of the clinic, in the transaction that ended the session."""
    patient = work.row(
        select(patients.c.reference).where(
            patients.c.clinic_id == ended.clinic_id, patients.c.id == ended.patient_id
        )
    )
    assert patient is not None
    link = f"{work.settings.issuer}/v1/patients/{ended.patient_id}/devices"
    publish(
        work,
        clinic_id=ended.clinic_id,
        type="device.needs_pairing",
        data={"device_id": ended.session_id, "patient": patient.reference, "link": link},
        endpoint_ids=endpoints.live(work, ended.clinic_id).webhooks,
        priority=Severity.MODERATE,
    )
