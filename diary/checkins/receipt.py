"""What a phone sends and what it is told: the shapes of recording a check-in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from diary.crisis.guidance import Guidance
from diary.errors import Conflict, FieldFault


class CheckInConflict(Conflict):
    """Another check-in has this id. What the new body says of suicidality was still judged."""

    code = "check-in-conflict"
    title = "Another check-in was recorded under this id"


class Outcome(Enum):
    """What became of a check-in that was sent."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    QUARANTINED = "quarantined"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Draft:
    """A check-in whose envelope is in order. recorded_at carries the phone's UTC offset. day: of
    the diary, that it is about; None: the one on which it was recorded."""

    instrument: str
    version: str
    locale: str
    recorded_at: datetime
    sent_at: datetime | None
    time_zone: str
    answers: Mapping[str, Any]
    note: str | None = None
    client_total: int | None = None
    location: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Infusion:
    """Day and hours since the last infusion; `days_since` 0 is the infusion's own day."""

    number: int
    days_since: int
    hours_since: int | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the patient's phone is told. The scores are None for a body kept in quarantine."""

    outcome: Outcome
    id: UUID
    received_at: datetime
    care_team_told: bool
    guidance: Guidance
    errors: Sequence[FieldFault] = ()
    local_date: str | None = None
    late: bool | None = None
    scores: Any = None
    infusion: Infusion | None = None
