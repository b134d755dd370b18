"""What is seen of a patient during a visit: vital signs, and dissociation as a clinician rates it.

Nothing that was entered is changed. A wrong entry is corrected by another one that names it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, select

from diary.errors import FieldFault, Invalid
from diary.infusions import doubts
from diary.infusions.doubts import Doubt
from diary.infusions.model import observations
from diary.infusions.reading import InfusionNotReady, get, lock
from diary.patients.service import require
from diary.work import Work

# What there is in anybody alive, by measure. Pressures in mmHg, rates per minute, spo2 in percent.
# dissociation: 0 none to 4 extreme, as each CADSS item is rated; cadss: the sum of its 23 items
# (Bremner et al., J Trauma Stress 1998;11:125). The limits of the vital signs are design values.
POSSIBLE: Final[Mapping[str, tuple[int, int]]] = {
    "systolic": (30, 300),
    "diastolic": (10, 200),
    "heart_rate": (20, 300),
    "spo2": (40, 100),
    "respiratory_rate": (3, 70),
    "dissociation": (0, 4),
    "cadss": (0, 92),
}
# Beyond these it is more often a slip of the hand than so. Wide on purpose: ketamine raises the
# pressure, and whoever measures a high one has no time for questions. Design values.
_USUAL: Final[Mapping[str, tuple[int, int]]] = {
    "systolic": (60, 240),
    "diastolic": (30, 140),
    "heart_rate": (30, 200),
    "spo2": (70, 100),
    "respiratory_rate": (6, 40),
}
# A visit is of some two hours; what lies farther from it was hardly seen during it.
_BEFORE: Final = timedelta(hours=4)
_AFTER: Final = timedelta(hours=12)


def record(
    work: Work,
    patient_id: UUID,
    infusion_id: UUID,
    *,
    observed_at: datetime,
    corrects: UUID | None = None,
    confirm: Collection[str] = (),
    **measures: int | None,
) -> Row[Any]:
    """Enter what was seen during a visit.

    measures: of POSSIBLE, at least one. corrects: an entry of the same visit that was wrong, and
    that nothing corrects yet. confirm: fields whose value is meant, though unusual. Raises
    NotFound, OnlyReading, InfusionNotReady for a cancelled visit, NeedsConfirmation, Invalid.
    """
    lock(work, patient_id)
    infusion = get(work, patient_id, infusion_id)
    if infusion.state == "cancelled":
        raise InfusionNotReady("it is cancelled; nothing was seen during it")
    doubts.not_ahead("observed_at", observed_at, work.now)
    _check(work, infusion_id, corrects, measures)
    confirmed = doubts.settle([*_doubts(measures), *_of_moment(infusion, observed_at)], confirm)
    observation_id = work.new_id()
    work.add(
        observations,
        clinic_id=work.caller.clinic,
        id=observation_id,
        patient_id=patient_id,
        infusion_id=infusion_id,
        observed_at=observed_at,
        corrects=corrects,
        recorded_at=work.now,
        recorded_by=work.caller.id,
        **measures,
    )
    detail: dict[str, Any] = {"confirmed": confirmed} if confirmed else {}
    work.audit("observation.recorded", "infusion", infusion_id, **detail)
    work.flush()
    row = work.row(_shown().where(_here(work), observations.c.id == observation_id))
    assert row is not None
    return row


def of_infusion(work: Work, patient_id: UUID, infusion_id: UUID) -> Select[Any]:
    """All that was seen during a visit, with what corrects it; raises NotFound."""
    get(work, patient_id, infusion_id)
    return _shown().where(_here(work), observations.c.infusion_id == infusion_id)


def of_patient(work: Work, patient_id: UUID) -> Select[Any]:
    """All that was ever seen of a patient; raises NotFound."""
    require(work, patient_id)
    return _shown().where(_here(work), observations.c.patient_id == patient_id)


def last_dissociation(work: Work, infusion_id: UUID) -> int | None:
    """How dissociated the patient was (0 to 4) when it was last seen during a visit, without what
    was corrected; None where it never was. The caller has found the visit."""
    seen = _shown().where(
        _here(work),
        observations.c.infusion_id == infusion_id,
        observations.c.dissociation.is_not(None),
    )
    newest_first = (observations.c.observed_at.desc(), observations.c.id.desc())
    rows = work.rows(seen.order_by(*newest_first))
    return next((row.dissociation for row in rows if row.corrected_by is None), None)


def _here(work: Work) -> Any:
    return observations.c.clinic_id == work.caller.clinic


def _shown() -> Select[Any]:
    later = observations.alias("later")
    corrected_by = (
        select(later.c.id)
        .where(
            later.c.clinic_id == observations.c.clinic_id,
            later.c.infusion_id == observations.c.infusion_id,
            later.c.corrects == observations.c.id,
        )
        .correlate(observations)
        .scalar_subquery()
    )
    return select(observations, corrected_by.label("corrected_by"))


def _check(
    work: Work, infusion_id: UUID, corrects: UUID | None, measures: Mapping[str, int | None]
) -> None:
    faults = []
    if all(value is None for value in measures.values()):
        faults.append(FieldFault("", "nothing", "at least one measure is needed"))
    high, low = measures.get("systolic"), measures.get("diastolic")
    if high is not None and low is not None and low >= high:
        faults.append(FieldFault("/diastolic", "out_of_order", "must be lower than systolic"))
    if corrects is not None:
        wrong = work.row(
            _shown().where(
                _here(work),
                observations.c.infusion_id == infusion_id,
                observations.c.id == corrects,
            )
        )
        if wrong is None:
            detail = "there is no such entry of this visit"
            faults.append(FieldFault("/corrects", "unknown", detail))
        elif wrong.corrected_by is not None:
            detail = "another entry corrects it already; correct that one"
            faults.append(FieldFault("/corrects", "corrected", detail))
    if faults:
        raise Invalid(errors=faults)


def _doubts(measures: Mapping[str, int | None]) -> list[Doubt]:
    return [
        Doubt(name, "unusual", f"{least} to {most} is what is usually seen")
        for name, (least, most) in _USUAL.items()
        if (value := measures.get(name)) is not None and not least <= value <= most
    ]


def _of_moment(infusion: Row[Any], observed_at: datetime) -> list[Doubt]:
    begins = infusion.started_at or infusion.planned_at
    ends = infusion.ended_at or begins
    if begins - _BEFORE <= observed_at <= ends + _AFTER:
        return []
    detail = "more than 4 hours before the infusion, or 12 hours after it"
    return [Doubt("observed_at", "another_time", detail)]
