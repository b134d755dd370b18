"""Patients whose time away is over → back in treatment, each in its own transaction."""

from collections.abc import Callable
from uuid import UUID

from diary.callers import Caller
from diary.checkins.states import bring_back
from diary.logs import logger
from diary.patients.states import due_back
from diary.work import House

_log = logger("away")
_BATCH = 100


def bring_back_due(house: House, caller: Caller, got_on: Callable[[], None] = lambda: None) -> int:
    """Bring back whoever was paused or in hospital until now; returns how many. Never raises.

    got_on: called after each of them, with no transaction open. One who cannot be brought back
    holds up nobody: they stay due, and are tried again on the next turn.
    """
    seen: set[UUID] = set()
    back = 0
    try:
        while True:
            with house.work(caller, write=False) as work:
                due = due_back(work, _BATCH, without=seen)
            if not due:
                return back
            for clinic_id, patient_id in due:
                back += _bring_back(house, caller, clinic_id, patient_id)
                seen.add(patient_id)
                got_on()
    except Exception as error:
        _log.error("away.look-failed", error=error)
        return back


def _bring_back(house: House, caller: Caller, clinic_id: UUID, patient_id: UUID) -> bool:
    try:
        with house.work(caller.within(clinic_id)) as work:
            return bring_back(work, patient_id)
    except Exception as error:
        _log.error("away.not-brought-back", patient_id=str(patient_id), error=error)
        return False
