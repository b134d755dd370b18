"""A patient who told of a risk says no more: the clinic's rules are asked when its hours pass."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update

from diary.agenda import Agenda
from diary.alerts.service import Subjected, raise_alert
from diary.checkins.infused import after_last
from diary.checkins.missed import NONE, missed_days
from diary.checkins.word import due_at
from diary.patients.model import ERASED, patients
from diary.patients.states import State
from diary.rules.facts import Facts, Silence
from diary.rules.model import silences
from diary.rules.ruleset import judge
from diary.rules.service import current
from diary.rules.waiting import next_hours
from diary.work import Work

AGENDA: Final = Agenda(silences.c.due_at, silences.c.patient_id)
"""Patients whose silence is to be judged."""


def judge_when_due(work: Work, clinic_id: UUID, patient_id: UUID) -> bool:
    """Judge the silence of a patient of the caller's clinic; False where it is not due any more,
    or somebody else has it in hand.

    What is found, and up to which hour it was judged, are written together: each hour is judged
    once. Whoever was discharged, or is away, is waited for as before: that they are not asked for
    check-ins does not tell that they are safe.
    """
    patient = work.row(
        select(patients)
        .where(patients.c.clinic_id == clinic_id, patients.c.id == patient_id)
        # As whoever records a check-in: against being erased meanwhile.
        .with_for_update(read=True, key_share=True, skip_locked=True)
    )
    if patient is None:
        return False
    here = (silences.c.clinic_id == clinic_id, silences.c.patient_id == patient_id)
    row = work.row(
        select(silences)
        .where(*here, silences.c.due_at <= work.now)
        .with_for_update(skip_locked=True)
    )
    if row is None:
        return False
    if patient.state == ERASED:
        work.execute(delete(silences).where(*here))
        return True
    if patient.state == State.DECEASED:
        # It rests: whoever says that this was a mistake wakes it.
        work.execute(update(silences).where(*here).values(due_at=None))
        return True
    in_force = current(work)
    hours = (work.now - row.since) / timedelta(hours=1)
    judged: int = row.judged_hours
    waited = next_hours(in_force.waits, row.prior, judged=judged)
    if waited is not None and hours >= waited:
        days = missed_days(work, [patient_id]).get(patient_id, NONE)
        facts = Facts(
            {},
            prior=row.prior,
            infusion=after_last(work, patient),
            silence=Silence(hours, missed=days.missed, not_reminded=days.not_reminded),
        )
        subject = Subjected(clinic_id, patient_id, patient.reference, patient.drill)
        found = judge(in_force.rules, facts)
        raise_alert(work, subject, found, source="silence", source_id=row.check_in_id)
        judged = int(hours)
    next_at = due_at(in_force.waits, row.since, row.prior, judged=judged)
    work.execute(update(silences).where(*here).values(judged_hours=judged, due_at=next_at))
    return True
