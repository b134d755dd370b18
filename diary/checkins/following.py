"""A patient's windows are made to follow, and what was told before they were there counts."""

from uuid import UUID

from sqlalchemy import and_, exists, select

from diary.checkins.model import check_ins
from diary.schedule import follow as following
from diary.schedule.model import windows
from diary.schedule.windows import fill
from diary.work import Work


def follow(work: Work, patient_id: UUID) -> bool:
    """As `diary.schedule.follow.follow`; what is open by it and was answered already, by a
    check-in that answers nothing else, is not asked again."""
    if not following.follow(work, patient_id):
        return False
    answers = windows.alias("answers")
    is_used = exists().where(
        answers.c.clinic_id == check_ins.c.clinic_id,
        answers.c.patient_id == check_ins.c.patient_id,
        answers.c.check_in_id == check_ins.c.id,
    )
    told = work.rows(
        select(windows.c.id, check_ins.c.id.label("check_in_id"), check_ins.c.recorded_at)
        .join(
            check_ins,
            and_(
                check_ins.c.clinic_id == windows.c.clinic_id,
                check_ins.c.patient_id == windows.c.patient_id,
                check_ins.c.instrument == windows.c.instrument,
                check_ins.c.recorded_at >= windows.c.opens_at,
                check_ins.c.recorded_at < windows.c.closes_at,
            ),
        )
        .where(
            windows.c.clinic_id == work.caller.clinic,
            windows.c.patient_id == patient_id,
            windows.c.state == "pending",
            windows.c.opens_at <= work.now,
            windows.c.closes_at > work.now,
            ~is_used,
        )
        .order_by(check_ins.c.recorded_at, check_ins.c.id)
    )
    for row in told:
        # Again for a later check-in of the same window: that is answered by then.
        fill(work, row.id, row.check_in_id, row.recorded_at)
    return True
