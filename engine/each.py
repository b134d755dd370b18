"""Whatever has fallen due → done, each in a transaction of its own clinic."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from diary.agenda import Agenda
from diary.callers import Caller
from diary.logs import logger
from diary.work import House, Work

_BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class Each:
    """Does whatever of one kind has fallen due, when it is called.

    room: as the log names it. act: does it in the caller's clinic; False where it was not due any
    more. look_failed, act_failed: the log's
    events. id_name: how an id is called in the second.
    """

    room: str
    agenda: Agenda
    act: Callable[[Work, UUID], bool]
    look_failed: str
    act_failed: str
    id_name: str

    def __call__(
        self, house: House, caller: Caller, got_on: Callable[[], None] = lambda: None
    ) -> int:
        """Do all that is due; returns how much was done. Never raises.

        got_on: called after each of them, with no transaction open. One that cannot be done holds
        up neither the others nor a page: it stays due, and is tried again on the next turn.
        """
        seen: set[UUID] = set()
        done = 0
        try:
            while True:
                with house.work(caller, write=False) as work:
                    due = self.agenda.due(work, _BATCH, without=seen)
                if not due:
                    return done
                for clinic_id, one in due:
                    done += self._do(house, caller.within(clinic_id), one)
                    seen.add(one)
                    got_on()
        except Exception as error:
            logger(self.room).error(self.look_failed, error=error)
            return done

    def _do(self, house: House, caller: Caller, one: UUID) -> bool:
        try:
            with house.work(caller) as work:
                return self.act(work, one)
        except Exception as error:
            logger(self.room).error(self.act_failed, **{self.id_name: str(one)}, error=error)
            return False
