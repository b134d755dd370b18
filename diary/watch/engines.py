"""The engines that run: each says so about once a second, from the loop that does the work."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, update

from diary.watch.model import engines
from diary.work import Work

# An engine whose last word is older than this is taken for dead, whatever became of it.
ALIVE = timedelta(seconds=5)
_KEPT = timedelta(days=1)


def beat(
    work: Work,
    engine_id: UUID,
    *,
    started_at: datetime,
    standby: bool,
    listening: bool | None,
    figures: dict[str, Any],
) -> None:
    """Say that this engine works now. The first time also forgets who has been silent for a day."""
    said = {"beat_at": work.now, "listening": listening, "figures": figures}
    if work.execute(update(engines).where(engines.c.id == engine_id).values(**said)).rowcount:
        return
    work.execute(delete(engines).where(engines.c.beat_at < work.now - _KEPT))
    work.add(engines, id=engine_id, started_at=started_at, standby=standby, **said)


def leave(work: Work, engine_id: UUID) -> None:
    """This engine has ended in order: nobody need wait to find out."""
    work.execute(delete(engines).where(engines.c.id == engine_id))


def living(work: Work) -> Sequence[Row[Any]]:
    """The engines that spoke a moment ago: those that take precedence first.

    An engine of its own comes before one that only stands in for it, then the one that has run
    longer. A word from the future is no word: the clock was set back since.
    """
    return work.rows(
        select(engines)
        .where(engines.c.beat_at > work.now - ALIVE, engines.c.beat_at < work.now + ALIVE)
        .order_by(engines.c.standby, engines.c.started_at, engines.c.id)
    )
