"""What a phone showed its patient, told when it has a network again: that somebody looked for help.

It raises no alarm: looking is what the pack is for, and an alarm would teach people not to look.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from diary.patients.service import require, whose_record_is_read
from diary.safety.model import displays
from diary.work import Work


class Shown(StrEnum):
    """What was on the screen."""

    CRISIS_PACK = "crisis-pack"
    SAFETY_PLAN = "safety-plan"
    GUIDANCE = "guidance"


@dataclass(frozen=True, slots=True)
class Display:
    """One time that something was shown. id: the phone's. version: of a pack or a plan.
    check_in_id: what guidance was the answer to; the id that a call for help was given, too.
    shown_at: by the phone's clock, whatever it says. offline: whether there was no network."""

    id: UUID
    what: Shown
    version: str | None
    check_in_id: UUID | None
    shown_at: datetime
    offline: bool


class Kept(StrEnum):
    """What became of one. conflict: another one has this id, and stays."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    CONFLICT = "conflict"


def keep(work: Work, told: Sequence[Display]) -> list[Kept]:
    """Keep what the caller's phone showed, each once however often it comes."""
    if not told:
        return []
    clinic, patient = work.caller.clinic, work.caller.patient
    rows = work.rows(_of(clinic, patient).where(displays.c.id.in_([each.id for each in told])))
    known = {
        row.id: Display(
            row.id, Shown(row.what), row.version, row.check_in_id, row.shown_at, row.offline
        )
        for row in rows
    }
    kept: list[Kept] = []
    for each in told:
        before = known.setdefault(each.id, each)
        if before is not each:
            kept.append(Kept.REPEATED if before == each else Kept.CONFLICT)
            continue
        kept.append(Kept.RECORDED)
        work.add(
            displays,
            clinic_id=clinic,
            patient_id=patient,
            id=each.id,
            device_id=work.caller.id,
            what=each.what,
            version=each.version,
            check_in_id=each.check_in_id,
            shown_at=each.shown_at,
            offline=each.offline,
            received_at=work.now,
        )
    if number := kept.count(Kept.RECORDED):
        work.audit("displays.recorded", "patient", patient, number=number)
    return kept


def of_patient(work: Work, patient_id: UUID) -> Select[Any]:
    """What a patient was shown; raises NotFound for whom this caller cannot see."""
    require(work, patient_id)
    return _of(work.caller.clinic, patient_id)


def visible(work: Work) -> Select[Any]:
    """What every patient was shown whose record the caller reads."""
    return whose_record_is_read(work, displays)


def _of(clinic_id: UUID, patient_id: UUID) -> Select[Any]:
    return select(displays).where(
        displays.c.clinic_id == clinic_id, displays.c.patient_id == patient_id
    )
