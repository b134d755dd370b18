"""One database, SQLite or PostgreSQL, with the durability that a 2xx answer promises."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from time import sleep
from types import ModuleType
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from diary import guard
from diary.isolation import SETTING, Bounds, Door

# Unique violation, serialisation failure, deadlock: another transaction got there first.
_LOST_RACE = {"23505", "40001", "40P01"}
_DISK_FULL = "53100"
# Releases whose write-ahead log can be corrupted when it is reset during a checkpoint.
_WAL_BUG_FROM, _WAL_BUG_TO = (3, 7, 0), (3, 51, 2)
# How often it is tried to empty SQLite's log, how long each time for whoever reads, which keeps
# writers waiting too, and how long writers come first.
_EMPTYING_TRIES = 8
_EMPTYING_WAIT = 100  # milliseconds
_EMPTYING_APART = 0.05  # seconds
_BUSY_TIMEOUT = 5000  # milliseconds
# Several statements in one string, which the driver sends as they are; and no statement of ours is
# judged by the bounds that it sets.
_AS_IT_IS = {"no_parameters": True, "bounds": None}


class UnsafeDatabase(Exception):
    """This database would not keep what it was given."""


class NestedTransaction(Exception):
    """A transaction was begun while the same thread had one open.

    With the pool's last connection, or SQLite's one writer, it would wait for itself.
    """


class Database:
    """A pool of connections, and the transactions that run on them.

    On SQLite one thread of the process writes at a time: SQLite's own busy handler is unfair
    and lets single writers wait for half a second under load.
    """

    def __init__(self, url: str, *, pool_size: int) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self._thread = threading.local()
        self._one_writer = threading.Lock() if self.is_sqlite else nullcontext()
        self._engine = (
            _sqlite(url, pool_size)
            if self.is_sqlite
            else _postgresql(
                url,
                pool_size=pool_size,
                max_overflow=0,
                pool_timeout=5,
                # The driver would spend a round trip on a BEGIN of its own.
                isolation_level="AUTOCOMMIT",
            )
        )
        event.listen(self._engine, "before_cursor_execute", guard.check)
        self._url = url

    @contextmanager
    def transaction(self, *, write: bool, bounds: Bounds) -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises.

        What leaves its bounds raises UnscopedStatement, and on PostgreSQL meets no row. One at a
        time in each thread; raises NestedTransaction for a second.
        """
        if getattr(self._thread, "is_busy", False):
            raise NestedTransaction
        self._thread.is_busy = True
        try:
            with self._one_writer if write else nullcontext(), self._engine.begin() as connection:
                if self.is_sqlite:
                    # A deferred transaction that reads before it writes fails at once when
                    # another one wrote in between, whatever the busy timeout.
                    begin = "BEGIN IMMEDIATE" if write else "BEGIN"
                else:
                    begin = f"BEGIN; {_set(bounds)}"
                connection.exec_driver_sql(begin, execution_options=_AS_IT_IS)
                yield connection.execution_options(bounds=bounds)
        finally:
            self._thread.is_busy = False

    def empty_log(self) -> bool:
        """Bring SQLite's write-ahead log into the file and leave nothing in it.

        Only then are bytes that were written over, such as a destroyed key's, in neither. False
        where it could not be done, mostly because somebody reads; on PostgreSQL there is nothing
        to do. Outside a transaction; raises NestedTransaction.
        """
        if getattr(self._thread, "is_busy", False):
            raise NestedTransaction
        if not self.is_sqlite:
            return True
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={_EMPTYING_WAIT}")
                try:
                    return self._is_emptied(connection)
                finally:
                    connection.exec_driver_sql(f"PRAGMA busy_timeout={_BUSY_TIMEOUT}")
        except SQLAlchemyError:
            return False

    def _is_emptied(self, connection: Connection) -> bool:
        for tried in range(_EMPTYING_TRIES):
            if tried:
                sleep(_EMPTYING_APART)
            with self._one_writer:
                is_busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            if not is_busy:
                return True
        return False

    def apart(self, purpose: str) -> Connection:
        """A connection of PostgreSQL outside the pool, for whoever keeps one and closes it.

        Each statement commits by itself. purpose: what PostgreSQL's list of connections says.
        """
        how = {"poolclass": NullPool, "isolation_level": "AUTOCOMMIT"}
        return _postgresql(self._url, name=f"interlude {purpose}", **how).connect()

    @property
    def file(self) -> str | None:
        """The path of the SQLite file; None on PostgreSQL."""
        return self._engine.url.database if self.is_sqlite else None

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


def enter(connection: Connection, clinic_id: UUID) -> None:
    """From now on the transaction is that clinic's; an operator's stays what it is.

    Raises UnscopedStatement in a transaction of another clinic.
    """
    before = bounds_in(connection)
    if before.door is Door.OPERATOR or before.clinic == clinic_id:
        return
    if before.clinic is not None:
        raise guard.UnscopedStatement("a clinic's transaction enters no other clinic")
    bounds = Bounds(clinic=clinic_id)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_set(bounds), execution_options=_AS_IT_IS)
    connection.execution_options(bounds=bounds)


def bounds_in(connection: Connection) -> Bounds:
    """The bounds of the transaction on it."""
    bounds: Bounds = connection.get_execution_options()["bounds"]
    return bounds


def _set(bounds: Bounds) -> str:
    """What tells PostgreSQL the bounds, until the transaction ends."""
    role = "NONE" if bounds.door is None else bounds.door.value
    clinic = "" if bounds.clinic is None else str(UUID(int=bounds.clinic.int))
    return f"SET LOCAL ROLE {role}; SET LOCAL {SETTING} = '{clinic}'"


def lost_race(error: DBAPIError) -> bool:
    """Whether the transaction failed only because another one was first, so that it may rerun."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _LOST_RACE
    message = str(error.orig)
    if isinstance(error, IntegrityError):
        return message.startswith("UNIQUE constraint failed")
    return isinstance(error, OperationalError) and "locked" in message


def is_full(error: DBAPIError) -> bool:
    """Whether the database has no room left on its disk."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return bool(state == _DISK_FULL)
    return isinstance(error, OperationalError) and "disk is full" in str(error.orig)


def unreachable(error: DBAPIError) -> bool:
    """Whether the database could not be reached or did not answer in time."""
    return isinstance(error, OperationalError) or error.connection_invalidated


def _to_json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def _postgresql(url: str, name: str = "interlude", **how: Any) -> Engine:
    url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    limits = "-c synchronous_commit=on -c lock_timeout=5s -c statement_timeout=10s"
    return create_engine(
        url,
        **how,
        pool_pre_ping=False,
        # What an error says must not hold what was sent.
        hide_parameters=True,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
        connect_args={
            "options": limits,
            "connect_timeout": 5,
            "application_name": name,
            # A database behind a dead network path must be given up in seconds, not hours.
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,
        },
    )


def _sqlite(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        module=safe_sqlite(),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        hide_parameters=True,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        # The driver must not open transactions by itself: Database chooses their kind.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={_BUSY_TIMEOUT}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            # What is deleted or written over, such as a destroyed key, leaves no bytes in its page.
            "secure_delete=FAST",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def safe_sqlite() -> ModuleType:
    try:
        module: ModuleType = import_module("pysqlite3.dbapi2")
    except ImportError:
        module = sqlite3
    version = module.sqlite_version_info
    if _WAL_BUG_FROM <= version <= _WAL_BUG_TO:
        raise UnsafeDatabase(
            f"SQLite {module.sqlite_version} can corrupt its write-ahead log; "
            "3.51.3 or newer is needed (package pysqlite3), or PostgreSQL."
        )
    return module
