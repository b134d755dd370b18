"""What a patient's phone may lack: what is kept of the patient since it last asked.

A check-in shows the moment at which its transaction began and is seen from its commit on, later: so
what is asked about next begins a while before now, and the last entries come twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Column, Table, select

from diary.checkins.model import amendments, check_ins, quarantine
from diary.safety.pack import own_pack
from diary.schedule.windows import own
from diary.work import Work

MOST: Final = 200
"""Entries of one answer."""
OVERLAP: Final = timedelta(minutes=2)
"""Longer than any transaction: a statement is given up after ten seconds, and each has few."""


class Kind(StrEnum):
    """What is kept: a check-in, an amendment, or a body that was set apart."""

    CHECK_IN = "check-in"
    AMENDMENT = "amendment"
    SET_APART = "set-apart"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a phone has got to. id: of the entry at that moment, empty: of none."""

    at: datetime
    id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that is kept. id: the phone's, of a check-in or an amendment; check_in_id: which
    check-in it is, amends, or was sent as."""

    kind: Kind
    id: UUID
    check_in_id: UUID
    received_at: datetime

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.received_at, f"{self.kind} {self.id}")


@dataclass(frozen=True, slots=True)
class Changes:
    """entries: the first that came first. upto: where to go on; more: whether there is more now.

    The other members are versions of what else a phone keeps: what is not as it has it is to be
    read anew. safety_plan: None where nobody has written one.
    """

    entries: Sequence[Entry]
    upto: Place
    more: bool
    crisis_pack: str
    safety_plan: int | None
    schedule: str


def changes(work: Work, since: Place | None) -> Changes:
    """What the caller's own phone may lack; since: as `upto` was, None: from the beginning."""
    found = sorted(
        (
            *_of(work, Kind.CHECK_IN, check_ins, check_ins.c.id, since),
            *_of(work, Kind.AMENDMENT, amendments, amendments.c.check_in_id, since),
            *_of(work, Kind.SET_APART, quarantine, quarantine.c.check_in_id, since),
        ),
        key=lambda entry: entry.place,
    )
    more = len(found) > MOST
    entries = found[:MOST]
    if more:
        upto = entries[-1].place
    else:
        upto = max(Place(work.now - OVERLAP), since or Place(work.now - OVERLAP))
    pack = own_pack(work)
    return Changes(
        entries=entries,
        upto=upto,
        more=more,
        crisis_pack=pack.version,
        safety_plan=None if pack.plan is None else pack.plan.version,
        schedule=_schedule(work),
    )


def _of(
    work: Work, kind: Kind, table: Table, check_in_id: Column[Any], since: Place | None
) -> Iterable[Entry]:
    query = select(table.c.id, check_in_id.label("check_in"), table.c.received_at).where(
        table.c.clinic_id == work.caller.clinic, table.c.patient_id == work.caller.patient
    )
    if since is not None:
        query = query.where(table.c.received_at >= since.at)
    # One more than is shown; those of one moment are few.
    rows = work.rows(query.order_by(table.c.received_at, table.c.id).limit(2 * MOST))
    found = (Entry(kind, row.id, row.check_in, row.received_at) for row in rows)
    return [entry for entry in found if since is None or entry.place > since]


def _schedule(work: Work) -> str:
    schedule = own(work)
    shown = [
        (each.id, each.state, each.opens_at, each.closes_at, each.instrument_version)
        for each in schedule.windows
    ]
    return sha256(orjson.dumps([schedule.time_zone, shown])).hexdigest()[:16]
