"""Check-ins that were due and did not come: their windows are closed, and the clinic's rules are
asked whenever one more day has passed without any."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, case, distinct, exists, func, or_, select

from diary.alerts.service import Subjected, raise_alert
from diary.checkins.infused import after_last
from diary.checkins.model import check_ins
from diary.patients.model import ERASED
from diary.patients.states import State
from diary.rules.facts import Facts, Silence
from diary.rules.model import silences
from diary.rules.ruleset import judge
from diary.rules.service import current
from diary.rules.waiting import counts
from diary.schedule.model import windows
from diary.schedule.reminders import was_delivered
from diary.schedule.sweep import sweep
from diary.work import Work


class Days(NamedTuple):
    """Days of the diary on which something was due, after the last check-in. before: without those
    whose windows are closed only now. not_reminded: those of which no reminder was delivered."""

    missed: int
    before: int
    not_reminded: int


NONE = Days(0, 0, 0)
# No rule counts to more than 60, be they weeks; what lies further back must not make it slower.
_REACH = timedelta(days=500)


def look(work: Work, window_ids: Collection[UUID]) -> int:
    """Do what is due of these windows of the caller's clinic, and judge what was missed; returns
    how many there were."""
    swept = sweep(work, window_ids)
    if swept.missed:
        _judge(work, swept.missed, swept.patients)
    return swept.done


def _judge(work: Work, closed: Sequence[Row[Any]], held: Mapping[UUID, Row[Any]]) -> None:
    """held: their patients, so that of two engines that close two days of one the later counts
    both."""
    rules, numbers = counts(current(work).rules)
    if not numbers:
        return
    last_of = {row.patient_id: row.id for row in closed}
    days_of = missed_days(work, last_of, closing=[row.id for row in closed])
    for patient in (held[each] for each in sorted(last_of)):
        if patient.state in (ERASED, State.DECEASED):
            # The day had closed before they died or were erased.
            continue
        days = days_of.get(patient.id, NONE)
        if not any(days.before < number <= days.missed for number in numbers):
            continue
        silence = work.row(
            select(silences).where(
                silences.c.clinic_id == patient.clinic_id, silences.c.patient_id == patient.id
            )
        )
        waited = timedelta(0) if silence is None else work.now - silence.since
        facts = Facts(
            {},
            prior=None if silence is None else silence.prior,
            infusion=after_last(work, patient),
            silence=Silence(
                waited / timedelta(hours=1), missed=days.missed, not_reminded=days.not_reminded
            ),
        )
        subject = Subjected(patient.clinic_id, patient.id, patient.reference, patient.drill)
        found = judge(rules, facts)
        raise_alert(work, subject, found, source="schedule", source_id=last_of[patient.id])


def missed_days(
    work: Work, patient_ids: Iterable[UUID], *, closing: Collection[UUID] = ()
) -> Mapping[UUID, Days]:
    """How many days of the diary each of them missed since their last check-in, whatever it was;
    one who missed none is left out. closing: windows that are closed only now."""
    came = exists().where(
        check_ins.c.clinic_id == windows.c.clinic_id,
        check_ins.c.patient_id == windows.c.patient_id,
        check_ins.c.recorded_at >= windows.c.opens_at,
    )
    earlier = case((windows.c.id.in_(list(closing)), None), else_=windows.c.local_date)
    arrived = or_(windows.c.reminder_shown_at.is_not(None), was_delivered())
    reminded = case((arrived, windows.c.local_date), else_=None)
    rows = work.rows(
        select(
            windows.c.patient_id,
            func.count(distinct(windows.c.local_date)).label("missed"),
            func.count(distinct(earlier)).label("before"),
            func.count(distinct(reminded)).label("reminded"),
        )
        .where(
            windows.c.clinic_id == work.caller.clinic,
            windows.c.patient_id.in_(list(patient_ids)),
            windows.c.state == "missed",
            windows.c.closes_at > work.now - _REACH,
            ~came,
        )
        .group_by(windows.c.patient_id)
    )
    return {row.patient_id: Days(row.missed, row.before, row.missed - row.reminded) for row in rows}
