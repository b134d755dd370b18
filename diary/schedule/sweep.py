"""Windows whose moment has come: a reminder, a second one, or closed without an answer.

It costs by what is due, however many patients there are: windows are found by one partial index,
and written together.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Column, Row, select, update

from diary.agenda import Agenda
from diary.schedule.model import windows
from diary.schedule.reminders import remind
from diary.work import Work

AGENDA: Final = Agenda(windows.c.next_at, windows.c.id)
"""Windows to be looked at."""


class Swept(NamedTuple):
    """How many windows were looked at, and the rows of those that nobody answered."""

    done: int
    missed: Sequence[Row[Any]]


def sweep(work: Work, window_ids: Collection[UUID]) -> Swept:
    """Do what is due of these windows of the caller's clinic.

    Whatever is in somebody's hand is left for the next turn. Where both reminders are due, as
    after an outage, there is one.
    """
    rows = work.rows(
        select(windows)
        .where(
            windows.c.clinic_id == work.caller.clinic,
            windows.c.id.in_(list(window_ids)),
            windows.c.next_at <= work.now,
        )
        .with_for_update(skip_locked=True)
    )
    missed = [row for row in rows if row.closes_at <= work.now]
    if missed:
        work.execute(
            update(windows)
            .where(
                windows.c.clinic_id == work.caller.clinic,
                windows.c.id.in_([row.id for row in missed]),
            )
            .values(state="missed", next_at=None)
        )
    open_still = [row for row in rows if row.closes_at > work.now]
    if open_still:
        _remind(work, open_still)
    return Swept(len(rows), missed)


def _remind(work: Work, rows: Sequence[Row[Any]]) -> None:
    told = remind(work, rows)
    done: dict[Column[Any], list[Any]] = defaultdict(list)
    for row in rows:
        chase_at = row.chase_at if row.chase_at and row.chase_at > work.now else None
        done[windows.c.id].append(row.id)
        done[windows.c.remind_at].append(None)
        done[windows.c.chase_at].append(chase_at)
        done[windows.c.reminded_at].append(work.now)
        done[windows.c.reminder_id].append(told.get(row.patient_id))
        done[windows.c.next_at].append(chase_at or row.closes_at)
    work.update_each(windows.c.clinic_id == work.caller.clinic, windows.c.id, done)
