"""When something that must happen again and again last did."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from diary.watch.model import marks
from diary.work import Work


def put(work: Work, name: str) -> None:
    """It happened now."""
    if not work.execute(update(marks).where(marks.c.name == name).values(at=work.now)).rowcount:
        work.add_unless_there(marks, name=name, at=work.now)


def take(work: Work, name: str, every: timedelta) -> bool:
    """Whether it is time again, for the one caller who is told so: nobody else is until then.

    The first time comes one interval after the first call. A mark far in the future, from before
    a clock was set back, must not postpone anything.
    """
    this = marks.c.name == name
    stale = (marks.c.at <= work.now - every) | (marks.c.at > work.now + every)
    if work.execute(update(marks).where(this, stale).values(at=work.now)).rowcount:
        return True
    if work.row(select(marks.c.name).where(this)) is None:
        work.add_unless_there(marks, name=name, at=work.now)
    return False


def last(work: Work) -> dict[str, datetime]:
    """Every mark by its name."""
    return {row.name: row.at for row in work.rows(select(marks))}
