"""The first infusion of a course: what is held of the time before it, and what it lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, update

from diary.errors import Conflict, FieldFault
from diary.infusions.courses import gate
from diary.infusions.courses.gate import ASSESSED_WITHIN, RATED_WITHIN, Item, Measured
from diary.infusions.courses.reading import Course, Totals, baseline_at, find, opened
from diary.infusions.doubts import Doubt
from diary.infusions.model import courses
from diary.work import Work

GIVEN: Final = timedelta(minutes=15)
"""Whoever records a beginning so long after it has given the infusion: that is a fact, which the
diary must not be without. A design value."""

_LACKING: Final[Mapping[Item, str]] = {
    Item.TRIALS: "the treatments that have to have done too little, as the indication asks for",
    Item.ASSESSMENT: f"a clinician's assessment of the {ASSESSED_WITHIN.days} days before",
    Item.BASELINE: f"a total of the baseline instrument of the {RATED_WITHIN.days} days before",
}


class CourseNotReady(Conflict):
    """The first infusion of a course must not begin: `errors` names what is missing."""

    code = "course-not-ready"
    title = "Something that must be known before the first infusion is missing"


@dataclass(frozen=True, slots=True)
class Beginning:
    """A course that begins at a moment. lacked: what is missing then and was not waived."""

    course: Course
    at: datetime
    baseline: Measured | None
    lacked: Sequence[Item]


def weigh(work: Work, infusion: Row[Any], at: datetime, totals: Totals) -> Beginning | None:
    """What begins with an infusion that began at this moment; None where it is of no course, or is
    not the first of it. Nothing is changed.

    One that was given before those already entered begins the course anew. The caller holds the
    patient's treatment. Raises CourseNotReady, unless the infusion was given a while ago.
    """
    if infusion.course_id is None:
        return None
    course = opened(work, find(work, infusion.patient_id, infusion.course_id))
    if course.begun_at is not None and course.begun_at <= at:
        return None
    baseline = baseline_at(course, totals, at)
    lacked = gate.missing(course, baseline, at)
    if lacked and at > work.now - GIVEN:
        raise CourseNotReady(
            errors=[FieldFault(f"/course/{item}", "missing", _LACKING[item]) for item in lacked]
        )
    return Beginning(course, at, baseline, lacked)


def doubts_of(beginning: Beginning | None) -> list[Doubt]:
    """What is asked about: an infusion that was given though something was missing."""
    if beginning is None or not beginning.lacked:
        return []
    detail = "; ".join(_LACKING[item] for item in beginning.lacked)
    return [Doubt("course", "not_ready", f"given without {detail}")]


def hold(work: Work, beginning: Beginning | None) -> None:
    """Hold what was known before, from now on."""
    if beginning is None:
        return
    course, baseline = beginning.course, beginning.baseline
    values: dict[str, Any] = {
        "begun_at": beginning.at,
        "lacked": [item.value for item in beginning.lacked] or None,
        # All of them: what was entered and did not count is no baseline of this beginning.
        "baseline_total": baseline and baseline.total,
        "baseline_at": baseline and baseline.at,
        "baseline_by": course.baseline_by if baseline and not baseline.check_in_id else None,
        "baseline_check_in_id": baseline and baseline.check_in_id,
        "version": courses.c.version + 1,
    }
    here = (courses.c.clinic_id == work.caller.clinic) & (courses.c.id == course.id)
    work.execute(update(courses).where(here).values(**values))
    work.audit(
        "course.begun", "course", course.id, waived=[*course.waived], lacked=beginning.lacked
    )
