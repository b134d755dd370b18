"""What is replayed of one patient: what came, in the form that it is judged in, and what had come
before."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.checkins.judging import Said
from diary.infusions.since import Since
from diary.rehearsal.past import Entered
from diary.severity import Severity


@dataclass(frozen=True, slots=True)
class Infusion:
    """One that began, as the record has it now."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Came:
    """Something that was judged when it came.

    id: of a check-in its own, of an amendment or a body kept apart that row's. since: what a
    check-in's row says was known of infusions; the others keep nothing of it. becomes: how the
    check-in stands from then on, None for a body kept apart.
    """

    id: UUID
    said: Said
    received_at: datetime
    becomes: Entered | None
    is_check_in: bool = True
    since: Since | None = None


@dataclass(slots=True)
class Record:
    """One patient. known: what had come before the rows, in the order it came, each with the
    suicidality severity that was found in it."""

    patient_id: UUID
    zone: ZoneInfo
    infusions: list[Infusion] = field(default_factory=list)
    known: list[tuple[Entered, datetime, Severity | None]] = field(default_factory=list)
    apart: tuple[datetime, Severity | None] | None = None
    came: list[Came] = field(default_factory=list)
