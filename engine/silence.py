"""Silences whose hours have passed → judged."""

from typing import Final
from uuid import UUID

from diary.checkins import silence
from diary.work import Work
from engine.each import Duty


def _judge(work: Work, patient_id: UUID) -> bool:
    return silence.judge_when_due(work, work.caller.clinic, patient_id)


DUTY: Final = Duty(
    "silence",
    agenda=silence.AGENDA,
    act=_judge,
    look_failed="silence.look-failed",
    act_failed="silence.not-judged",
    id_name="patient_id",
)
