"""Whatever has fallen due → done, each in a transaction of its own clinic."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from diary.agenda import Agenda
from diary.callers import Caller
from diary.logs import logger
from diary.work import House, Work

_BATCH: Final = 20


@dataclass(frozen=True, slots=True)
class Duty:
    """One kind of what falls due.

    room: as the log names it. act: does one in the caller's clinic; False where it was not due any
    more, or is in somebody's hand. look_failed, act_failed: the log's events. id_name: how an id is
    called in the second.
    """

    room: str
    agenda: Agenda
    act: Callable[[Work, UUID], bool]
    look_failed: str
    act_failed: str
    id_name: str


class Each:
    """Does what has fallen due of one duty, as far as one engine has to do with it."""

    def __init__(self, house: House, caller: Caller, duty: Duty) -> None:
        self._house = house
        self._caller = caller
        self._duty = duty
        # Could not be done: what else is due goes first.
        self._stuck: set[UUID] = set()

    def look(self, got_on: Callable[[], None] = lambda: None) -> bool:
        """Do some of what is due: a page must not wait for all of it. Returns whether to look again
        at once; never raises.

        got_on: called after each of them, with no transaction open. What cannot be done holds up
        neither the others nor a page.
        """
        try:
            with self._house.work(self._caller, write=False) as work:
                due = self._duty.agenda.due(work, _BATCH, without=self._stuck)
        except Exception as error:
            logger(self._duty.room).error(self._duty.look_failed, error=error)
            return False
        # Also where none of these can be done: others may stand behind them.
        is_full = worked = len(due) == _BATCH
        if not is_full:
            self._stuck.clear()
        for clinic_id, one in due:
            if self._do(clinic_id, one):
                worked = True
            else:
                self._stuck.add(one)
            got_on()
        return worked

    def _do(self, clinic_id: UUID, one: UUID) -> bool:
        try:
            with self._house.work(self._caller.within(clinic_id)) as work:
                return self._duty.act(work, one)
        except Exception as error:
            named = {self._duty.id_name: str(one)}
            logger(self._duty.room).error(self._duty.act_failed, **named, error=error)
            return False
