"""Windows whose moment has come: a reminder, a second one, or closed without an answer.

It costs by what is due, however many patients there are: windows are found by one partial index,
and written together.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Row, and_, or_, select, update

from diary.agenda import Agenda
from diary.patients.model import patients
from diary.schedule.model import windows
from diary.schedule.plan import LONGEST
from diary.schedule.reminders import remind
from diary.schedule.slots import BETWEEN_REMINDERS, is_too_late
from diary.work import Work

AGENDA: Final = Agenda(windows.c.next_at, windows.c.id)
"""Windows to be looked at."""


class Swept(NamedTuple):
    """How many windows were looked at, the rows of those that nobody answered, and of their
    patients, by their ids; the caller's transaction holds these."""

    done: int
    missed: Sequence[Row[Any]]
    patients: Mapping[UUID, Row[Any]]


def sweep(work: Work, window_ids: Collection[UUID]) -> Swept:
    """Do what is due of these windows of the caller's clinic, and remind their patients of
    whatever else is open and due: in one message.

    What is in somebody's hand is left for the next turn.
    """
    held = _hold(work, window_ids)
    is_open = and_(
        windows.c.opens_at <= work.now,
        windows.c.closes_at > work.now,
        windows.c.closes_at <= work.now + LONGEST,
    )
    rows = work.rows(
        select(windows)
        .where(
            windows.c.clinic_id == work.caller.clinic,
            windows.c.patient_id.in_(list(held)),
            windows.c.next_at <= work.now,
            or_(windows.c.id.in_(list(window_ids)), is_open),
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
        _remind(work, open_still, held)
    return Swept(len(rows), missed, held)


def _hold(work: Work, window_ids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
    """The patients of these windows, but for those whom somebody else has in hand."""
    of_these = select(windows.c.patient_id).where(
        windows.c.clinic_id == work.caller.clinic, windows.c.id.in_(list(window_ids))
    )
    rows = work.rows(
        select(patients)
        .where(patients.c.clinic_id == work.caller.clinic, patients.c.id.in_(of_these))
        # Before their windows, as whoever makes these anew takes them. Nobody is waited for.
        .with_for_update(key_share=True, skip_locked=True)
    )
    return {row.id: row for row in rows}


def _remind(work: Work, rows: Sequence[Row[Any]], held: Mapping[UUID, Row[Any]]) -> None:
    """Of what is past, as after an outage, nobody is reminded in the night or twice."""
    due = [row for row in rows if _is_time(work, row, held[row.patient_id].time_zone)]
    told = remind(work, due, held)
    reminded = {row.id for row in due}
    done: dict[Column[Any], list[Any]] = defaultdict(list)
    for row in rows:
        now = row.id in reminded
        earliest = work.now + BETWEEN_REMINDERS if now else work.now
        chase_at = row.chase_at if row.chase_at and row.chase_at > earliest else None
        done[windows.c.id].append(row.id)
        done[windows.c.remind_at].append(None)
        done[windows.c.chase_at].append(chase_at)
        done[windows.c.reminded_at].append(work.now if now else row.reminded_at)
        done[windows.c.reminder_id].append(told.get(row.patient_id) if now else row.reminder_id)
        done[windows.c.next_at].append(chase_at or row.closes_at)
    work.update_each(windows.c.clinic_id == work.caller.clinic, windows.c.id, done)


def _is_time(work: Work, row: Row[Any], zone: str) -> bool:
    if row.reminded_at is not None and work.now < row.reminded_at + BETWEEN_REMINDERS:
        return False
    return not is_too_late(row.local_date, work.now, ZoneInfo(zone))
