"""One transaction, one instant, one caller: what every verb of the house is given."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    Row,
    Select,
    Table,
    delete,
    select,
)

from diary.audit import audit_events
from diary.callers import Caller
from diary.clock import Clock
from diary.database import Database, bounds_in, enter
from diary.flush import flush, insert_unless_there
from diary.ids import NewId
from diary.isolation import bounds_of
from diary.sealing import Sealing
from diary.settings import Settings
from diary.vault import RandomBytes, Vault

_PURGED_AT_ONCE = 100


@dataclass(slots=True)
class Work:
    """A unit of work. Verbs take it first; they never commit and never ask what time it is.

    now: the one instant of this transaction. Rows handed to `add` are written together at the
    end, parents before children, or before the next statement that could want to see them.
    """

    connection: Connection
    caller: Caller
    now: datetime
    new_id: NewId
    vault: Sealing
    random: Random
    random_bytes: RandomBytes
    settings: Settings
    wakes_engine: bool = False
    _rows: list[tuple[Table, Mapping[str, Any]]] = field(default_factory=list)

    def add(self, table: Table, **row: Any) -> None:
        """Insert a row; every column without a value is NULL."""
        self._rows.append((table, row))

    def add_unless_there(self, table: Table, **row: Any) -> bool:
        """Insert a row at once; False, and nothing happens, where its key is taken, by whomever."""
        self.flush()
        return insert_unless_there(self.connection, table, row)

    def enter(self, clinic_id: UUID) -> None:
        """From now on this is that clinic's transaction: it was just found out whose it is."""
        self.flush()
        enter(self.connection, clinic_id)

    def enter_clinic_of(self, table: Table, which: ColumnElement[bool]) -> UUID | None:
        """Find out whose that row is and enter its clinic; None where there is no such row.

        A transaction that is a clinic's already stays there, and asks nothing.
        """
        clinic = bounds_in(self.connection).clinic
        if clinic is None:
            found = self.row(select(table.c.clinic_id).where(which))
            if found is None:
                return None
            clinic = found.clinic_id
            self.enter(clinic)
        return clinic

    def rows(
        self, query: Select[Any], values: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """All rows of a query. values: of the parameters of one that is built once and kept.

        Building a query costs more than running it: what a check-in asks is built once.
        """
        self.flush()
        return self.connection.execute(query, values).all()

    def row(self, query: Select[Any], values: Mapping[str, Any] | None = None) -> Row[Any] | None:
        """The one row of a query, or None; more than one is a defect."""
        self.flush()
        return self.connection.execute(query, values).one_or_none()

    def execute(
        self, statement: Executable, values: Mapping[str, Any] | None = None
    ) -> CursorResult[Any]:
        """Run an UPDATE or DELETE. values: of the parameters of one that is built once and kept."""
        self.flush()
        result = self.connection.execute(statement, values)
        assert isinstance(result, CursorResult)
        return result

    def flush(self) -> None:
        """Write the rows added so far."""
        if self._rows:
            rows, self._rows = self._rows, []
            flush(self.connection, rows)

    def audit(
        self,
        action: str,
        subject: str,
        subject_id: UUID,
        *,
        clinic: UUID | None = None,
        **detail: Any,
    ) -> None:
        """Leave a trace of a write in the same transaction. detail: codes and ids, never PHI."""
        self.add(
            audit_events,
            clinic_id=clinic or self.caller.clinic,
            id=self.new_id(),
            at=self.now,
            actor_kind=self.caller.kind,
            actor_id=self.caller.id,
            action=action,
            subject=subject,
            subject_id=subject_id,
            detail=detail or None,
        )

    def purge(self, key: Column[Any], old: ColumnElement[bool]) -> None:
        """Delete some rows of a table, past whatever is locked: two who purge must not wait for
        each other. key: the table's primary key."""
        some = select(key).where(old).limit(_PURGED_AT_ONCE).with_for_update(skip_locked=True)
        keys = [found for (found,) in self.rows(some)]
        if keys:
            self.execute(delete(key.table).where(old, key.in_(keys)))

    def wake_engine(self) -> None:
        """Hint, once this is committed, that there is something to deliver."""
        self.wakes_engine = True


@dataclass(frozen=True, slots=True)
class House:
    """What one process holds for its whole life. Time, ids and randomness come in here.

    wake: called after a commit that left something to deliver; only ever a hint.
    """

    settings: Settings
    database: Database
    clock: Clock
    new_id: NewId
    random: Random
    random_bytes: RandomBytes
    vault: Vault
    wake: Callable[[], None]

    @contextmanager
    def work(self, caller: Caller, *, write: bool = True) -> Iterator[Work]:
        """Begin; commit when the block returns; roll back when it raises.

        A caller with a clinic meets that clinic's rows alone.
        """
        # Not within the transaction: reading it for the first time takes one of its own.
        self.vault.root()
        bounds = bounds_of(caller)
        with self.database.transaction(write=write, bounds=bounds) as connection:
            work = Work(
                connection,
                caller,
                self.clock.now(),
                self.new_id,
                Sealing(self.vault, connection),
                self.random,
                self.random_bytes,
                self.settings,
            )
            yield work
            work.flush()
        if work.wakes_engine:
            self.wake()
