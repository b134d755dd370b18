"""Going home after an infusion: what has to be so before a patient leaves, and who leaves without.

Nothing that was entered is changed; the newest entry of a visit counts.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, select, update

from diary.errors import FieldFault, Invalid
from diary.infusions import doubts, observations
from diary.infusions.doubts import Doubt
from diary.infusions.model import departures, infusions
from diary.infusions.reading import get, in_state, lock
from diary.patients.service import require, whose_record_is_read
from diary.work import Work

REASON_PLACE: Final = "departures.reason"
# A visit is of some two hours; who leaves sooner was watched for less. Esketamine's prescribing
# information asks for two hours at least.
_WATCHED: Final = timedelta(hours=2)
_AFTER: Final = timedelta(hours=12)
# From here on (0 none to 4 extreme) a patient who was rated so is not free of dissociation.
_DISSOCIATED: Final = 2
_LISTED: Final = timedelta(days=7)


class Criterion(StrEnum):
    """What has to be so before a patient leaves.

    After the scores for going home from day surgery (Chung et al., J Clin Anesth 1995;7:500), and
    what ketamine adds: dissociation, and that suicidality was asked about.
    """

    VITAL_SIGNS = "vital_signs"
    ORIENTATION = "orientation"
    WALKING = "walking"
    DISSOCIATION = "dissociation"
    NAUSEA_AND_PAIN = "nausea_and_pain"
    SUICIDALITY_ASKED = "suicidality_asked"
    ESCORT_PRESENT = "escort_present"


@dataclass(frozen=True, slots=True)
class Departure:
    """How a patient was when they left, its reason opened. left_at: None where it was entered by
    mistake that they had. unmet: in the order of Criterion."""

    id: UUID
    patient_id: UUID
    infusion_id: UUID
    left_at: datetime | None
    met: list[str]
    unmet: list[str]
    reason: str | None
    recorded_at: datetime
    recorded_by: UUID | None


def record(
    work: Work,
    patient_id: UUID,
    infusion_id: UUID,
    *,
    left_at: datetime | None,
    met: Collection[Criterion],
    reason: str | None,
    confirm: Collection[str] = (),
) -> Departure:
    """Enter that a patient left after an infusion that ended, and how they were.

    left_at: None takes back what was entered: they have not left. met: the criteria that were;
    reason: why they left though others were not. Raises NotFound, OnlyReading, InfusionNotReady,
    NeedsConfirmation, and Invalid for a criterion that is not met without a reason.
    """
    lock(work, patient_id)
    infusion = in_state(work, patient_id, infusion_id, "ended")
    confirmed = []
    if left_at is not None:
        _check(infusion, left_at, met, reason, work.now)
        found = [*_of_moment(infusion, left_at), *_of_met(work, infusion_id, met)]
        confirmed = doubts.settle(found, confirm)
    elif met:
        detail = "of somebody who has not left no criterion is entered"
        raise Invalid(errors=[FieldFault("/met", "not_left", detail)])
    clinic, departure_id = work.caller.clinic, work.new_id()
    work.add(
        departures,
        clinic_id=clinic,
        id=departure_id,
        patient_id=patient_id,
        infusion_id=infusion_id,
        left_at=left_at,
        met=[each for each in Criterion if each in met],
        reason=reason
        and work.vault.seal(
            reason, place=REASON_PLACE, clinic=clinic, row=departure_id, patient=patient_id
        ),
        recorded_at=work.now,
        recorded_by=work.caller.id,
    )
    work.execute(
        update(infusions)
        .where(infusions.c.clinic_id == clinic, infusions.c.id == infusion_id)
        .values(left_at=left_at)
    )
    said: dict[str, Any] = {"confirmed": confirmed} if confirmed else {}
    what = "infusion.not-left" if left_at is None else "infusion.left"
    work.audit(what, "infusion", infusion_id, **said)
    work.flush()
    here = of_infusion(work, patient_id, infusion_id).where(departures.c.id == departure_id)
    row = work.row(here)
    assert row is not None
    return opened(work, row)


def of_infusion(work: Work, patient_id: UUID, infusion_id: UUID) -> Select[Any]:
    """What was entered of a visit, also what another entry took the place of; raises NotFound."""
    get(work, patient_id, infusion_id)
    return of_patient(work, patient_id).where(departures.c.infusion_id == infusion_id)


def of_patient(work: Work, patient_id: UUID) -> Select[Any]:
    """All that was ever entered of a patient; raises NotFound."""
    require(work, patient_id)
    return select(departures).where(
        departures.c.clinic_id == work.caller.clinic, departures.c.patient_id == patient_id
    )


def opened(work: Work, row: Row[Any]) -> Departure:
    """An entry with its seal opened."""
    reason = row.reason and work.vault.open(
        row.reason, place=REASON_PLACE, clinic=row.clinic_id, row=row.id, patient=row.patient_id
    )
    known = dict(row._mapping) | {"reason": reason, "unmet": _unmet(row.left_at, row.met)}
    return Departure(**{name: known[name] for name in Departure.__slots__})


def missing(work: Work) -> Select[Any]:
    """The infusions that began in the last seven days and of which it is not entered that the
    patient left, of every patient whose record the caller reads."""
    return whose_record_is_read(work, infusions).where(
        infusions.c.state.in_(("started", "ended")),
        infusions.c.left_at.is_(None),
        infusions.c.started_at > work.now - _LISTED,
    )


def _unmet(left_at: datetime | None, met: Collection[str]) -> list[str]:
    """Nothing of somebody who has not left."""
    return [] if left_at is None else [each.value for each in Criterion if each not in met]


def _check(
    infusion: Row[Any],
    left_at: datetime,
    met: Collection[Criterion],
    reason: str | None,
    now: datetime,
) -> None:
    doubts.not_ahead("left_at", left_at, now)
    if left_at < infusion.ended_at:
        fault = FieldFault("/left_at", "too_early", "must not lie before ended_at")
        raise Invalid(errors=[fault])
    unmet = _unmet(left_at, met)
    if unmet and reason is None:
        detail = f"not met: {', '.join(unmet)}; say why the patient left all the same"
        raise Invalid(errors=[FieldFault("/reason", "required", detail)])


def _of_moment(infusion: Row[Any], left_at: datetime) -> list[Doubt]:
    if left_at < infusion.started_at + _WATCHED:
        return [Doubt("left_at", "too_soon", "less than 2 hours after the infusion began")]
    if left_at > infusion.ended_at + _AFTER:
        return [Doubt("left_at", "another_time", "more than 12 hours after the infusion ended")]
    return []


def _of_met(work: Work, infusion_id: UUID, met: Collection[Criterion]) -> list[Doubt]:
    if Criterion.DISSOCIATION not in met:
        return []
    seen = observations.last_dissociation(work, infusion_id)
    if seen is None or seen < _DISSOCIATED:
        return []
    detail = "dissociation was 2 or more when it was last observed"
    return [Doubt("met", "as_observed", detail)]
