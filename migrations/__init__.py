"""The schema's history: bring a database to the newest schema, or back.

Each file in `versions/` is one step, dated, and says why. A step imports no model: it must do in
three years what it did on its first day.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.pool import NullPool

from diary.database import UnsafeDatabase, safe_sqlite
from migrations import roles
from migrations.roles import CannotSetUp

__all__ = ["BrokenReferences", "CannotSetUp"]

_ROOT = Path(__file__).parent.parent
# Of this product's migrators alone: the letters "intrlude" as a 64-bit number.
_LOCK = int.from_bytes(b"intrlude", "big", signed=True)


class BrokenReferences(Exception):
    """A migration would have left rows that point at nothing; it was rolled back."""


def upgrade(url: str, to: str = "head", *, serving: str | None = None) -> None:
    """Bring the database to the newest schema; harmless where it is there already.

    url: as whoever owns the tables. serving: as the processes connect, where that is another role
    of PostgreSQL, which is made and given its rights. Raises CannotSetUp.
    """
    with exclusive(url) as connection:
        command.upgrade(_config(connection), to)
        # Only the newest schema has all the tables that rights and policies are about.
        if to == "head" and connection.dialect.name == "postgresql":
            roles.establish(connection, make_url(serving or url))


def require_isolation(url: str) -> None:
    """Raises UnsafeDatabase where PostgreSQL would not keep the clinics apart for this role."""
    if found := isolation_faults(url):
        raise UnsafeDatabase(
            f"PostgreSQL would not keep clinics apart: {found[0]}. Run `python -m diary migrate` "
            "with INTERLUDE_OWNER_DATABASE_URL; docs/operations.md says how."
        )


def isolation_faults(url: str) -> list[str]:
    """What keeps PostgreSQL from keeping clinics apart for this role, a sentence each."""
    if url.startswith("sqlite"):
        return []
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            return list(roles.faults(connection))
    finally:
        engine.dispose()


def downgrade(url: str, to: str) -> None:
    """Take the schema back to a revision; `base` is before the first."""
    with exclusive(url) as connection:
        command.downgrade(_config(connection), to)


def current(url: str) -> str | None:
    """The revision that the database is at; None before the first."""
    if (file := _sqlite_file(url)) and not file.exists():
        return None  # connecting would make an empty one
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def is_current(url: str) -> bool:
    """Whether the database is at the newest schema."""
    return current(url) == ScriptDirectory.from_config(_config()).get_current_head()


@contextmanager
def exclusive(url: str) -> Iterator[Connection]:
    """A transaction that is the only migrator's; another one waits for it to end.

    It meets every clinic's rows, also as an owner whom PostgreSQL holds to its policies.
    """
    if file := _sqlite_file(url):
        file.parent.mkdir(parents=True, exist_ok=True)
    engine = _engine(url)
    try:
        with engine.execution_options(migrates=True).begin() as connection:
            if engine.dialect.name == "postgresql":
                _wait_for_our_turn(connection)
            yield connection
            if engine.dialect.name == "sqlite":
                _check_references(connection)
    finally:
        engine.dispose()


def _sqlite_file(url: str) -> Path | None:
    file = make_url(url).database
    return Path(file) if file and url.startswith("sqlite") else None


def _config(connection: Connection | None = None) -> Config:
    config = Config(toml_file=_ROOT / "pyproject.toml")
    config.attributes["connection"] = connection
    return config


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        # The driver that the diary itself uses, whatever the URL leaves open.
        driver = make_url(url).set(drivername="postgresql+psycopg")
        return create_engine(
            driver,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={"connect_timeout": 5},
        )
    engine = create_engine(url, module=safe_sqlite(), poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        # The driver would commit before DDL by itself. Foreign keys are off because altering a
        # table on SQLite is copying and dropping it, which must not take its children along.
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout=60000")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=OFF")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        migrates = connection.get_execution_options().get("migrates")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if migrates else "BEGIN")

    return engine


def _wait_for_our_turn(connection: Connection) -> None:
    connection.execute(text("SET LOCAL statement_timeout = '10min'"))
    # The lock ends with the transaction, so a migrator that dies holds up nobody.
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    # Whoever waits for a table holds up everyone behind: give way, and be run again.
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    connection.execute(text(f"SET LOCAL {roles.MIGRATES} = 'on'"))


def _check_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = sorted({row[0] for row in broken})
        raise BrokenReferences(
            f"{len(broken)} rows of {', '.join(tables)} would point at nothing; nothing was changed"
        )
