"""What is in the database of a chain: read to the letter, and never trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.exc import DataError

from diary.audit import audit_events
from diary.columns import as_stored
from diary.trail.chain import Broken, Head, encoded
from diary.trail.model import audit_heads
from diary.work import Work

_OF_THE_CHAIN: Final = ("sequence", "link")
# What is sealed of an event: every column, also those that will be added.
COLUMNS: Final = tuple(
    sorted((c for c in audit_events.c if c.name not in _OF_THE_CHAIN), key=lambda c: c.name)
)
EVENT: Final = tuple(as_stored(c).label(f"stored_{c.name}") for c in COLUMNS)
_NAMES: Final = tuple(c.name.encode() for c in COLUMNS)
_AT: Final = _NAMES.index(b"at")
_SEALED: Final = tuple(as_stored(audit_events.c[name]).label(name) for name in _OF_THE_CHAIN)
_UNREADABLE = (ValueError, TypeError, OverflowError, DataError)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed event. sequence: None where it is no number; event: its columns, as EVENT reads."""

    sequence: int | None
    link: bytes
    event: Sequence[Any]


def sealed(work: Work, clinic_id: UUID, where: ColumnElement[bool], limit: int) -> list[Sealed]:
    """Sealed events in their order."""
    rows: Sequence[Sequence[Any]] = work.rows(
        _of(clinic_id, *_SEALED, *EVENT)
        .where(where, audit_events.c.sequence.is_not(None))
        .order_by(audit_events.c.sequence)
        .limit(limit)
    )
    return [Sealed(_number(row[0]), stored(row[1]) or b"", row[2:]) for row in rows]


def content(event: Sequence[Any]) -> bytes:
    """What is sealed of an event that was read with EVENT."""
    return encoded(zip(_NAMES, map(stored, event), strict=True))


def moment(event: Sequence[Any]) -> datetime | None:
    """When an event that was read with EVENT is dated; None where that is no moment."""
    text = (stored(event[_AT]) or b"").decode(errors="replace")
    try:
        if "-" in text[1:]:
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def head(work: Work, clinic_id: UUID, *, lock: bool = False) -> Head | None:
    """The clinic's head; raises Broken where it cannot be read.

    lock: for the rest of the transaction; None then also where somebody else holds it.
    """
    query: Select[Any] = select(
        as_stored(audit_heads.c.sequence).label("sequence"),
        as_stored(audit_heads.c.link).label("link"),
        audit_heads.c.at,
        as_stored(audit_heads.c.mark).label("mark"),
    ).where(audit_heads.c.clinic_id == clinic_id)
    try:
        row = work.row(query.with_for_update(skip_locked=True) if lock else query)
        if row is None:
            return None
        sequence = _number(row.sequence)
        if sequence is None or sequence < 0:
            raise ValueError
        return Head(clinic_id, sequence, stored(row.link) or b"", row.at, stored(row.mark) or b"")
    except _UNREADABLE:
        raise Broken(1, "the head of the chain cannot be read") from None


def stored(value: Any) -> bytes | None:
    """What `as_stored` gave, as bytes."""
    if value is None or isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else bytes(value)


def last_sequence(work: Work, clinic_id: UUID) -> int | None:
    """The highest that an event has, whatever the head says; None where none is sealed."""
    rows: Sequence[Row[Any]] = work.rows(
        _of(clinic_id, as_stored(audit_events.c.sequence).label("sequence"))
        .where(audit_events.c.sequence.is_not(None))
        .order_by(audit_events.c.sequence.desc())
        .limit(1)
    )
    return (_number(rows[0].sequence) or 0) if rows else None


def _of(clinic_id: UUID, *what: Any) -> Select[Any]:
    return select(*what).where(audit_events.c.clinic_id == clinic_id)


def _number(value: Any) -> int | None:
    text = stored(value) or b""
    return int(text) if text.removeprefix(b"-").isdigit() else None
