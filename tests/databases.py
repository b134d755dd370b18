"""Databases that a worker keeps, and brings back to what was in them once.

To make a database for every test, to connect to it and to bring the people in takes longer than
most tests.
"""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

import migrations
from diary.database import Database
from diary.isolation import EVERYTHING
from diary.tables import metadata
from tests.postgresql import Server

POOL = 5
EMPTY = "empty"
# Whoever is left of a process that a test killed: in a transaction, or with an engine's lock.
_LEFT_BEHIND = """
    SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND (
        state <> 'idle' OR pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')
    )
"""


class Kept(ABC):
    """One database with the newest schema, empty at first, and its pool."""

    def __init__(self, url: str, owner: str | None = None) -> None:
        """url: as the product connects. owner: whoever migrates, where that is somebody else."""
        migrations.upgrade(owner or url, serving=url)
        self.url = url
        self.owner = owner or url
        self.database = Database(url, pool_size=POOL)
        self._kept: set[str] = set()
        self.keep(EMPTY)

    def holding(self, content: str, furnish: Callable[[Database], None]) -> None:
        """Bring that content back, which `furnish` brings into an empty database once."""
        if content not in self._kept:
            self.empty()
            furnish(self.database)
            self.keep(content)
        else:
            self._bring_back(content)

    def empty(self) -> None:
        """Leave nothing in it but the schema."""
        self._bring_back(EMPTY)

    def keep(self, content: str) -> None:
        """Remember what is in it now."""
        self._keep(content)
        self._kept.add(content)

    def alter(self, statement: str) -> None:
        """Change the schema, as whoever owns it."""
        with self.database.transaction(write=True, bounds=EVERYTHING) as connection:
            connection.exec_driver_sql(statement)

    def close(self) -> None:
        """Leave it."""
        self.database.close()

    @abstractmethod
    def _keep(self, content: str) -> None: ...

    @abstractmethod
    def _bring_back(self, content: str) -> None: ...


class KeptFile(Kept):
    """A SQLite file, with copies beside it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "diary.db"
        super().__init__(f"sqlite:///{self._file}")

    def _keep(self, content: str) -> None:
        self.database.close()  # the last to close moves what is in the log into the file
        shutil.copyfile(self._file, self._file.with_suffix(f".{content}"))

    def _bring_back(self, content: str) -> None:
        self.database.close()
        for beside in ("-wal", "-shm"):
            self._file.with_name(self._file.name + beside).unlink(missing_ok=True)
        shutil.copyfile(self._file.with_suffix(f".{content}"), self._file)


class KeptOnServer(Kept):
    """A PostgreSQL database; contents are rows, kept here.

    Migrated and brought back as a superuser; the product meets it as a role that owns nothing.
    """

    def __init__(self, server: Server) -> None:
        owner = server.create_database("kept")
        plain = make_url(owner).set(drivername="postgresql")
        self._connection = psycopg.connect(
            plain.render_as_string(hide_password=False), autocommit=True
        )
        # Parents before children. The newest migration's own table is not among the house's.
        self._tables = [table.name for table in metadata.sorted_tables]
        self._rows: dict[str, dict[str, bytes]] = {}
        super().__init__(server.serving(owner), owner)

    def alter(self, statement: str) -> None:
        self._connection.execute(statement.encode())

    def close(self) -> None:
        super().close()
        self._connection.close()

    def _keep(self, content: str) -> None:
        self._rows[content] = {}
        for table in self._tables:
            with self._connection.cursor().copy(f'COPY "{table}" TO STDOUT') as copy:
                rows = b"".join(bytes(chunk) for chunk in copy)
            if rows:
                self._rows[content][table] = rows

    def _bring_back(self, content: str) -> None:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(_LEFT_BEHIND)
            cursor.execute("TRUNCATE " + ", ".join(f'"{table}"' for table in self._tables))
            for table, rows in self._rows[content].items():
                with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                    copy.write(rows)
