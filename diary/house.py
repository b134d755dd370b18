"""Open the house for a process: real time, real ids, real randomness."""

import os
from random import SystemRandom

from filelock import FileLock, Timeout

from diary.clock import SystemClock
from diary.database import Database, UnsafeDatabase
from diary.ids import new_id
from diary.settings import Settings
from diary.vault import Vault
from diary.wakeup import Announcer, Wakeup
from diary.work import House


def open_house(settings: Settings, wake: Wakeup | None = None) -> House:
    """The house that these settings describe. wake: told of commits that left work."""
    database = Database(settings.database_url, pool_size=settings.pool_size)
    wake = wake or Wakeup()
    if not database.is_sqlite:
        wake.announce(Announcer(database))
    return House(
        settings=settings,
        database=database,
        clock=SystemClock(),
        new_id=new_id,
        random=SystemRandom(),
        random_bytes=os.urandom,
        vault=Vault(settings.masters, os.urandom, database),
        wake=wake,
    )


def serve_alone(house: House) -> FileLock | None:
    """On SQLite, be the one process that serves this file; keep what is returned.

    Raises UnsafeDatabase while another process serves it: its engine and ours would not see each
    other's leases in time. None on PostgreSQL, where any number may serve.
    """
    if house.database.file is None:
        return None
    lock = FileLock(f"{house.database.file}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UnsafeDatabase(
            "another process serves this SQLite file; one process at a time, or PostgreSQL"
        ) from None
    return lock
