"""What leaves the clinic: told beside the care team, of patients who consent to it, while they do.

A disclosure is a message of its own, so that nothing about it can touch what the team is told:
neither who is paged, nor what counts as reached, nor what is superseded.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from diary.consents import texts
from diary.consents.model import consents
from diary.consents.purposes import Purpose
from diary.consents.service import in_force
from diary.errors import Conflict
from diary.severity import Severity
from diary.webhooks.model import deliveries
from diary.webhooks.publish import publish
from diary.webhooks.withdraw import withdraw
from diary.work import Work

PURPOSE = "disclosure"
# 42 CFR 2.32(a)(2), word for word.
NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."


class ConsentNeeded(Conflict):
    """The patient does not consent, now, to being told of outside the clinic."""

    code = "consent-needed"
    title = "The patient does not consent to this disclosure"


def disclose(
    work: Work,
    endpoint_ids: Collection[UUID],
    *,
    clinic_id: UUID,
    patient_id: UUID,
    type: str,
    data: dict[str, Any],
    priority: Severity,
) -> None:
    """Owe these endpoints outside the clinic what the team is told of a patient who consents."""
    if not endpoint_ids:
        return
    consent = _consents(work, clinic_id, {patient_id}).get(patient_id)
    if consent is None:
        return
    publish(
        work,
        clinic_id=clinic_id,
        type=type,
        data=data,
        endpoint_ids=endpoint_ids,
        priority=priority,
        patient_id=patient_id,
        # The notice, and what was consented to, as 42 CFR 2.32 (a) and (b) want them.
        disclosure={"notice": NOTICE, "consent": scope_of(consent)},
    )


def scope_of(consent: Row[Any]) -> dict[str, Any]:
    """What a consent was given to, and when, without its patient."""
    return {
        "version": consent.version,
        "title": texts.worded(consent.wordings, consent.locale)["title"],
        "given_at": consent.answered_at,
    }


def still_consented(work: Work, clinic_id: UUID, due: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """Of what is due at an endpoint outside the clinic, what may leave now; the rest is cancelled.

    Asked in the transaction that leases it: whatever happened since it was owed, this decides.
    """
    about = {row.patient_id for row in due if row.patient_id is not None}
    consented = _consents(work, clinic_id, about)
    stopped = {row.id for row in due if row.patient_id in about - consented.keys()}
    if stopped:
        _withdraw(work, clinic_id, deliveries.c.id.in_(stopped))
    return [row for row in due if row.id not in stopped]


def withdraw_all(work: Work, clinic_id: UUID, patient_id: UUID) -> None:
    """Cancel all that is owed of a patient outside the clinic; what is in flight may still land."""
    _withdraw(work, clinic_id, deliveries.c.patient_id == patient_id)


def require_consent(work: Work, clinic_id: UUID, patient_id: UUID) -> None:
    """Raises ConsentNeeded."""
    if patient_id not in _consents(work, clinic_id, {patient_id}):
        raise ConsentNeeded


def _consents(work: Work, clinic_id: UUID, about: Collection[UUID]) -> dict[UUID, Row[Any]]:
    if not about:
        return {}
    query = in_force(clinic_id, Purpose.DISCLOSURE, work.now)
    rows = work.rows(query.where(consents.c.patient_id.in_(about)))
    return {row.patient_id: row for row in rows}


def _withdraw(work: Work, clinic_id: UUID, which: Any) -> None:
    withdraw(
        work,
        deliveries.c.clinic_id == clinic_id,
        deliveries.c.patient_id.is_not(None),
        which,
        state="cancelled",
    )
