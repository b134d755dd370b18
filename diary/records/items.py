"""Items of a section, read a bounded number at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, literal, tuple_

from diary.work import Work

Key = tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Found:
    """Some items, and the key of the last where there may be more."""

    items: Sequence[Any]
    next: Key


def read_after(
    work: Work,
    query: Select[Any],
    by: tuple[ColumnElement[Any], ...],
    after: Key,
    limit: int,
    shown: Callable[[Row[Any]], Any] = lambda row: row,
) -> Found:
    """by: columns that the query returns under their own names, together unique."""
    if after is not None:
        there = (literal(value, column.type) for value, column in zip(after, by, strict=True))
        query = query.where(tuple_(*by) > tuple_(*there))
    rows = work.rows(query.order_by(*by).limit(limit + 1))
    items, more = rows[:limit], len(rows) > limit
    key = tuple(items[-1]._mapping[column] for column in by) if more else None
    return Found([shown(row) for row in items], key)
