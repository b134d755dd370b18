"""A questionnaire's total as the patient last answered it: what a course is measured from."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select

from diary.checkins.model import check_ins
from diary.infusions.courses.gate import RATED_WITHIN, Measured
from diary.instruments.model import instruments
from diary.work import Work


def last_total(work: Work, patient_id: UUID, profile: str, at: datetime) -> Measured | None:
    """The last total of an instrument that counts for a course which begins at this moment.

    profile: what scores it, whatever the clinic called the questionnaire that it brought. An answer
    with too many items left out has no total. None where there is none.
    """
    is_of_it: Any = and_(
        instruments.c.clinic_id == check_ins.c.clinic_id,
        instruments.c.slug == check_ins.c.instrument,
        instruments.c.version == check_ins.c.version,
        instruments.c.profile == profile,
    )
    row = work.row(
        select(check_ins.c.id, check_ins.c.total, check_ins.c.recorded_at)
        .where(
            check_ins.c.clinic_id == work.caller.clinic,
            check_ins.c.patient_id == patient_id,
            check_ins.c.total.is_not(None),
            check_ins.c.recorded_at.between(at - RATED_WITHIN, at),
            select(instruments.c.id).where(is_of_it).exists(),
        )
        .order_by(check_ins.c.recorded_at.desc(), check_ins.c.id.desc())
        .limit(1)
    )
    return None if row is None else Measured(row.total, row.recorded_at, row.id)
