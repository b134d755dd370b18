"""That a way home is not arranged is told to every active webhook of the clinic, a day ahead."""

from uuid import UUID

from diary.errors import NotFound
from diary.infusions import escorts
from diary.severity import Severity
from diary.webhooks import endpoints
from diary.webhooks.publish import publish
from diary.work import Work


def tell_when_due(work: Work, infusion_id: UUID) -> bool:
    """Tell it of an infusion of the caller's clinic, once; False where it is not due any more, or
    somebody else has it in hand."""
    row = escorts.take(work, infusion_id)
    if row is None:
        return False
    try:
        patient = escorts.owner(work, row)
    except NotFound:
        return True
    clinic = work.caller.clinic
    publish(
        work,
        clinic_id=clinic,
        type="infusion.escort_missing",
        data={
            "patient": patient.reference,
            "infusion_id": str(infusion_id),
            "planned_at": row.planned_at,
            "missing": escorts.missing_of(row),
            "link": f"{work.settings.issuer}/v1/patients/{patient.id}/infusions/{infusion_id}",
        },
        endpoint_ids=endpoints.live(work, clinic).webhooks,
        priority=Severity.LOW,
    )
    return True
