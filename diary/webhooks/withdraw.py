"""What is owed and not wanted any more."""

from sqlalchemy import ColumnElement, case, or_, update

from diary.webhooks.model import LEASED, PENDING, deliveries
from diary.work import Work


def withdraw(work: Work, *which: ColumnElement[bool], state: str) -> None:
    """None of these is claimed once this is committed: what waits is settled as `state`.

    One that is in flight may still land; if it fails it is not tried again.
    """
    work.execute(
        update(deliveries)
        .where(*which, or_(PENDING, LEASED))
        .values(
            state=case((PENDING, state), else_=deliveries.c.state),
            settled_at=case((PENDING, work.now), else_=None),
            withdrawn=True,
        )
    )
