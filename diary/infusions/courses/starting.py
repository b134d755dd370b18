"""The first infusion of a course: it begins when nothing is missing, or what is was waived."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update

from diary.errors import Conflict, FieldFault
from diary.infusions.courses import gate
from diary.infusions.courses.gate import Item, Measured
from diary.infusions.courses.reading import Measuring, baseline_at, get
from diary.infusions.model import courses
from diary.work import Work

_LACKING: Final[Mapping[Item, str]] = {
    Item.TRIALS: "different treatments that were adequate and did too little: not enough of them",
    Item.ASSESSMENT: "a clinician's assessment of the 30 days before",
    Item.BASELINE: "a total of the baseline instrument of the 14 days before",
}


class CourseNotReady(Conflict):
    """The first infusion of a course cannot begin: `errors` names what is missing."""

    code = "course-not-ready"
    title = "Something that must be known before the first infusion is missing"


def unmeasured(work: Work, patient_id: UUID, instrument: str, at: datetime) -> Measured | None:
    """Nothing is known of the patient's own answers."""
    return None


def let_begin(
    work: Work, patient_id: UUID, course_id: UUID, measuring: Measuring, at: datetime
) -> None:
    """An infusion of a course begins. If it is the first, its baseline is held from now on.

    The caller holds the patient's treatment. Raises CourseNotReady.
    """
    course = get(work, patient_id, course_id, measuring)
    if course.begun_at is not None:
        return
    baseline = baseline_at(work, course, measuring, at)
    missing = gate.missing(course, baseline, at)
    if missing:
        raise CourseNotReady(
            errors=[FieldFault(f"/course/{item}", "missing", _LACKING[item]) for item in missing]
        )
    values: dict[str, Any] = {
        "begun_at": at,
        "baseline_total": baseline and baseline.total,
        "baseline_at": baseline and baseline.at,
        "baseline_by": course.baseline_by if baseline and not baseline.check_in_id else None,
        "baseline_check_in_id": baseline and baseline.check_in_id,
        "version": courses.c.version + 1,
    }
    here = (courses.c.clinic_id == work.caller.clinic) & (courses.c.id == course_id)
    work.execute(update(courses).where(here).values(**values))
    work.audit("course.begun", "course", course_id, waived=[*course.waived])
