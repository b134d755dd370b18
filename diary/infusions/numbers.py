"""Which infusion it is: of the patient's and of its course's, counting none that was cancelled."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, select

from diary.infusions.model import courses, infusions
from diary.work import Work


class Phase(StrEnum):
    """What an infusion of a course is for: to get better, or to stay so."""

    INDUCTION = "induction"
    MAINTENANCE = "maintenance"


class Place(NamedTuple):
    """Where an infusion stands; all None for one that was cancelled."""

    number: int | None
    number_in_course: int | None
    phase: Phase | None


def numbered(visits: Iterable[Any]) -> dict[UUID, int | None]:
    """What number each of a patient's infusions has; None for one that was cancelled.

    Those that began come first, as they began; then the planned ones, as they are planned: one
    whose day has passed and that was never given takes no number from those that were.
    """
    visits = list(visits)
    there = sorted(
        (each for each in visits if each.state != "cancelled"),
        key=lambda each: (
            each.started_at is None,
            each.started_at or each.planned_at,
            each.id,
        ),
    )
    numbers: dict[UUID, int | None] = {each.id: None for each in visits}
    return numbers | {each.id: number for number, each in enumerate(there, start=1)}


def places(visits: Iterable[Any], induction: Mapping[UUID, int]) -> dict[UUID, Place]:
    """Where each of a patient's infusions stands. induction: by course, how many its is of."""
    visits = list(visits)
    within = {
        infusion_id: number
        for course in induction
        for infusion_id, number in numbered(v for v in visits if v.course_id == course).items()
    }
    course_of = {each.id: each.course_id for each in visits}

    def place(infusion_id: UUID, number: int | None) -> Place:
        here = within.get(infusion_id)
        if here is None:
            return Place(number, None, None)
        is_induction = here <= induction[course_of[infusion_id]]
        return Place(number, here, Phase.INDUCTION if is_induction else Phase.MAINTENANCE)

    return {each: place(each, number) for each, number in numbered(visits).items()}


def renumber(work: Work, patient_id: UUID) -> None:
    """Number a patient's infusions anew, whose row the caller holds locked.

    A check-in keeps the number that was known when it came.
    """
    here = (infusions.c.clinic_id == work.caller.clinic) & (infusions.c.patient_id == patient_id)
    rows: list[Row[Any]] = list(work.rows(select(infusions).where(here)))
    induction = {}
    if any(row.course_id for row in rows):
        of_theirs = select(courses.c.id, courses.c.induction_infusions).where(
            courses.c.clinic_id == work.caller.clinic, courses.c.patient_id == patient_id
        )
        induction = {row.id: row.induction_infusions for row in work.rows(of_theirs)}
    placed = places(rows, induction)
    changed = [
        row.id
        for row in rows
        if (row.number, row.number_in_course, row.phase) != tuple(placed[row.id])
    ]
    if changed:
        values: dict[Any, list[Any]] = {infusions.c.id: changed}
        for name in Place._fields:
            values[infusions.c[name]] = [getattr(placed[each], name) for each in changed]
        work.update_each(here, infusions.c.id, values)
