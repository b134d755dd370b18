"""No statement leaves for another clinic's rows: each is read before it is sent, on both databases.

A clinic's table must be tied to the transaction's clinic: by `clinic_id = value`, or by equality
with the `clinic_id` of a table that is tied. What a condition does not force is not tied (OR, an
outer join's own side), and what cannot be read (text, the driver's own SQL) is refused. A statement
is read once for each shape of it (`diary/statements.py`); after that only the values are compared.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Connection
from sqlalchemy.sql.compiler import SQLCompiler

from diary.isolation import RIGHTS, Bounds, Door
from diary.statements import Use, uses_of


class UnscopedStatement(Exception):
    """A defect: this statement could have met rows that its transaction has no business with."""


_read: WeakKeyDictionary[SQLCompiler, tuple[Use, ...]] = WeakKeyDictionary()


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
        uses = _read[compiled] = uses_of(compiled)
    for use in uses:
        _judge(use, bounds, context.compiled_parameters)


def _judge(use: Use, bounds: Bounds, sent: Iterable[Mapping[str, Any]]) -> None:
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
