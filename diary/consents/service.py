"""What patients answered to what they were asked, kept row upon row, and what holds of it now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, exists, or_, select

from diary.clock import months_from
from diary.consents import texts
from diary.consents.model import consent_texts, consents
from diary.consents.purposes import Purpose
from diary.errors import FieldFault, Invalid
from diary.patients.service import Patient
from diary.work import Work
from diary.wrapped import data_keys


@dataclass(frozen=True, slots=True)
class Standing:
    """What is asked of a patient for one purpose, and what holds.

    state: `unanswered`, `given`, `outdated` (given for a version before), `expired`, `withdrawn`
    or `declined` (never given). in_force: whether it counts; an outdated one may. asked: the
    version to show now, None where the clinic asks for nothing. answer: the last one.
    """

    purpose: Purpose
    state: str
    in_force: bool
    asked: dict[str, Any] | None
    answer: Row[Any] | None


def record(
    work: Work,
    patient: Patient,
    *,
    purpose: Purpose,
    version: int,
    given: bool,
    locale: str | None,
    answered_at: datetime | None = None,
) -> bool:
    """Add what a patient answered; False where that is what holds already.

    answered_at: of a paper, otherwise now. Raises Invalid for a version that is not published, and
    for a paper of the future or from before what the patient answered last.
    """
    text = texts.find(work, purpose, version)
    last = work.row(_answers(work, patient.id).where(consents.c.purpose == purpose, _is_last()))
    moment = answered_at or work.now
    if moment > work.now:
        raise _misdated("out_of_range", "lies in the future")
    if last is not None:
        if answered_at is not None and answered_at < last.answered_at:
            raise _misdated("too_early", "the patient has answered since")
        ended = last.ends_at is not None and last.ends_at <= work.now
        if (last.version, last.given) == (version, given) and not ended:
            return False
    consent_id = work.new_id()
    months = text.lasts_months if given else None
    work.add(
        consents,
        clinic_id=work.caller.clinic,
        id=consent_id,
        patient_id=patient.id,
        text_id=text.id,
        purpose=purpose,
        ordinal=1 if last is None else last.ordinal + 1,
        given=given,
        locale=locale or texts.worded(text.wordings, patient.locale)["locale"],
        answered_at=moment,
        ends_at=months and months_from(moment, months),
        recorded_at=work.now,
        recorded_by_kind=work.caller.kind,
        recorded_by=work.caller.id,
    )
    what = "consent.given" if given else "consent.withdrawn"
    work.audit(what, "patient", patient.id, purpose=purpose, version=version)
    return True


def standings(work: Work, patient: Patient) -> list[Standing]:
    """Every purpose, for a patient whom the caller can see."""
    asked = texts.newest(work)
    answered = work.rows(_answers(work, patient.id).where(_is_last()))
    last = {row.purpose: row for row in answered}
    counts = {
        row.purpose
        for purpose in Purpose
        for row in work.rows(
            in_force(work.caller.clinic, purpose, work.now).where(
                consents.c.patient_id == patient.id
            )
        )
    }
    ever_given = {
        row.purpose
        for row in work.rows(
            _answers(work, patient.id).with_only_columns(consents.c.purpose).where(consents.c.given)
        )
    }
    found = []
    for purpose in Purpose:
        text, answer = asked.get(purpose), last.get(purpose)
        found.append(
            Standing(
                purpose=purpose,
                state=_state(text, answer, ever=purpose in ever_given, now=work.now),
                in_force=purpose in counts,
                asked=text and _shown(text, patient.locale),
                answer=answer,
            )
        )
    return found


def history(work: Work, patient_id: UUID) -> Select[Any]:
    """All that a patient, whom the caller can see, ever answered."""
    return _answers(work, patient_id)


def in_force(clinic_id: UUID, purpose: Purpose, now: datetime) -> Select[Any]:
    """The consents of a clinic that count now for a purpose: one row for each patient with one.

    Whoever was erased consents to nothing, whatever they answered once. That is read from their
    key: the engine asks across clinics, where it meets no patients.
    """
    anew = consent_texts.alias("anew")
    asked_anew = exists().where(
        anew.c.clinic_id == clinic_id,
        anew.c.purpose == consents.c.purpose,
        anew.c.asks_anew,
        anew.c.version > consent_texts.c.version,
    )
    return (
        select(consents, consent_texts.c.version, consent_texts.c.wordings)
        .join(consent_texts, _of_text())
        .join(data_keys, _of_patients_key())
        .where(
            consents.c.clinic_id == clinic_id,
            data_keys.c.destroyed_at.is_(None),
            consents.c.purpose == purpose,
            consents.c.given,
            or_(consents.c.ends_at.is_(None), consents.c.ends_at > now),
            _is_last(),
            ~asked_anew,
        )
    )


def _answers(work: Work, patient_id: UUID) -> Select[Any]:
    return (
        select(consents, consent_texts.c.version)
        .join(consent_texts, _of_text())
        .where(consents.c.clinic_id == work.caller.clinic, consents.c.patient_id == patient_id)
    )


def _of_text() -> Any:
    return and_(
        consent_texts.c.clinic_id == consents.c.clinic_id, consent_texts.c.id == consents.c.text_id
    )


def _of_patients_key() -> Any:
    return and_(
        data_keys.c.clinic_id == consents.c.clinic_id, data_keys.c.id == consents.c.patient_id
    )


def _is_last() -> Any:
    later = consents.alias("later")
    return ~exists().where(
        later.c.clinic_id == consents.c.clinic_id,
        later.c.patient_id == consents.c.patient_id,
        later.c.purpose == consents.c.purpose,
        later.c.ordinal > consents.c.ordinal,
    )


def _state(text: Any, answer: Any, *, ever: bool, now: datetime) -> str:
    if answer is None:
        return "unanswered"
    if not answer.given:
        return "withdrawn" if ever else "declined"
    if answer.ends_at is not None and answer.ends_at <= now:
        return "expired"
    return "outdated" if answer.version < text.version else "given"


def _shown(text: Row[Any], locale: str) -> dict[str, Any]:
    return dict(text._mapping) | texts.worded(text.wordings, locale)


def _misdated(code: str, detail: str) -> Invalid:
    return Invalid(errors=[FieldFault("/answered_at", code, detail)])
