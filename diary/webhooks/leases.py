"""Leases of engines that died: found by the lock that each engine holds while it lives.

An engine that is killed loses its connection, and PostgreSQL its lock, in the same moment. So its
leases need not run out before a peer owes them again. Where nothing can show that an engine lives
(SQLite, a lost connection) its leases name nobody, and running out is what frees them.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select

from diary.webhooks.model import LEASED, deliveries
from diary.webhooks.queue import release
from diary.work import Work


def lock_key(engine_id: UUID) -> int:
    """The key of an engine's advisory lock: the random half of its id."""
    return int.from_bytes(engine_id.bytes[8:], signed=True)


def holders(work: Work) -> set[UUID]:
    """The other engines that hold a lease under their lock."""
    rows = work.rows(
        select(deliveries.c.leased_by)
        .where(
            LEASED, deliveries.c.leased_by.is_not(None), deliveries.c.leased_by != work.caller.id
        )
        .distinct()
    )
    return {row.leased_by for row in rows}


def dead(work: Work, engines: Collection[UUID]) -> set[UUID]:
    """Those whose lock nobody holds; until the end of this transaction nobody can take it."""
    found = set()
    for engine in engines:
        row = work.row(select(func.pg_try_advisory_xact_lock(lock_key(engine)).label("free")))
        if row is not None and row.free:
            found.add(engine)
    return found


def reclaim(work: Work, engines: Collection[UUID]) -> int:
    """Owe again what these engines had leased; returns how many. Only for those that are `dead`."""
    return release(work, LEASED & deliveries.c.leased_by.in_(engines))
