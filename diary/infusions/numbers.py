"""Which infusion it is: the number is the patient's, and counts none that was cancelled."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from diary.infusions.model import infusions
from diary.work import Work


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


def renumber(work: Work, patient_id: UUID) -> None:
    """Number a patient's infusions anew, whose row the caller holds locked.

    A check-in keeps the number that was known when it came.
    """
    here = (infusions.c.clinic_id == work.caller.clinic) & (infusions.c.patient_id == patient_id)
    rows: list[Row[Any]] = list(work.rows(select(infusions).where(here)))
    numbers = numbered(rows)
    changed = [row.id for row in rows if row.number != numbers[row.id]]
    if changed:
        values = {infusions.c.id: changed, infusions.c.number: [numbers[each] for each in changed]}
        work.update_each(here, infusions.c.id, values)
