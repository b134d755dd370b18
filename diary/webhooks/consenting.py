"""A patient gives a consent or takes it back, and what follows at once.

No consent decides whether an answer is judged or an alert reaches the team: that is owed to the
patient's life (ADR 0017).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from diary.consents import service, words
from diary.consents.purposes import Purpose
from diary.consents.service import Standing
from diary.patients import service as patients
from diary.patients.service import Patient
from diary.severity import Severity
from diary.webhooks import disclosure, endpoints
from diary.webhooks.publish import publish
from diary.work import Work


@dataclass(frozen=True, slots=True)
class Answered:
    """What holds now. text: for the patient; care_team_told: that they took it back."""

    standing: Standing
    care_team_told: bool
    text: str


def answer(
    work: Work,
    patient_id: UUID,
    *,
    purpose: Purpose,
    version: int,
    given: bool,
    locale: str | None,
    answered_at: datetime | None = None,
) -> Answered:
    """Record what a patient answered, and carry it out; the same answer again changes nothing.

    answered_at: of a paper that the team records. Raises NotFound, OnlyReading, Invalid.
    """
    patients.require(work, patient_id, change=True)
    patient = patients.get(work, patient_id)
    changed = service.record(
        work,
        patient,
        purpose=purpose,
        version=version,
        given=given,
        locale=locale,
        answered_at=answered_at,
    )
    if changed and not given and purpose is Purpose.DISCLOSURE:
        disclosure.withdraw_all(work, work.caller.clinic, patient_id)
    told = False
    if not given and purpose is Purpose.TREATMENT_DIARY:
        team = endpoints.live(work, work.caller.clinic).webhooks
        told = bool(team)
        if changed and told:
            _tell(work, patient, purpose, team)
    (standing,) = (each for each in service.standings(work, patient) if each.purpose is purpose)
    text = words.said(purpose, given=given, told=told, locale=locale or patient.locale)
    return Answered(standing, told, text)


def _tell(work: Work, patient: Patient, purpose: Purpose, team: frozenset[UUID]) -> None:
    publish(
        work,
        clinic_id=work.caller.clinic,
        type="consent.withdrawn",
        data={
            "patient": patient.reference,
            "purpose": purpose,
            "link": f"{work.settings.issuer}/v1/patients/{patient.id}/consents",
        },
        endpoint_ids=team,
        # A person should talk with the patient soon.
        priority=Severity.MODERATE,
    )
