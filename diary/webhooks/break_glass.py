"""A glass that is broken is heard at once, by every active webhook of the clinic."""

from uuid import UUID

from diary.patients import break_glass
from diary.patients.break_glass import BrokenGlass
from diary.severity import Severity
from diary.webhooks import endpoints
from diary.webhooks.publish import publish
from diary.work import Work


def begin(work: Work, patient_id: UUID, *, reason: str) -> BrokenGlass:
    """Break the glass, and announce it in the same transaction.

    Raises as `diary.patients.break_glass.begin` does.
    """
    made = break_glass.begin(work, patient_id, reason=reason)
    publish(
        work,
        clinic_id=work.caller.clinic,
        type="access.break_glass",
        # Thin: who and whom by id and reference; the reason may say something of the patient.
        data={
            "break_glass_id": made.id,
            "patient": made.patient_reference,
            "staff_id": made.staff_id,
            "until": made.until,
            "link": f"{work.settings.issuer}/v1/break-glass/{made.id}",
        },
        endpoint_ids=endpoints.live(work, work.caller.clinic).webhooks,
        priority=Severity.MODERATE,
    )
    return made
