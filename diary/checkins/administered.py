"""A questionnaire's total as the patient last answered it: what a course is measured from."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select

from diary.checkins.model import check_ins
from diary.infusions.courses.gate import BASELINES, RATED_WITHIN, Measured
from diary.infusions.courses.reading import Totals
from diary.instruments.model import instruments
from diary.work import Work


def last_totals(work: Work, patients: Collection[UUID], at: datetime) -> Totals:
    """Of patients of the clinic, the last total before a moment of each instrument that a course
    can be measured by, as far back as one counts.

    An instrument goes by what scores it, whatever the clinic called the questionnaire that it
    brought. An answer with too many items left out has no total.
    """
    # Each version has a row for each of its languages: one answer may come more than once.
    rows = work.rows(
        select(
            check_ins.c.patient_id,
            check_ins.c.id,
            check_ins.c.total,
            check_ins.c.recorded_at,
            instruments.c.profile,
        )
        .join(
            instruments,
            and_(
                instruments.c.clinic_id == check_ins.c.clinic_id,
                instruments.c.slug == check_ins.c.instrument,
                instruments.c.version == check_ins.c.version,
            ),
        )
        .where(
            check_ins.c.clinic_id == work.caller.clinic,
            check_ins.c.patient_id.in_(patients),
            check_ins.c.total.is_not(None),
            # The gate decides what counts; no more of the diary than that is gone through.
            check_ins.c.recorded_at.between(at - RATED_WITHIN, at),
            instruments.c.profile.in_(BASELINES),
        )
        .order_by(check_ins.c.recorded_at, check_ins.c.id)
    )
    return {
        (row.patient_id, row.profile): Measured(row.total, row.recorded_at, row.id) for row in rows
    }
