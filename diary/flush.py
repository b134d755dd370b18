"""Write a transaction's new rows: one composed statement on PostgreSQL, in order on SQLite.

On PostgreSQL a round trip is the currency, so all rows travel as one INSERT with the others as
common table expressions; foreign keys are checked when the statement ends. Few shapes of
transactions exist, so each shape's statement is built once and served from a cache.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Insert,
    Table,
    bindparam,
    func,
    insert,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from diary.columns import metadata

# A longer statement saves nothing more, and each length is a shape of its own.
_ROWS_PER_STATEMENT = 16

_Shape = tuple[tuple[str, tuple[str, ...]], ...]


def flush(connection: Connection, rows: Sequence[tuple[Table, Mapping[str, Any]]]) -> None:
    """Insert the rows; parents must come before children."""
    if connection.dialect.name == "sqlite" or _are_alike(rows):
        for (table, _), group in groupby(rows, key=lambda entry: (entry[0], tuple(entry[1]))):
            connection.execute(_plain(table), [dict(row) for _, row in group])
        return
    for start in range(0, len(rows), _ROWS_PER_STATEMENT):
        part = rows[start : start + _ROWS_PER_STATEMENT]
        shape = tuple((table.name, tuple(row)) for table, row in part)
        values = {
            f"r{number}_{column}": value
            for number, (_, row) in enumerate(part)
            for column, value in row.items()
        }
        connection.execute(_composed(shape), values)


def insert_unless_there(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert the row unless a key is taken; one that another transaction is inserting counts."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    unless_there = dialect.insert(table).on_conflict_do_nothing()
    done = connection.execute(
        unless_there, dict(row), execution_options={"preserve_rowcount": True}
    )
    return done.rowcount > 0


def update_each(
    connection: Connection,
    rows: ColumnElement[bool],
    key: Column[Any],
    values: Mapping[Column[Any], Sequence[Any]],
) -> int:
    """Update many rows, each with values of its own; see `Work.update_each`."""
    names = [f"new_{column.name}" for column in values]
    new: dict[str, ColumnElement[Any]]
    given: Any
    if connection.dialect.name == "sqlite":
        new = {
            column.name: bindparam(name, type_=column.type)
            for name, column in zip(names, values, strict=True)
        }
        given = [dict(zip(names, row, strict=True)) for row in zip(*values.values(), strict=True)]
    else:
        # All of them in one round trip, and planned once.
        arrays = [
            bindparam(name, type_=postgresql.ARRAY(column.type))
            for name, column in zip(names, values, strict=True)
        ]
        listed = func.unnest(*arrays).table_valued(*(column.name for column in values))
        new = dict(listed.render_derived().c)
        given = {name: list(each) for name, each in zip(names, values.values(), strict=True)}
    theirs = key == new.pop(key.name)
    return connection.execute(update(key.table).where(rows, theirs).values(new), given).rowcount


def _are_alike(rows: Sequence[tuple[Table, Mapping[str, Any]]]) -> bool:
    """Many rows of one table travel in one round trip as they are, and cost less than composed."""
    first, columns = rows[0][0], tuple(rows[0][1])
    return len(rows) > 1 and all(table is first and tuple(row) == columns for table, row in rows)


@lru_cache(maxsize=256)
def _plain(table: Table) -> Insert:
    return insert(table)


@lru_cache(maxsize=256)
def _composed(shape: _Shape) -> Insert:
    inserts = [_one(number, name, columns) for number, (name, columns) in enumerate(shape)]
    *before, last = inserts
    return last.add_cte(*(one.cte(f"w{number}") for number, one in enumerate(before)))


def _one(number: int, name: str, columns: tuple[str, ...]) -> Insert:
    table = metadata.tables[name]
    # A bind named as a column would be taken for that column of every insert in the statement.
    binds = {
        column: bindparam(f"r{number}_{column}", type_=table.c[column].type) for column in columns
    }
    return insert(table).values(binds)
