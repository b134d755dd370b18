"""Courses of treatment: opened, said anew, assessed, measured, waived, closed.

A patient has one at a time. What is planned meanwhile is of it.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Row, select, update

from diary.errors import Conflict, FieldFault, Invalid
from diary.infusions import doubts
from diary.infusions.courses.gate import BASELINES, Indication, Item, Trial
from diary.infusions.courses.reading import REASON_PLACE, TRIALS_PLACE, current, find, opened
from diary.infusions.model import courses, infusions
from diary.infusions.numbers import renumber
from diary.infusions.reading import lock, of
from diary.versions import Expected, claim
from diary.work import Work

# Why a course is closed.
REASONS: Final = (
    "completed",
    "no-response",
    "not-tolerated",
    "patient-request",
    "clinic",
    "other",
)
_BASELINE: Final = ("baseline_total", "baseline_at", "baseline_by")


class CourseOpen(Conflict):
    """The patient has a course that is not closed."""

    code = "course-open"
    title = "A course of this patient is open: close it first"


class CourseState(Conflict):
    """The course has begun, is closed or is not over, and this needs one that is otherwise."""

    code = "course-state"
    title = "The course is not in the right state for this"


def create(
    work: Work,
    patient_id: UUID,
    *,
    indication: Indication,
    trials: Sequence[Trial],
    induction_infusions: int,
    baseline_instrument: str,
) -> UUID:
    """Open a course; the patient's planned infusions are of it. Returns its id.

    induction_infusions: how many are to make the patient better, 0 for none; those after them are
    to keep it so. baseline_instrument: of gate.BASELINES. Raises NotFound, OnlyReading, CourseOpen.
    """
    lock(work, patient_id)
    if current(work, patient_id) is not None:
        raise CourseOpen
    course_id = work.new_id()
    work.add(
        courses,
        clinic_id=work.caller.clinic,
        id=course_id,
        patient_id=patient_id,
        indication=indication,
        trials=_sealed_trials(work, patient_id, course_id, trials),
        induction_infusions=induction_infusions,
        baseline_instrument=baseline_instrument,
        waived=[],
        opened_at=work.now,
        opened_by=work.caller.id,
    )
    work.flush()
    work.execute(
        update(infusions)
        .where(of(work, patient_id), infusions.c.state == "planned")
        .values(course_id=course_id)
    )
    renumber(work, patient_id)
    work.audit("course.opened", "course", course_id)
    return course_id


def change(
    work: Work,
    patient_id: UUID,
    course_id: UUID,
    *,
    indication: Indication,
    trials: Sequence[Trial],
    induction_infusions: int,
    baseline_instrument: str,
    expected: Expected,
) -> None:
    """Say anew what a course rests on. A total of another instrument is no baseline of it.

    Raises NotFound, OnlyReading, CourseState, Changed, VersionNeeded; Invalid where it has begun
    and anything but induction_infusions is another.
    """
    course = opened(work, _in_hand(work, patient_id, course_id))
    rests_on = {
        "indication": indication,
        "trials": trials,
        "baseline_instrument": baseline_instrument,
    }
    others = [name for name, value in rests_on.items() if value != getattr(course, name)]
    if others and course.begun_at is not None:
        detail = "it has begun: what it rests on stays as it was"
        raise Invalid(errors=[FieldFault(f"/{name}", "begun", detail) for name in others])
    values: dict[str, Any] = rests_on | {"induction_infusions": induction_infusions}
    if "trials" in others:
        values["trials"] = _sealed_trials(work, patient_id, course_id, trials)
    else:
        del values["trials"]
    if "baseline_instrument" in others:
        values |= dict.fromkeys(_BASELINE)
    _write(work, course_id, "changed", expected, **values)
    renumber(work, patient_id)


def assess(
    work: Work, patient_id: UUID, course_id: UUID, *, assessed_at: datetime, expected: Expected
) -> None:
    """Say when the caller examined whether ketamine may be given.

    Raises NotFound, OnlyReading, CourseState, Changed, VersionNeeded, and Invalid for the future.
    """
    _in_hand(work, patient_id, course_id, begun=False)
    doubts.not_ahead("assessed_at", assessed_at, work.now)
    values = {"assessed_at": assessed_at, "assessed_by": work.caller.id}
    _write(work, course_id, "assessed", expected, **values)


def rate(
    work: Work,
    patient_id: UUID,
    course_id: UUID,
    *,
    total: int,
    rated_at: datetime,
    expected: Expected,
) -> None:
    """Enter a total of the course's baseline instrument.

    Raises NotFound, OnlyReading, CourseState, Changed, VersionNeeded, and Invalid for the future
    and for what the instrument cannot give.
    """
    course = _in_hand(work, patient_id, course_id, begun=False)
    doubts.not_ahead("rated_at", rated_at, work.now)
    scale = BASELINES[course.baseline_instrument]
    if not scale.allows(total):
        fault = FieldFault("/total", "out_of_range", f"{course.baseline_instrument} gives {scale}")
        raise Invalid(errors=[fault])
    found = dict(zip(_BASELINE, (total, rated_at, work.caller.id), strict=True))
    _write(work, course_id, "rated", expected, **found)


def waive(
    work: Work,
    patient_id: UUID,
    course_id: UUID,
    *,
    waived: Collection[Item],
    reason: str,
    expected: Expected,
) -> None:
    """Let the first infusion begin without what is named, in the place of what was waived before.

    Raises NotFound, OnlyReading, CourseState, Changed, VersionNeeded.
    """
    _in_hand(work, patient_id, course_id, begun=False)
    named = [item.value for item in Item if item in waived]
    values = {
        "waived": named,
        "waiver_reason": work.vault.seal(
            reason,
            place=REASON_PLACE,
            clinic=work.caller.clinic,
            row=course_id,
            patient=patient_id,
        ),
        "waived_at": work.now,
        "waived_by": work.caller.id,
    }
    _write(work, course_id, "waived", expected, {"waived": named}, **values)


def close(work: Work, patient_id: UUID, course_id: UUID, *, reason: str) -> None:
    """Close a course. reason: one of REASONS.

    Raises NotFound, OnlyReading, and CourseState where an infusion of it is planned or runs.
    """
    _in_hand(work, patient_id, course_id)
    left = select(infusions.c.id).where(
        of(work, patient_id),
        infusions.c.course_id == course_id,
        infusions.c.state.in_(("planned", "started")),
    )
    if work.row(left) is not None:
        raise CourseState("an infusion of it is planned, or began and has no end: see to it first")
    values = {"closed_at": work.now, "closed_by": work.caller.id, "close_reason": reason}
    _write(work, course_id, "closed", Expected(there=True), {"reason": reason}, **values)


def _in_hand(work: Work, patient_id: UUID, course_id: UUID, *, begun: bool = True) -> Row[Any]:
    """An open course, the patient's treatment held. begun: whether it may have begun."""
    lock(work, patient_id)
    course = find(work, patient_id, course_id)
    if course.closed_at is not None:
        raise CourseState("it is closed")
    if course.begun_at is not None and not begun:
        raise CourseState("it has begun: what was known before stays as it was")
    return course


def _write(
    work: Work,
    course_id: UUID,
    what: str,
    expected: Expected,
    detail: dict[str, Any] | None = None,
    /,
    **values: Any,
) -> None:
    here = (courses.c.clinic_id == work.caller.clinic) & (courses.c.id == course_id)
    claim(work, courses, here, expected)
    work.execute(update(courses).where(here).values(**values))
    work.audit(f"course.{what}", "course", course_id, **(detail or {}))


def _sealed_trials(work: Work, patient_id: UUID, course_id: UUID, trials: Sequence[Trial]) -> bytes:
    return work.vault.seal(
        orjson.dumps([asdict(each) for each in trials]).decode(),
        place=TRIALS_PLACE,
        clinic=work.caller.clinic,
        row=course_id,
        patient=patient_id,
    )
