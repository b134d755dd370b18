"""The parts of a statement, as SQLAlchemy keeps them: what the reader of statements asks."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import (
    Alias,
    Insert,
    Join,
    Table,
    TextClause,
    Update,
)
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BooleanClauseList,
    ClauseElement,
    ColumnClause,
    Grouping,
)
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import FromClause, SelectBase, TableClause

from diary.isolation import clinic_column

# Where SQLAlchemy keeps what goes into a statement beside its own clauses.
_ADDED = ("_prefixes", "_suffixes", "_hints", "_statement_hints")
_EXTENDED = (
    "_post_select_clause",
    "_pre_columns_clause",
    "_post_criteria_clause",
    "_post_body_clause",
)
_ONE_WORD = re.compile(r"\*|\w+|'\w*'")


def has_added_words(part: Any) -> bool:
    """Whether words are put into it as they are: prefixes, suffixes, hints, extensions."""
    return any(getattr(part, name, None) for name in _ADDED) or any(
        getattr(part, name, None) is not None for name in _EXTENDED
    )


def given_values(statement: Insert | Update) -> dict[str, Any]:
    """The values that stand in the statement itself, by the column's name."""
    return {
        key if isinstance(key, str) else key.key: value
        for key, value in (statement._values or {}).items()
    }


def may_write_elsewhere(statement: Insert) -> bool:
    """Whether more than the one row is written that it names: where a key is taken, by another
    clinic's perhaps, or what a query finds."""
    conflict = statement._post_values_clause
    touches_the_other = conflict is not None and (
        conflict.__visit_name__ != "on_conflict_do_nothing"
    )
    several = statement.select is not None or bool(statement._multi_values)
    return touches_the_other or several


def walk(parts: Iterable[Any]) -> Iterator[Any]:
    """Queries, tables, columns and texts within expressions, into none of them; and whatever has an
    operator of one's own making."""
    for part in parts:
        if is_source(part) or isinstance(part, SelectBase | TextClause | ColumnClause):
            yield part
        elif isinstance(part, ClauseElement):
            if is_free(part):
                yield part
            yield from walk(part.get_children())


def is_free(part: Any) -> bool:
    """Whether it is, or joins its sides by, text that could be anything.

    One name, number or quoted word undoes nothing around it. The house makes no operators.
    """
    if isinstance(part, TextClause):
        return not _ONE_WORD.fullmatch(part.text)
    if isinstance(part, ColumnClause):
        return part.is_literal and not _ONE_WORD.fullmatch(part.name)
    used = (getattr(part, name, None) for name in ("operator", "modifier"))
    return any(isinstance(each, operators.custom_op) for each in used)


def tables(parts: Iterable[Any]) -> Iterator[FromClause]:
    """What the columns in them are of: a table, or what stands for one."""
    for part in walk(parts):
        if isinstance(part, ColumnClause) and part.table is not None:
            yield part.table


def equalities(conditions: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Whatever must be equal for these to hold."""
    for condition in conditions:
        if isinstance(condition, Grouping):
            yield from equalities([condition.element])
        elif isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
            yield from equalities(condition.clauses)
        elif isinstance(condition, BinaryExpression) and condition.operator is operators.eq:
            yield condition.left, condition.right


def leaves(froms: Iterable[FromClause]) -> list[FromClause]:
    found: list[FromClause] = []
    for each in froms:
        found += leaves([each.left, each.right]) if isinstance(each, Join) else [each]
    return list(dict.fromkeys(found))


def joins(froms: Iterable[FromClause]) -> Iterator[Join]:
    for each in froms:
        if isinstance(each, Join):
            yield each
            yield from joins([each.left, each.right])


def is_source(part: Any) -> bool:
    """Whether rows come from it; SQLAlchemy takes every function for such a thing."""
    return isinstance(part, FromClause) and not isinstance(part, FunctionElement)


def told(query: SelectBase) -> tuple[int | None, Any]:
    """The column that its rows call `clinic_id`, and its place; None where several could be it."""
    columns = list(query.selected_columns.items())
    if len(columns) != len(list(query._all_selected_columns)):
        return None, None  # text among them, which may be any number of columns
    found = [
        (place, column)
        for place, (name, column) in enumerate(columns)
        if "clinic_id" in (name, column.key, getattr(column, "name", None))
    ]
    return found[0] if len(found) == 1 else (None, None)


def owner(column: Any) -> FromClause | None:
    """The table, or what stands for one, whose rows' clinic this column tells."""
    if not isinstance(column, ColumnClause) or column.table is None:
        return None
    table = column.table
    own = clinic_column_of(table) if is_named_table(table) else "clinic_id"
    return table if column.name == own else None


def is_named_table(source: Any) -> bool:
    return isinstance(table_of(source), TableClause)


def table_of(source: Any) -> Any:
    """The table itself, for one under another name."""
    return source.element if isinstance(source, Alias) else source


def clinic_column_of(source: Any) -> str | None:
    table = table_of(source)
    return clinic_column(table) if isinstance(table, Table) else None


def is_of(source: FromClause, named: Iterable[Any]) -> bool:
    return any(each is source or getattr(each, "table", None) is source for each in named)
