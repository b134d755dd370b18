"""Courses of treatment as they are read: their seals opened, and what is missing to begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Row, Select, select

from diary.errors import NotFound
from diary.infusions.courses import gate
from diary.infusions.courses.gate import Indication, Item, Measured, Outcome, Trial
from diary.infusions.model import courses
from diary.patients.service import require, whose_record_is_read
from diary.work import Work

TRIALS_PLACE: Final = "courses.trials"
REASON_PLACE: Final = "courses.waiver_reason"

Totals = Mapping[tuple[UUID, str], Measured]
"""What patients' own answers say: of each patient and instrument the last total before a moment."""


@dataclass(frozen=True, slots=True)
class Course:
    """A course. missing: what its first infusion would lack if it began now; nothing once it has,
    or the course is closed. lacked: what it did without and nobody had waived."""

    id: UUID
    patient_id: UUID
    version: int
    indication: Indication
    trials: Sequence[Trial]
    induction_infusions: int
    baseline_instrument: str
    assessed_at: datetime | None
    assessed_by: UUID | None
    baseline_total: int | None
    baseline_at: datetime | None
    baseline_by: UUID | None
    baseline_check_in_id: UUID | None
    waived: Sequence[Item]
    waiver_reason: str | None
    waived_at: datetime | None
    waived_by: UUID | None
    opened_at: datetime
    opened_by: UUID | None
    begun_at: datetime | None
    lacked: Sequence[Item]
    closed_at: datetime | None
    closed_by: UUID | None
    close_reason: str | None
    missing: Sequence[Item] = ()


def find(work: Work, patient_id: UUID, course_id: UUID) -> Row[Any]:
    """One course of a patient the caller can see; raises NotFound."""
    row = work.row(of_patient(work, patient_id).where(courses.c.id == course_id))
    if row is None:
        raise NotFound
    return row


def of_patient(work: Work, patient_id: UUID) -> Select[Any]:
    """The courses of a patient the caller can see; raises NotFound."""
    require(work, patient_id)
    return select(courses).where(_of(work, patient_id))


def waiting(work: Work) -> Select[Any]:
    """The open courses whose first infusion has not begun, of every patient whose record the
    caller reads."""
    return whose_record_is_read(work, courses).where(
        courses.c.closed_at.is_(None), courses.c.begun_at.is_(None)
    )


def incomplete(work: Work) -> Select[Any]:
    """The open courses that began though something was missing, of every patient whose record the
    caller reads."""
    return whose_record_is_read(work, courses).where(
        courses.c.closed_at.is_(None), courses.c.lacked.is_not(None)
    )


def current(work: Work, patient_id: UUID) -> UUID | None:
    """The open course of a patient whom the caller has found; None without one."""
    row = work.row(select(courses.c.id).where(_of(work, patient_id), courses.c.closed_at.is_(None)))
    return None if row is None else row.id


def opened(work: Work, row: Row[Any]) -> Course:
    """A course with its seals opened; what is missing now is not looked for."""
    found = dict(row._mapping)
    del found["clinic_id"]
    at = {"clinic": row.clinic_id, "row": row.id, "patient": row.patient_id}
    trials = orjson.loads(work.vault.open(row.trials, place=TRIALS_PLACE, **at))
    found |= {
        "indication": Indication(row.indication),
        "trials": [Trial(**each | {"outcome": Outcome(each["outcome"])}) for each in trials],
        "waived": [Item(each) for each in row.waived],
        "lacked": [Item(each) for each in row.lacked or ()],
        "waiver_reason": row.waiver_reason
        and work.vault.open(row.waiver_reason, place=REASON_PLACE, **at),
    }
    return Course(**found)


def weighed(course: Course, totals: Totals, now: datetime) -> Course:
    """A course with what is missing now."""
    if course.begun_at is not None or course.closed_at is not None:
        return course
    return replace(course, missing=gate.missing(course, baseline_at(course, totals, now), now))


def baseline_at(course: Course, totals: Totals, at: datetime) -> Measured | None:
    """What a course that begins at this moment is measured from: the newest of what the care team
    entered and what the patient answered; None where there is nothing."""
    entered = None
    # Of a course that has begun it is what was held, which may be the patient's own answer.
    if course.baseline_total is not None and course.baseline_at is not None:
        entered = Measured(course.baseline_total, course.baseline_at, course.baseline_check_in_id)
    answered = totals.get((course.patient_id, course.baseline_instrument))
    return gate.newest((entered, answered), at)


def _of(work: Work, patient_id: UUID) -> ColumnElement[bool]:
    return (courses.c.clinic_id == work.caller.clinic) & (courses.c.patient_id == patient_id)
