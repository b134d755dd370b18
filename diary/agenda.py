"""What falls due: rows of any clinic with the moment at which something is to be done."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, func, select

from diary.work import Work


@dataclass(frozen=True, slots=True)
class Agenda:
    """One kind of it, which an index on `at` finds however many rows there are.

    at: when it is due; NULL for what is not. id: which it is.
    """

    at: Column[Any]
    id: Column[Any]

    def due(
        self, work: Work, limit: int, without: Set[UUID] = frozenset()
    ) -> list[tuple[UUID, UUID]]:
        """What is due now, as (clinic, id), but these; longest overdue first."""
        clinic = self.at.table.c.clinic_id
        rows = work.rows(
            select(clinic.label("clinic"), self.id.label("id"))
            .where(self.at <= work.now, self.id.not_in(without))
            .order_by(self.at)
            .limit(limit)
        )
        return [(row.clinic, row.id) for row in rows]

    def next(self, work: Work, after: datetime) -> datetime | None:
        """When the next is due, of what was not yet then; None where nothing is."""
        row = work.row(select(func.min(self.at).label("at")).where(self.at > after))
        return None if row is None else row.at
