"""Hints from whoever committed to whoever delivers.

Only ever hints: the engine looks for what is due by itself as well. They may come late, come
twice or not at all, and they neither hold up nor fail the request that gives them.
"""

import threading
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import Connection

from diary.database import Database
from diary.logs import logger

CHANNEL = "interlude"
_log = logger("wakeup")
_AFTER_FAULT = 1.0


class Wakeup:
    """Call it after a commit that left something to deliver; who listens is told at once."""

    def __init__(self) -> None:
        self._listener: Callable[[], None] | None = None
        self._announcer: Callable[[], None] | None = None

    def listen(self, listener: Callable[[], None]) -> None:
        """Have the listener called, from the thread that committed; the last one listens."""
        self._listener = listener

    def announce(self, announcer: Callable[[], None]) -> None:
        """Have other processes told as well, after the listener of this one."""
        self._announcer = announcer

    def __call__(self) -> None:
        if self._listener is not None:
            self._listener()
        if self._announcer is not None:
            self._announcer()


class Announcer:
    """Tells every engine on this PostgreSQL that something was committed.

    From a thread and a connection of its own, and never within the transaction it tells of: a
    NOTIFY makes commits wait for each other. Whatever is asked for while one is under way is one
    more, so a burst of commits costs two.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked = threading.Event()
        self._starting = threading.Lock()
        self._started = False

    def __call__(self) -> None:
        self._asked.set()
        if self._started:
            return
        with self._starting:
            if not self._started:
                # A process without room for a thread has answered its request all the same.
                with suppress(RuntimeError):
                    threading.Thread(target=self._run, name="announcer", daemon=True).start()
                    self._started = True

    def _run(self) -> None:
        kept: Connection | None = None
        while True:
            self._asked.wait()
            self._asked.clear()
            was_kept = kept is not None
            try:
                kept = kept or self._database.apart("announcer")
                kept.exec_driver_sql(f"NOTIFY {CHANNEL}")
            except Exception as error:
                if kept is not None:
                    with suppress(Exception):
                        kept.close()
                kept = None
                self._asked.set()
                if not was_kept:
                    _log.warning("announcer.failed", error=error)
                    threading.Event().wait(_AFTER_FAULT)
