"""An engine's own connection to PostgreSQL: wake-ups come in on it, and its lock says "alive"."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from psycopg import Connection as Driver
from sqlalchemy import Connection, func, select

from diary.database import Database
from diary.logs import logger
from diary.wakeup import CHANNEL
from diary.webhooks.leases import lock_key

_log = logger("listen")
_SELF_TEST = 5.0
# How often it looks up from listening, so that it ends soon after it was told to.
_LOOK_UP = 0.5
_AFTER_FAULT = 1.0


class Deaf(Exception):
    """The connection takes statements, and what is announced does not come in on it."""


class Listener:
    """Hears for one engine. Where it does not, the engine's poll finds the work all the same.

    Every five seconds it announces something to itself and expects to hear it. On SQLite it
    does nothing: the one process wakes its engine without it.
    """

    def __init__(self, database: Database, engine_id: UUID, wake: Callable[[], None]) -> None:
        self._database = database
        self._engine_id = engine_id
        self._wake = wake
        self._holds = False
        self._tried = False
        self._ended = threading.Event()

    @property
    def lease_holder(self) -> UUID | None:
        """The engine, while its lock shows others that it lives; None while nothing shows it."""
        return self._engine_id if self._holds else None

    @property
    def hears(self) -> bool | None:
        """Whether wake-ups come in; None where that was not tried yet, or none are announced."""
        return self._holds if self._tried else None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen, from a thread, while the block lasts."""
        if self._database.is_sqlite:
            yield
            return
        self._ended = ended = threading.Event()
        threading.Thread(
            target=self._keep_listening, args=(ended,), name="listener", daemon=True
        ).start()
        try:
            yield
        finally:
            ended.set()

    def _keep_listening(self, ended: threading.Event) -> None:
        wait = 0.0
        while not ended.wait(wait):
            # At once after a connection that was good: peers take its leases for free meanwhile.
            wait = 0.0 if self._holds else _AFTER_FAULT
            self._holds = False
            try:
                with self._database.apart("listener") as connection:
                    self._listen(connection, ended)
            except Exception as error:
                self._tried = True
                if not ended.is_set():
                    _log.warning("listener.failed", engine_id=str(self._engine_id), error=error)
        self._holds = False

    def _listen(self, connection: Connection, ended: threading.Event) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, Driver)
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        self._holds = self._take_lock(connection)
        self._tried = True
        _log.info("listener.listening", engine_id=str(self._engine_id), locked=self._holds)
        # Whatever was announced while nobody listened.
        self._wake()
        test = self._engine_id.hex
        while not ended.is_set():
            connection.execute(select(func.pg_notify(CHANNEL, test)))
            heard = False
            for _ in range(round(_SELF_TEST / _LOOK_UP)):
                # Not held at once where PostgreSQL has not yet seen the connection before end.
                self._holds = self._holds or self._take_lock(connection)
                for note in driver.notifies(timeout=_LOOK_UP):
                    heard = heard or note.payload == test
                    # Any other payload is some engine's test of itself.
                    if not note.payload:
                        self._wake()
                if ended.is_set():
                    return
            if not heard:
                raise Deaf

    def _take_lock(self, connection: Connection) -> bool:
        lock = select(func.pg_try_advisory_lock(lock_key(self._engine_id)))
        return bool(connection.execute(lock).scalar_one())
