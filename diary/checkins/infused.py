"""A patient of whom nothing came in: how long ago their last infusion was."""

from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, literal, select

from diary.checkins.around import after_infusion
from diary.infusions.model import infusions
from diary.infusions.since import latest_before, since
from diary.rules.facts import AfterInfusion
from diary.work import Work


def after_last(work: Work, patient: Row[Any]) -> AfterInfusion | None:
    """Where this moment lies after the last infusion; None before the first. patient: the row."""
    clinic_id, patient_id = (literal(patient.clinic_id), literal(patient.id))
    last = latest_before(clinic_id, patient_id, work.now).scalar_subquery()
    row = work.row(
        select(infusions).where(infusions.c.clinic_id == patient.clinic_id, infusions.c.id == last)
    )
    if row is None:
        return None
    lies = since(
        row.number,
        row.started_at,
        row.ended_at,
        moment=work.now,
        zone=ZoneInfo(patient.time_zone),
    )
    return after_infusion(lies, row.started_at, row.ended_at, work.now)
