"""The column types and the metadata that every table shares."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    TypeDecorator,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from diary.severity import Severity

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """A moment, always UTC. Refuses a naive value: SQLite would drop its offset in silence."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its UTC offset")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class SeverityColumn(TypeDecorator[Severity]):
    """A severity stored as its rank, so that the database orders it as the house does."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: Severity | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Severity | None:
        return None if value is None else Severity(value)


Id = Uuid(as_uuid=True)
# Without none_as_null an absent document would be stored as the JSON word null.
Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def clinic_table(name: str, *items: Any) -> Table:
    """A table whose rows belong to a clinic: its primary key is (clinic_id, id)."""
    return Table(
        name,
        metadata,
        Column("clinic_id", Id, ForeignKey("clinics.id"), primary_key=True),
        Column("id", Id, primary_key=True),
        *items,
    )


def version_column() -> Column[int]:
    """Counts the changes of a row that people make; `diary.versions` says why."""
    return Column("version", Integer, nullable=False, server_default="1")


def within_clinic(column: str, target: str) -> ForeignKeyConstraint:
    """A foreign key that cannot leave the clinic: (clinic_id, column) → target's primary key."""
    return ForeignKeyConstraint(["clinic_id", column], [f"{target}.clinic_id", f"{target}.id"])


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the rows that satisfy `where` alone, on both databases."""
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


class as_stored(FunctionElement[Any]):
    """A column's value to the letter, as bytes or text, for whoever has to notice any change.

    Nothing is decoded on the way: what no column type could read any more can be read so. It is of
    one kind of database; the other writes the same value otherwise.
    """

    inherit_cache = True


@compiles(as_stored, "sqlite")
def _as_stored_on_sqlite(element: as_stored, compiler: SQLCompiler, **how: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **how)} AS BLOB)"


@compiles(as_stored, "postgresql")
def _as_stored_on_postgresql(element: as_stored, compiler: SQLCompiler, **how: Any) -> str:
    (column,) = element.clauses
    value = compiler.process(column, **how)
    if isinstance(column.type, LargeBinary):
        return value
    if isinstance(column.type, Instant):
        # How a moment is written depends on the session; its seconds do not.
        value = f"EXTRACT(EPOCH FROM {value})"
    return f"CAST({value} AS TEXT)"
