"""Lists in pages: a limit, and a signed cursor that only fits the list it came from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import ColumnElement, Row, Select, literal, tuple_

from api import cursors
from api.problems import BadQuery
from diary.errors import FieldFault
from diary.vault import Vault
from diary.work import Work
from schemas.base import Query, View
from schemas.fields import Items, Part, Text, TextInt

_READ: Mapping[str, Callable[[Any], Any]] = {
    "t": datetime.fromisoformat,
    "u": UUID,
    "v": lambda value: value,
}


class PageQuery(Query):
    """Which page of a list."""

    limit = TextInt(min=1, max=100, load_default=30)
    cursor = Text(
        max=1_000,
        load_default=None,
        metadata={"description": "The `next_cursor` of the page before, with the same filters."},
    )


@dataclass(frozen=True, slots=True)
class Found:
    """One page. next_cursor: None on the last."""

    items: Sequence[Any]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """The page that was asked for."""

    limit: int
    after: tuple[Any, ...] | None
    _serializer: URLSafeSerializer

    def read(
        self,
        work: Work,
        select: Select[Any],
        *by: ColumnElement[Any],
        descending: bool = True,
        shown: Callable[[Row[Any]], Any] | None = None,
    ) -> Found:
        """The rows of this page.

        by: columns that the select returns under their own names, never NULL, together unique.
        shown: what to make of each row; the row itself otherwise.
        """
        order = [column.desc() if descending else column.asc() for column in by]
        query = select.order_by(*order).limit(self.limit + 1)
        if self.after is not None:
            here = tuple_(*by)
            there = tuple_(
                *(literal(value, column.type) for value, column in zip(self.after, by, strict=True))
            )
            query = query.where(here < there if descending else here > there)
        rows = work.rows(query)
        more = len(rows) > self.limit
        rows = rows[: self.limit]
        cursor = None
        if more:
            last = rows[-1]._mapping
            cursor = cursors.signed(self._serializer, [_written(last[column]) for column in by])
        return Found([shown(row) for row in rows] if shown else rows, cursor)

    def found(self, items: Sequence[Any], position: Sequence[Any] | None) -> Found:
        """A page that was read elsewhere; the next one begins `after` that position."""
        if position is None:
            return Found(items, None)
        return Found(
            items, cursors.signed(self._serializer, [_written(value) for value in position])
        )


def page_of(vault: Vault, operation: str, filters: Mapping[str, Any], clinic: UUID | None) -> Page:
    """The page that `limit` and `cursor` name; raises BadQuery for a cursor of another list.

    filters: everything else that chooses the list; `limit` and `cursor` are taken from it.
    clinic: whose list it is.
    """
    others = {name: value for name, value in filters.items() if name not in ("limit", "cursor")}
    serializer = cursors.signer(vault, operation, clinic, others)
    after = None
    if filters["cursor"] is not None:
        try:
            position = cursors.position(serializer, filters["cursor"])
        except BadData:
            fault = FieldFault("/cursor", "invalid_cursor", "this cursor belongs to another list")
            raise BadQuery(errors=[fault]) from None
        after = tuple(_READ[kind](value) for kind, value in position)
    return Page(filters["limit"], after, serializer)


@cache
def page_view(item: type[View]) -> type[View]:
    """The shape of a page whose items have that view: one, in however many lists they stand."""
    fields = {"items": Items(Part(item)), "next_cursor": Text(allow_none=True)}
    return _of(item, "PageView", fields)


@cache
def list_view(item: type[View]) -> type[View]:
    """The shape of a whole list whose items have that view."""
    return _of(item, "ListView", {"items": Items(Part(item), max=1_000)})


def page_query(filters: Query | None) -> Query:
    """The filters' schema with `limit` and `cursor` beside them."""
    if filters is None:
        return PageQuery()
    both: type[Query] = type(f"{type(filters).__name__}Page", (PageQuery, type(filters)), {})
    return both()


def _of(item: type[View], suffix: str, fields: dict[str, Any]) -> type[View]:
    name = item.__name__.removesuffix("View") + suffix
    return type(name, (View,), fields | {"names_patient": item.names_patient})


def _written(value: Any) -> tuple[str, Any]:
    if isinstance(value, datetime):
        return "t", value.isoformat()
    return ("u", value.hex) if isinstance(value, UUID) else ("v", value)
