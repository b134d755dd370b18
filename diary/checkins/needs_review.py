"""Something of a patient was set apart: the care team hears that a person has to look at it.

They hear of the first that waits of a patient, and again every day until all of it was reviewed:
an app with a fault sends many, and what nobody looks at must not lie in silence.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, select, update

from diary.agenda import Agenda
from diary.alerts.service import Subjected
from diary.checkins.model import quarantine
from diary.patients.model import ERASED, patients
from diary.severity import Severity
from diary.webhooks import endpoints
from diary.webhooks.publish import publish
from diary.work import Work

AGENDA: Final = Agenda(quarantine.c.remind_at, quarantine.c.id)
"""What waits and is to be told of again; of each patient one carries it for all."""

_AGAIN: Final = timedelta(days=1)


def tell(work: Work, patient: Subjected, quarantine_id: UUID) -> datetime | None:
    """Tell every active webhook of the clinic, before the body is kept.

    Returns when it is told of again; None where another that waits carries that.
    """
    waits = work.row(
        _waiting(patient.clinic_id, patient.id)
        .order_by(quarantine.c.remind_at.is_(None))
        .limit(1)
        # Were it reviewed in this moment, what comes now would wait with nobody told of it.
        .with_for_update(read=True)
    )
    if waits is not None:
        # A process of before the reminders keeps what nobody carries.
        return None if waits.remind_at is not None else work.now + _AGAIN
    _publish(work, patient.clinic_id, patient.id, patient.reference, quarantine_id, work.now)
    return work.now + _AGAIN


def tell_again(work: Work, quarantine_id: UUID) -> bool:
    """Tell it again of the caller's clinic; False where it is not due any more, or somebody else
    has it or its patient in hand."""
    here = and_(
        quarantine.c.clinic_id == work.caller.clinic,
        quarantine.c.id == quarantine_id,
        quarantine.c.remind_at <= work.now,
    )
    of_it = select(quarantine.c.patient_id).where(here).scalar_subquery()
    # The patient first, as whoever reviews.
    patient = work.row(
        select(patients.c.reference, patients.c.state)
        .where(patients.c.clinic_id == work.caller.clinic, patients.c.id == of_it)
        .with_for_update(key_share=True, skip_locked=True)
    )
    if patient is None:
        return False
    row = work.row(select(quarantine).where(here).with_for_update(skip_locked=True))
    if row is None:
        return False
    # Reviewed by a process of before the reminders; or nothing of it can be looked at any more.
    is_over = row.reviewed_at is not None or patient.state == ERASED
    next_at = None if is_over else work.now + _AGAIN
    work.execute(update(quarantine).where(here).values(remind_at=next_at))
    if row.reviewed_at is not None:
        pass_on(work, row.patient_id, work.now + _AGAIN)
    if not is_over:
        _publish(work, row.clinic_id, row.patient_id, patient.reference, row.id, row.received_at)
    return True


def pass_on(work: Work, patient_id: UUID, at: datetime) -> None:
    """What carried it was reviewed: the next that waits does, for the same moment. The caller holds
    the patient."""
    clinic = work.caller.clinic
    first = work.row(_waiting(clinic, patient_id).order_by(quarantine.c.received_at).limit(1))
    if first is not None:
        work.execute(
            update(quarantine)
            .where(quarantine.c.clinic_id == clinic, quarantine.c.id == first.id)
            .values(remind_at=at)
        )


def _waiting(clinic_id: UUID, patient_id: UUID) -> Select[Any]:
    return select(quarantine.c.id, quarantine.c.remind_at).where(
        quarantine.c.clinic_id == clinic_id,
        quarantine.c.patient_id == patient_id,
        quarantine.c.reviewed_at.is_(None),
    )


def _publish(
    work: Work,
    clinic_id: UUID,
    patient_id: UUID,
    reference: str,
    quarantine_id: UUID,
    since: datetime,
) -> None:
    link = f"{work.settings.issuer}/v1/patients/{patient_id}/quarantine/{quarantine_id}"
    publish(
        work,
        clinic_id=clinic_id,
        type="quarantine.needs_review",
        data={
            "quarantine_id": quarantine_id,
            "patient": reference,
            "since": since,
            "link": link,
        },
        endpoint_ids=endpoints.live(work, clinic_id).webhooks,
        priority=Severity.MODERATE,
    )
