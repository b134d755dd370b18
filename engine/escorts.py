"""Infusions after which nobody takes the patient home → told, each in its own transaction."""

from collections.abc import Callable
from uuid import UUID

from diary.callers import Caller
from diary.infusions import escorts
from diary.logs import logger
from diary.webhooks.escorts import tell_when_due
from diary.work import House

_log = logger("escorts")
_BATCH = 100


def tell_due(house: House, caller: Caller, got_on: Callable[[], None] = lambda: None) -> int:
    """Tell of every one that is due; returns how many there were. Never raises.

    got_on: called after each of them, with no transaction open. One that cannot be told of holds
    up nobody: it stays due, and is tried again on the next turn.
    """
    seen: set[UUID] = set()
    told = 0
    try:
        while True:
            with house.work(caller, write=False) as work:
                due = escorts.due(work, _BATCH, without=seen)
            if not due:
                return told
            for clinic_id, infusion_id in due:
                told += _tell(house, caller, clinic_id, infusion_id)
                seen.add(infusion_id)
                got_on()
    except Exception as error:
        _log.error("escorts.look-failed", error=error)
        return told


def _tell(house: House, caller: Caller, clinic_id: UUID, infusion_id: UUID) -> bool:
    try:
        with house.work(caller.within(clinic_id)) as work:
            return tell_when_due(work, infusion_id)
    except Exception as error:
        _log.error("escorts.not-told", infusion_id=str(infusion_id), error=error)
        return False
