"""Silences whose hours have passed → judged, each in its own transaction."""

from collections.abc import Callable
from uuid import UUID

from diary.callers import Caller
from diary.checkins import silence
from diary.logs import logger
from diary.work import House

_log = logger("silence")
_BATCH = 100


def judge_due(house: House, caller: Caller, got_on: Callable[[], None] = lambda: None) -> int:
    """Judge every silence whose time has come; returns how many were. Never raises.

    got_on: called after each of them, with no transaction open. One that cannot be judged holds
    up neither the others nor a page: it stays due, and is tried again on the next turn.
    """
    seen: set[UUID] = set()
    judged = 0
    try:
        while True:
            with house.work(caller, write=False) as work:
                due = silence.due(work, _BATCH, without=seen)
            if not due:
                return judged
            for clinic_id, patient_id in due:
                judged += _judge(house, caller, clinic_id, patient_id)
                seen.add(patient_id)
                got_on()
    except Exception as error:
        _log.error("silence.look-failed", error=error)
        return judged


def _judge(house: House, caller: Caller, clinic_id: UUID, patient_id: UUID) -> bool:
    try:
        with house.work(caller.within(clinic_id)) as work:
            return silence.judge_when_due(work, clinic_id, patient_id)
    except Exception as error:
        _log.error("silence.not-judged", patient_id=str(patient_id), error=error)
        return False
