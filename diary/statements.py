"""What a statement does to which tables, and what holds each of them to a clinic.

For `diary/guard.py`, which judges it. What cannot be read is told as a use of no table of the
house: nobody may.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Alias,
    BindParameter,
    Delete,
    Insert,
    Select,
    Table,
    Update,
)
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import (
    CTE,
    AliasedReturnsRows,
    CompoundSelect,
    FromClause,
    SelectBase,
    SelectStatementGrouping,
    Subquery,
)

from diary.clauses import (
    clinic_column_of,
    equalities,
    given_values,
    has_added_words,
    is_free,
    is_named_table,
    is_of,
    is_source,
    joins,
    leaves,
    may_write_elsewhere,
    owner,
    table_of,
    tables,
    told,
    walk,
)
from diary.columns import metadata
from diary.isolation import Command, clinic_column

# A value that a clinic's column is equal to, or is given: as a parameter's name when it is sent.
_Tie = BindParameter[Any]


@dataclass(frozen=True, slots=True)
class Use:
    """A table in a statement, and what happens to it.

    ties: the values that its rows' clinic is held to, all of them; empty where nothing holds it.
    """

    table: str
    command: Command
    is_owned: bool
    ties: tuple[str, ...]


def uses_of(compiled: SQLCompiler) -> tuple[Use, ...]:
    """All of them, each once."""
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
        self.uses: list[Use] = []

    def read(
        self, statement: ClauseElement, outer: _Scope | None, *, as_source: bool = False
    ) -> tuple[_Tie, ...]:
        """Read a statement or query; what the `clinic_id` of its rows is held to."""
        if has_added_words(statement):
            self._unreadable()
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
            self._unreadable()
        return ()

    def _compound(self, compound: CompoundSelect[Any], outer: _Scope | None) -> tuple[_Tie, ...]:
        arms = [self.read(arm, outer) for arm in compound.selects]
        limits = (compound._limit_clause, compound._offset_clause, compound._fetch_clause)
        clauses = (*compound._order_by_clauses, *compound._group_by_clauses, *limits)
        self._expressions(clauses, outer)
        # Rows of one column: it must be every arm's clinic.
        places = {place for place, _ in map(told, compound.selects)}
        return sum(arms, ()) if all(arms) and len(places) == 1 else ()

    def _select(
        self, select: Select[Any], outer: _Scope | None, *, as_source: bool
    ) -> tuple[_Tie, ...]:
        froms = self._froms(select, outer, as_source=as_source)
        scope = _Scope(leaves(froms), outer)
        self._tie(scope, froms, select._where_criteria)
        locked = select._for_update_arg
        for source in scope.own:
            self._source(scope, source)
            if locked is not None and (not locked.of or is_of(source, locked.of)):
                self._source(scope, source, Command.UPDATE)
        self._expressions((part for part in select.get_children() if not is_source(part)), scope)
        self._expressions((join.onclause for join in joins(froms)), scope)
        leaf = owner(told(select)[1])
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
        given = given_values(statement) if isinstance(statement, Update) else {}
        values = [value for value in given.values() if isinstance(value, ClauseElement)]
        read = tables([*statement._where_criteria, *values])
        others = [each for each in dict.fromkeys(read) if each is not table]
        scope = _Scope([table, *leaves(others)], None)
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
        own = clinic_column_of(statement.table)
        return own in {*given_values(statement), *(self._compiled.column_keys or ())}

    def _insert(self, statement: Insert) -> None:
        table = statement.table
        given = given_values(statement)
        own = clinic_column_of(table)
        ties: tuple[_Tie, ...] = ()
        if own is not None and not may_write_elsewhere(statement):
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
            if isinstance(source, AliasedReturnsRows) and not is_named_table(source):
                scope.ties[source] = self._provides(source, scope)
        facts: list[tuple[tuple[Any, Any], set[FromClause] | None]]
        facts = [(fact, None) for fact in equalities(where)]
        for join in joins(froms):
            if join.full:
                continue
            # The left side of an outer join is there whatever its condition says.
            only = set(leaves([join.right])) if join.isouter else None
            facts += [(fact, only) for fact in equalities([join.onclause])]
        grows = True
        while grows:
            grows = False
            for (one, other), only in facts:
                for this, that in ((one, other), (other, one)):
                    leaf = owner(this)
                    if leaf is None or scope.ties.get(leaf) or leaf not in scope.own:
                        continue
                    if only is not None and leaf not in only:
                        continue
                    if isinstance(that, BindParameter):
                        found: tuple[_Tie, ...] = (that,)
                    else:
                        held = owner(that)
                        found = scope.ties.get(held, ()) if held is not None else ()
                    if found:
                        scope.ties[leaf] = found
                        grows = True

    def _provides(self, source: Any, scope: _Scope | None = None) -> tuple[_Tie, ...]:
        """Read a query that stands for a table, once; what its `clinic_id` is held to."""
        if source in self._provided:
            return self._provided[source]
        self._provided[source] = ()  # of one that refers to itself
        if has_added_words(source):
            self._unreadable()
        element = source.element
        if isinstance(source, Subquery) and isinstance(element, Select):
            found = self.read(element, scope, as_source=True)
        elif isinstance(source, CTE | Subquery):
            found = self.read(element, None)
        elif isinstance(element, FunctionElement) and element.name == "unnest":
            # Rows of the values that were sent along.
            self._expressions(element.get_children(), scope)
            found = ()
        elif isinstance(source, Alias) and is_source(element):
            found = self._provides(element, scope)
        else:
            self._unreadable()
            found = ()
        self._provided[source] = found
        return found

    def _source(self, scope: _Scope, source: FromClause, command: Command = Command.SELECT) -> None:
        if isinstance(source, AliasedReturnsRows) and not is_named_table(source):
            return
        self._use(table_of(source), command, scope.ties.get(source, ()))

    def _use(self, table: object, command: Command, ties: tuple[_Tie, ...]) -> None:
        if isinstance(table, Table) and metadata.tables.get(table.name) is table:
            names = tuple(self._names.get(tie, tie.key) for tie in ties)
            owned = clinic_column(table) is not None
            self.uses.append(Use(table.name, command, owned, names))
        else:
            # No table of the house, whatever its name.
            self.uses.append(Use(f"{table}", command, True, ()))

    def _unreadable(self) -> None:
        self.uses.append(Use("what cannot be read", Command.SELECT, True, ()))

    def _expressions(self, parts: Iterable[Any], scope: _Scope | None) -> None:
        """Read every query within expressions, and every text."""
        for part in walk(parts):
            if isinstance(part, SelectBase):
                self.read(part, scope)
            elif is_named_table(part):
                self._use(table_of(part), Command.SELECT, scope.ties.get(part, ()) if scope else ())
            elif is_source(part):
                self._provides(part, scope)
            elif is_free(part):
                self._unreadable()
