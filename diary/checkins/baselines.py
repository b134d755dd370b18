"""Known baselines of patients: set by a clinician, reviewed every week, ended by anything worse."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, select, update

from diary.alerts.model import alerts
from diary.alerts.situation import Status
from diary.errors import Conflict, FieldFault, Invalid
from diary.patients import drill, states
from diary.patients.model import patients
from diary.patients.service import require, whose_record_is_read
from diary.rules.known import Known
from diary.rules.model import known_baselines
from diary.severity import Severity
from diary.work import Work

REASON_PLACE: Final = "known_baselines.reason"
# Design judgement: what is known of somebody in treatment is not known for longer.
LONGEST: Final = timedelta(weeks=8)
REVIEW_EVERY: Final = timedelta(days=7)
# What nobody has looked at for so long after a review was due is not known any more.
GRACE: Final = timedelta(days=3)


class Why(StrEnum):
    """Why a known baseline ended."""

    OVER = "over"
    RISE = "rise"
    REPLACED = "replaced"
    ENDED = "ended"
    LEFT = "left"


class GraveAlertOpen(Conflict):
    """A high or critical alert of the patient is open: nothing about them is a list entry now."""

    code = "grave-alert-open"
    title = "A high or critical alert of the patient is open"


class NothingKnown(Conflict):
    """There is no known baseline to review: it ended, or its time is over."""

    code = "nothing-known"
    title = "No known baseline of the patient is there to be reviewed"


@dataclass(frozen=True, slots=True)
class KnownBaseline:
    """A known baseline, its reason opened. in_force: whether it covers answers now; it does not
    while its review is more than three days overdue."""

    id: UUID
    patient_id: UUID
    level: int
    reason: str
    set_at: datetime
    set_by: UUID
    until: datetime
    review_due_at: datetime
    reviewed_at: datetime | None
    reviewed_by: UUID | None
    ended_at: datetime | None
    ended_why: str | None
    in_force: bool


def begin(
    work: Work, patient_id: UUID, *, level: int, reason: str, until: datetime
) -> KnownBaseline:
    """Say that a level is known of a patient until then; it takes the place of what was known.

    Raises NotFound, OnlyReading, DrillPatient, PatientDischarged, GraveAlertOpen and Invalid.
    """
    require(work, patient_id, change=True)
    drill.refuse(work, patient_id)
    if not work.now < until <= work.now + LONGEST:
        message = "must lie ahead, by at most 8 weeks"
        raise Invalid(errors=[FieldFault("/until", "out_of_range", message)])
    _hold(work, patient_id)
    if _is_grave(work, patient_id):
        raise GraveAlertOpen
    end(work, patient_id, Why.REPLACED)
    clinic, baseline_id = work.caller.clinic, work.new_id()
    assert work.caller.id is not None
    work.add(
        known_baselines,
        clinic_id=clinic,
        id=baseline_id,
        patient_id=patient_id,
        level=level,
        reason=work.vault.seal(
            reason, place=REASON_PLACE, clinic=clinic, row=baseline_id, patient=patient_id
        ),
        set_at=work.now,
        set_by=work.caller.id,
        until=until,
        review_due_at=work.now + REVIEW_EVERY,
    )
    work.audit("known-baseline.set", "patient", patient_id, level=level, until=until.isoformat())
    work.flush()
    return _current(work, patient_id)


def review(work: Work, patient_id: UUID) -> KnownBaseline:
    """It still is as it was said; the next review is due in a week. One whose review is overdue is
    in force again.

    Raises NotFound, OnlyReading, PatientDischarged, NothingKnown, GraveAlertOpen.
    """
    require(work, patient_id, change=True)
    _hold(work, patient_id)
    row = work.row(select(known_baselines).where(_last(work, patient_id)))
    if row is None or row.until <= work.now:
        raise NothingKnown
    if _is_grave(work, patient_id):
        raise GraveAlertOpen
    work.execute(
        update(known_baselines)
        .where(_last(work, patient_id))
        .values(
            review_due_at=work.now + REVIEW_EVERY,
            reviewed_at=work.now,
            reviewed_by=work.caller.id,
        )
    )
    work.audit("known-baseline.reviewed", "patient", patient_id)
    return _current(work, patient_id)


def give_up(work: Work, patient_id: UUID) -> None:
    """It is not so any more; again, or where there is none, changes nothing. Raises NotFound,
    OnlyReading."""
    require(work, patient_id, change=True)
    end(work, patient_id, Why.ENDED)


def end(work: Work, patient_id: UUID, why: Why) -> None:
    """End what is known of a patient, if anything is. One whose time is over ended by itself."""
    row = work.row(select(known_baselines).where(_last(work, patient_id)))
    if row is None:
        return
    if row.until <= work.now:
        why = Why.OVER
    ended_at = min(row.until, work.now)
    work.execute(
        update(known_baselines)
        .where(_last(work, patient_id))
        .values(ended_at=ended_at, ended_why=why)
    )
    work.audit("known-baseline.ended", "patient", patient_id, why=why)


def known_by(row: Any, now: datetime) -> Known | None:
    """What is known now. row: with `known_level`, `known_until` and `known_review_due_at`."""
    if row.known_level is None or row.known_until <= now:
        return None
    return Known(row.known_level, lapsed=not _covers(row.known_until, row.known_review_due_at, now))


def known_now(work: Work, patient_id: UUID) -> Known | None:
    """What is known at this moment. Whoever waited for a clinician to set it has read what was
    before."""
    row = work.row(
        select(
            known_baselines.c.level.label("known_level"),
            known_baselines.c.until.label("known_until"),
            known_baselines.c.review_due_at.label("known_review_due_at"),
        ).where(_last(work, patient_id))
    )
    return None if row is None else known_by(row, work.now)


def of_patient(work: Work, patient_id: UUID) -> Select[Any]:
    """All that was ever known of a patient; raises NotFound."""
    require(work, patient_id)
    return select(known_baselines).where(
        known_baselines.c.clinic_id == work.caller.clinic,
        known_baselines.c.patient_id == patient_id,
    )


def visible(work: Work, *, due: bool) -> Select[Any]:
    """What is known now, of every patient whose record the caller reads. due: where a review is."""
    query = whose_record_is_read(work, known_baselines).where(
        known_baselines.c.ended_at.is_(None), known_baselines.c.until > work.now
    )
    return query.where(known_baselines.c.review_due_at <= work.now) if due else query


def opened(work: Work, row: Row[Any]) -> KnownBaseline:
    """A known baseline with its seal opened."""
    over = row.ended_at is None and row.until <= work.now
    return KnownBaseline(
        id=row.id,
        patient_id=row.patient_id,
        level=row.level,
        reason=work.vault.open(
            row.reason, place=REASON_PLACE, clinic=row.clinic_id, row=row.id, patient=row.patient_id
        ),
        set_at=row.set_at,
        set_by=row.set_by,
        until=row.until,
        review_due_at=row.review_due_at,
        reviewed_at=row.reviewed_at,
        reviewed_by=row.reviewed_by,
        ended_at=row.until if over else row.ended_at,
        ended_why=Why.OVER if over else row.ended_why,
        in_force=row.ended_at is None and _covers(row.until, row.review_due_at, work.now),
    )


def _covers(until: datetime, review_due_at: datetime, now: datetime) -> bool:
    return now < until and now < review_due_at + GRACE


def _hold(work: Work, patient_id: UUID) -> None:
    """Against whatever would raise an alert meanwhile: of two at once, one sees the other."""
    work.row(
        select(patients.c.id)
        .where(patients.c.clinic_id == work.caller.clinic, patients.c.id == patient_id)
        .with_for_update()
    )
    states.let_in(work, work.caller.clinic, patient_id)


def _is_grave(work: Work, patient_id: UUID) -> bool:
    is_open = select(alerts.c.id).where(
        alerts.c.clinic_id == work.caller.clinic,
        alerts.c.patient_id == patient_id,
        alerts.c.status != Status.RESOLVED,
        alerts.c.severity >= Severity.HIGH,
    )
    return work.row(is_open) is not None


def _last(work: Work, patient_id: UUID) -> ColumnElement[bool]:
    return and_(
        known_baselines.c.clinic_id == work.caller.clinic,
        known_baselines.c.patient_id == patient_id,
        known_baselines.c.ended_at.is_(None),
    )


def _current(work: Work, patient_id: UUID) -> KnownBaseline:
    row = work.row(select(known_baselines).where(_last(work, patient_id)))
    assert row is not None
    return opened(work, row)
