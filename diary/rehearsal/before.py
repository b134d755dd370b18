"""What had come before the rows that are replayed, as far as judging them asks for it.

The cost goes by how far the rule sets look back, not by how long a diary is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Self
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Row, Table, and_, func, select

from diary.checkins.model import check_ins, quarantine
from diary.infusions.model import infusions
from diary.patients.model import patients
from diary.rehearsal.record import Record
from diary.rules.lookback import LookBack
from diary.work import Work

# A check-in that is older than this when it comes is looked back from by itself.
_USUALLY: Final = timedelta(days=2)
KNOWN: Final = (
    *("patient_id", "id", "instrument", "version", "recorded_at", "received_at", "local_date"),
    *("mood", "anxiety", "dissociation", "dissociation_total", "si", "scores"),
    "total",
    "suicidality_severity",
)
"""The columns of a check-in that later ones are judged with."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far several rule sets look back, together; as `LookBack` has it."""

    hours: Mapping[str, int]
    baselines: frozenset[str]

    @classmethod
    def of(cls, each: Iterable[LookBack]) -> Self:
        """What suffices for each of them."""
        hours: dict[str, int] = {}
        baselines: frozenset[str] = frozenset()
        for one in each:
            baselines |= one.baselines
            for group, far in one.hours.items():
                hours[group] = max(far, hours.get(group, 0))
        return cls(hours, baselines)


@dataclass(frozen=True, slots=True)
class _Series:
    """Check-ins that are compared with each other. version: None for any."""

    instrument: str
    version: str | None
    group: str | None

    def among(self, table: FromClause) -> list[ColumnElement[bool]]:
        found = [table.c.instrument == self.instrument]
        if self.version is not None:
            found += [table.c.version == self.version, table.c.scores.is_not(None)]
        return found


def known_before(
    work: Work, records: Iterable[Record], since: datetime, reach: Reach
) -> list[Row[Any]]:
    """The check-ins that had come before the rows of these records, of which each has one or more,
    in the order they came."""
    found: dict[tuple[UUID, UUID], Row[Any]] = {}
    for floor, some in _by_floor(records, since).items():
        ids = [record.patient_id for record in some]
        series = {
            _Series(came.said.instrument, came.said.version, came.said.group)
            for record in some
            for came in record.came
        }
        for row in _read(work, ids, floor, since, series, reach):
            found[row.patient_id, row.id] = row
    return sorted(found.values(), key=lambda row: (row.received_at, row.id.int))


def apart_before(work: Work, ids: Sequence[UUID], since: datetime) -> Sequence[Row[Any]]:
    """The last body of each that was kept apart before."""
    columns = [quarantine.c[name] for name in ("patient_id", "severity", "received_at")]
    return _last_of_each(work, ids, quarantine, columns, "received_at", since)


def _by_floor(records: Iterable[Record], since: datetime) -> dict[datetime, list[Record]]:
    """By the moment that their rows begin at, by the phone's clock, which few tell apart."""
    found: dict[datetime, list[Record]] = {}
    for record in records:
        floor = min(came.said.recorded_at for came in record.came)
        found.setdefault(min(floor, since - _USUALLY), []).append(record)
    return found


def _read(
    work: Work,
    ids: Sequence[UUID],
    floor: datetime,
    since: datetime,
    series: Iterable[_Series],
    reach: Reach,
) -> Iterable[Row[Any]]:
    columns = [check_ins.c[name] for name in KNOWN]
    query = select(*columns).where(
        check_ins.c.clinic_id == work.caller.clinic,
        check_ins.c.patient_id.in_(ids),
        check_ins.c.received_at < since,
    )
    yield from work.rows(query.where(check_ins.c.recorded_at >= floor))
    last = (work, ids, check_ins, columns)
    yield from _last_of_each(*last, "received_at", since)
    yield from _last_of_each(*last, "recorded_at", since, lambda one: [one.c.recorded_at < floor])
    for each in series:
        hours = reach.hours.get(each.group or "")
        if hours:
            start = floor - timedelta(hours=hours)
            span = check_ins.c.recorded_at.between(start, floor)
            yield from work.rows(query.where(span, *each.among(check_ins)))
        if each.group in reach.baselines:
            yield from _last_of_each(*last, "recorded_at", since, partial(_baseline, each))


def _baseline(series: _Series, one: FromClause) -> list[ColumnElement[bool]]:
    first = (
        select(func.min(infusions.c.started_at))
        .where(
            infusions.c.clinic_id == patients.c.clinic_id,
            infusions.c.patient_id == patients.c.id,
        )
        .correlate(patients)
        .scalar_subquery()
    )
    whole = [] if series.version is None else [one.c.total.is_not(None)]
    return [one.c.recorded_at <= first, *series.among(one), *whole]


def _last_of_each(
    work: Work,
    ids: Sequence[UUID],
    table: Table,
    columns: Sequence[ColumnElement[Any]],
    order: str,
    since: datetime,
    among: Callable[[FromClause], Sequence[ColumnElement[bool]]] = lambda _: (),
) -> Sequence[Row[Any]]:
    """Each patient's last row that came before, by one of its moments: one look into an index."""
    one = table.alias("one")
    last = (
        select(one.c.id)
        .where(
            one.c.clinic_id == patients.c.clinic_id,
            one.c.patient_id == patients.c.id,
            one.c.received_at < since,
            *among(one),
        )
        .order_by(one.c[order].desc(), one.c.id.desc())
        .limit(1)
        .correlate(patients)
        .scalar_subquery()
    )
    theirs = and_(
        table.c.clinic_id == patients.c.clinic_id,
        table.c.patient_id == patients.c.id,
        table.c.id == last,
    )
    return work.rows(
        select(*columns)
        .select_from(patients)
        .join(table, theirs)
        .where(patients.c.clinic_id == work.caller.clinic, patients.c.id.in_(ids))
    )
