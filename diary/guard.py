"""No statement leaves for another clinic's rows: each is read before it is sent, on both databases.

A clinic's table must be tied to the transaction's clinic: by `clinic_id = value`, or by equality
with the `clinic_id` of a table that is tied. What a condition does not force is not tied (OR, an
outer join's own side), and what cannot be read (text, the driver's own SQL) is refused. A statement
is read once for each shape of it; after that only the values are compared.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import (
    Alias,
    BindParameter,
    Connection,
    Delete,
    Insert,
    Join,
    Select,
    Table,
    TextClause,
    Update,
)
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BooleanClauseList,
    ClauseElement,
    ColumnClause,
    Grouping,
)
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import (
    CTE,
    AliasedReturnsRows,
    CompoundSelect,
    FromClause,
    SelectBase,
    SelectStatementGrouping,
    Subquery,
    TableClause,
)

from diary.columns import metadata
from diary.isolation import RIGHTS, Bounds, Command, Door, clinic_column

# Where SQLAlchemy keeps what goes into a statement beside its own clauses.
_ADDED = ("_prefixes", "_suffixes", "_hints", "_statement_hints")
_EXTENDED = (
    "_post_select_clause",
    "_pre_columns_clause",
    "_post_criteria_clause",
    "_post_body_clause",
)

# A value that a clinic's column is equal to, or is given: as a parameter's name when it is sent.
_Tie = BindParameter[Any]


class UnscopedStatement(Exception):
    """A defect: this statement could have met rows that its transaction has no business with."""


@dataclass(frozen=True, slots=True)
class _Use:
    """A table in a statement, and what happens to it.

    ties: the values that its rows' clinic is held to, all of them; empty where nothing holds it.
    """

    table: str
    command: Command
    is_owned: bool
    ties: tuple[str, ...]


_read: WeakKeyDictionary[SQLCompiler, tuple[_Use, ...]] = WeakKeyDictionary()


def check(
    _connection: Connection,
    _cursor: Any,
    _statement: str,
    _parameters: Any,
    context: Any,
    _many: bool,
) -> None:
    """Refuse a statement that leaves the bounds of its transaction; for `before_cursor_execute`.

    The transaction's `Bounds` are its connection's execution option `bounds`.
    """
    bounds: Bounds | None = context.execution_options.get("bounds")
    if bounds is None or bounds.door is Door.OPERATOR:
        return
    compiled = context.compiled
    if not isinstance(compiled, SQLCompiler):
        raise UnscopedStatement("what is not made of tables cannot be judged")
    uses = _read.get(compiled)
    if uses is None:
        uses = _read[compiled] = _uses(compiled)
    for use in uses:
        _judge(use, bounds, context.compiled_parameters)


def _judge(use: _Use, bounds: Bounds, sent: Iterable[Mapping[str, Any]]) -> None:
    if bounds.door is not None:
        if use.command not in RIGHTS[bounds.door].get(use.table, ()):
            raise UnscopedStatement(f"{bounds.door} may not {use.command} {use.table}")
    elif use.is_owned:
        if not use.ties:
            raise UnscopedStatement(f"{use.command} {use.table} is not held to a clinic")
        for values in sent:
            if any(not _is_clinic(values.get(tie), bounds.clinic) for tie in use.ties):
                raise UnscopedStatement(f"{use.command} {use.table} is held to another clinic")


def _is_clinic(value: object, clinic: UUID | None) -> bool:
    return isinstance(value, UUID) and value == clinic


def _uses(compiled: SQLCompiler) -> tuple[_Use, ...]:
    statement = compiled.statement
    assert statement is not None
    reader = _Reader(compiled)
    reader.read(statement, None)
    return tuple(dict.fromkeys(reader.uses))


class _Scope:
    """One SELECT, UPDATE or DELETE: what it reads from, and what holds each of that to a clinic."""

    def __init__(self, own: Iterable[FromClause], outer: "_Scope | None") -> None:
        self.own = list(own)
        self.outer = outer
        self.ties: dict[FromClause, tuple[_Tie, ...]] = dict(outer.ties) if outer else {}
        for each in self.own:
            self.ties.pop(each, None)

    def seen(self) -> list[FromClause]:
        """What a query within this one can refer to."""
        return [*self.own, *(self.outer.seen() if self.outer else ())]


class _Reader:
    """Collects what a statement does to which tables."""

    def __init__(self, compiled: SQLCompiler) -> None:
        self._compiled = compiled
        self._names = compiled.bind_names
        self._given = {name: tie for tie, name in self._names.items()}
        self._provided: dict[object, tuple[_Tie, ...]] = {}
        self.uses: list[_Use] = []

    def read(
        self, statement: ClauseElement, outer: _Scope | None, *, as_source: bool = False
    ) -> tuple[_Tie, ...]:
        """Read a statement or query; what the `clinic_id` of its rows is held to."""
        self._added(statement)
        for cte in getattr(statement, "_independent_ctes", ()):
            self._provides(cte)
        if isinstance(statement, SelectStatementGrouping):
            return self.read(statement.element, outer, as_source=as_source)
        if isinstance(statement, CompoundSelect):
            return self._compound(statement, outer)
        if isinstance(statement, Select):
            return self._select(statement, outer, as_source=as_source)
        if isinstance(statement, Insert):
            self._insert(statement)
        elif isinstance(statement, Update | Delete):
            self._change(statement)
        else:
            self._use(None, Command.SELECT, ())
        return ()

    def _added(self, part: Any) -> None:
        """Refuse words that are put into it as they are: prefixes, suffixes, hints, extensions."""
        if any(getattr(part, name, None) for name in _ADDED) or any(
            getattr(part, name, None) is not None for name in _EXTENDED
        ):
            self._use(None, Command.SELECT, ())

    def _compound(self, compound: CompoundSelect[Any], outer: _Scope | None) -> tuple[_Tie, ...]:
        arms = [self.read(arm, outer) for arm in compound.selects]
        limits = (compound._limit_clause, compound._offset_clause, compound._fetch_clause)
        clauses = (*compound._order_by_clauses, *compound._group_by_clauses, *limits)
        self._expressions(clauses, outer)
        # Rows of one column: it must be every arm's clinic.
        places = {place for place, _ in map(_told, compound.selects)}
        return sum(arms, ()) if all(arms) and len(places) == 1 else ()

    def _select(
        self, select: Select[Any], outer: _Scope | None, *, as_source: bool
    ) -> tuple[_Tie, ...]:
        froms = self._froms(select, outer, as_source=as_source)
        scope = _Scope(_leaves(froms), outer)
        self._tie(scope, froms, select._where_criteria)
        locked = select._for_update_arg
        for source in scope.own:
            self._source(scope, source)
            if locked is not None and (not locked.of or _is_of(source, locked.of)):
                self._source(scope, source, Command.UPDATE)
        self._expressions((part for part in select.get_children() if not _is_source(part)), scope)
        self._expressions((join.onclause for join in _joins(froms)), scope)
        leaf = _owner(_told(select)[1])
        return scope.ties.get(leaf, ()) if leaf is not None else ()

    def _froms(
        self, select: Select[Any], outer: _Scope | None, *, as_source: bool
    ) -> list[FromClause]:
        """What it selects from itself, as the compiler decides: the rest is the outer query's."""
        state = select._compile_state_factory(select, self._compiled)
        if outer is None or as_source:
            # A query in FROM does not see what stands beside it.
            seen = outer.outer.seen() if outer is not None and outer.outer is not None else []
            return list(state._get_display_froms(seen, ()))
        return list(state._get_display_froms(outer.seen(), outer.own))

    def _change(self, statement: Update | Delete) -> None:
        table = statement.table
        given = _given(statement) if isinstance(statement, Update) else {}
        values = [value for value in given.values() if isinstance(value, ClauseElement)]
        read = _tables([*statement._where_criteria, *values])
        others = [each for each in dict.fromkeys(read) if each is not table]
        scope = _Scope([table, *_leaves(others)], None)
        self._tie(scope, [table, *others], statement._where_criteria)
        for source in scope.own:
            self._source(scope, source)
        command = Command.UPDATE if isinstance(statement, Update) else Command.DELETE
        self._source(scope, table, command)
        if isinstance(statement, Update) and self._moves(statement):
            self._use(table, command, ())
        self._expressions([*statement._where_criteria, *values, *statement._returning], scope)

    def _moves(self, statement: Update) -> bool:
        """Whether it gives rows to a clinic."""
        own = _clinic_column_of(statement.table)
        return own in {*_given(statement), *(self._compiled.column_keys or ())}

    def _insert(self, statement: Insert) -> None:
        table = statement.table
        given = _given(statement)
        own = _clinic_column_of(table)
        ties: tuple[_Tie, ...] = ()
        if own is not None and not _may_write_elsewhere(statement):
            value = given.get(own)
            if value not in self._names and self._is_alone(statement):
                # Sent under the column's own name, as every value of a plain INSERT is.
                value = self._given.get(own)
            ties = (value,) if isinstance(value, BindParameter) else ()
        self._use(table, Command.INSERT, ties)
        if statement.select is not None:
            self.read(statement.select, None)
        self._expressions([*given.values(), *statement._returning], _Scope([table], None))

    def _is_alone(self, statement: Insert) -> bool:
        """Whether it is all that is sent; of several, each has parameters of some other name."""
        return statement is self._compiled.statement and not statement._independent_ctes

    def _tie(
        self, scope: _Scope, froms: Iterable[FromClause], where: Iterable[ClauseElement]
    ) -> None:
        """Find out what holds each source, until nothing more follows."""
        for source in scope.own:
            if isinstance(source, AliasedReturnsRows) and not _is_named_table(source):
                scope.ties[source] = self._provides(source, scope)
        facts: list[tuple[tuple[Any, Any], set[FromClause] | None]]
        facts = [(fact, None) for fact in _facts(where)]
        for join in _joins(froms):
            if join.full:
                continue
            # The left side of an outer join is there whatever its condition says.
            only = set(_leaves([join.right])) if join.isouter else None
            facts += [(fact, only) for fact in _facts([join.onclause])]
        grows = True
        while grows:
            grows = False
            for (one, other), only in facts:
                for this, that in ((one, other), (other, one)):
                    leaf = _owner(this)
                    if leaf is None or scope.ties.get(leaf) or leaf not in scope.own:
                        continue
                    if only is not None and leaf not in only:
                        continue
                    if isinstance(that, BindParameter):
                        found: tuple[_Tie, ...] = (that,)
                    else:
                        held = _owner(that)
                        found = scope.ties.get(held, ()) if held is not None else ()
                    if found:
                        scope.ties[leaf] = found
                        grows = True

    def _provides(self, source: Any, scope: _Scope | None = None) -> tuple[_Tie, ...]:
        """Read a query that stands for a table, once; what its `clinic_id` is held to."""
        if source in self._provided:
            return self._provided[source]
        self._provided[source] = ()  # of one that refers to itself
        self._added(source)
        element = source.element
        if isinstance(source, Subquery) and isinstance(element, Select):
            found = self.read(element, scope, as_source=True)
        elif isinstance(source, CTE | Subquery):
            found = self.read(element, None)
        elif isinstance(element, FunctionElement) and element.name == "unnest":
            # Rows of the values that were sent along.
            self._expressions(element.get_children(), scope)
            found = ()
        elif isinstance(source, Alias) and _is_source(element):
            found = self._provides(element, scope)
        else:
            self._use(None, Command.SELECT, ())
            found = ()
        self._provided[source] = found
        return found

    def _source(self, scope: _Scope, source: FromClause, command: Command = Command.SELECT) -> None:
        if isinstance(source, AliasedReturnsRows) and not _is_named_table(source):
            return
        self._use(_table_of(source), command, scope.ties.get(source, ()))

    def _use(self, table: object, command: Command, ties: tuple[_Tie, ...]) -> None:
        if isinstance(table, Table) and metadata.tables.get(table.name) is table:
            names = tuple(self._names.get(tie, tie.key) for tie in ties)
            owned = clinic_column(table) is not None
            self.uses.append(_Use(table.name, command, owned, names))
        else:
            # No table of the house, whatever its name.
            self.uses.append(_Use(f"{table}", command, True, ()))

    def _expressions(self, parts: Iterable[Any], scope: _Scope | None) -> None:
        """Read every query within expressions, and every text."""
        for part in _walk(parts):
            if isinstance(part, SelectBase):
                self.read(part, scope)
            elif _is_named_table(part):
                self._use(
                    _table_of(part), Command.SELECT, scope.ties.get(part, ()) if scope else ()
                )
            elif _is_source(part):
                self._provides(part, scope)
            elif isinstance(part, TextClause):
                self._text(part.text)
            elif isinstance(part, ColumnClause) and part.is_literal:
                self._text(part.name)
            elif _has_own_operator(part):
                self._use(None, Command.SELECT, ())

    def _text(self, text: str) -> None:
        """Refuse more than one word, number or quoted word: it could be anything."""
        if not re.fullmatch(r"\*|\w+|'\w*'", text):
            self._use(None, Command.SELECT, ())


def _given(statement: Insert | Update) -> dict[str, Any]:
    """The values that stand in the statement itself, by the column's name."""
    return {
        key if isinstance(key, str) else key.key: value
        for key, value in (statement._values or {}).items()
    }


def _may_write_elsewhere(statement: Insert) -> bool:
    """Whether more than the one row is written that it names: where a key is taken, by another
    clinic's perhaps, or what a query finds."""
    conflict = statement._post_values_clause
    touches_the_other = conflict is not None and (
        conflict.__visit_name__ != "on_conflict_do_nothing"
    )
    several = statement.select is not None or bool(statement._multi_values)
    return touches_the_other or several


def _walk(parts: Iterable[Any]) -> Iterator[Any]:
    """Queries, tables and texts within expressions, into none of them; and operators of one's own
    making."""
    for part in parts:
        if _is_source(part) or isinstance(part, SelectBase | TextClause | ColumnClause):
            yield part
        elif isinstance(part, ClauseElement):
            if _has_own_operator(part):
                yield part
            yield from _walk(part.get_children())


def _has_own_operator(part: Any) -> bool:
    """Whether its operator is whatever text somebody gave; the house uses none such."""
    return any(
        isinstance(getattr(part, name, None), operators.custom_op)
        for name in ("operator", "modifier")
    )


def _tables(parts: Iterable[Any]) -> Iterator[FromClause]:
    """What the columns in them are of: a table, or what stands for one."""
    for part in _walk(parts):
        if isinstance(part, ColumnClause) and part.table is not None:
            yield part.table


def _facts(conditions: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Whatever must be equal for these to hold."""
    for condition in conditions:
        if isinstance(condition, Grouping):
            yield from _facts([condition.element])
        elif isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
            yield from _facts(condition.clauses)
        elif isinstance(condition, BinaryExpression) and condition.operator is operators.eq:
            yield condition.left, condition.right


def _leaves(froms: Iterable[FromClause]) -> list[FromClause]:
    found: list[FromClause] = []
    for each in froms:
        found += _leaves([each.left, each.right]) if isinstance(each, Join) else [each]
    return list(dict.fromkeys(found))


def _joins(froms: Iterable[FromClause]) -> Iterator[Join]:
    for each in froms:
        if isinstance(each, Join):
            yield each
            yield from _joins([each.left, each.right])


def _is_source(part: Any) -> bool:
    """Whether rows come from it; SQLAlchemy takes every function for such a thing."""
    return isinstance(part, FromClause) and not isinstance(part, FunctionElement)


def _told(query: SelectBase) -> tuple[int | None, Any]:
    """The column that its rows call `clinic_id`, and its place; None where several could be it."""
    columns = list(query.selected_columns.items())
    if len(columns) != len(query._all_selected_columns):
        return None, None  # text among them, which may be any number of columns
    found = [
        (place, column)
        for place, (name, column) in enumerate(columns)
        if "clinic_id" in (name, column.key, getattr(column, "name", None))
    ]
    return found[0] if len(found) == 1 else (None, None)


def _owner(column: Any) -> FromClause | None:
    """The table, or what stands for one, whose rows' clinic this column tells."""
    if not isinstance(column, ColumnClause) or column.table is None:
        return None
    table = column.table
    own = _clinic_column_of(table) if _is_named_table(table) else "clinic_id"
    return table if column.name == own else None


def _is_named_table(source: Any) -> bool:
    return isinstance(_table_of(source), TableClause)


def _table_of(source: Any) -> Any:
    """The table itself, for one under another name."""
    return source.element if isinstance(source, Alias) else source


def _clinic_column_of(source: Any) -> str | None:
    table = _table_of(source)
    return clinic_column(table) if isinstance(table, Table) else None


def _is_of(source: FromClause, named: Iterable[Any]) -> bool:
    return any(each is source or getattr(each, "table", None) is source for each in named)
