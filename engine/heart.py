"""The heartbeat of one engine. It beats where the work is done: a loop that hangs falls silent."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from diary.callers import Caller
from diary.logs import logger
from diary.watch import engines
from diary.watch.meters import Meters
from diary.work import House

_log = logger("engine")
_EVERY = timedelta(seconds=1)


class Heart:
    """Tells the others that this engine works, at most once a second.

    listening: whether it hears of commits; None where none are announced.
    """

    def __init__(
        self,
        house: House,
        caller: Caller,
        *,
        standby: bool,
        listening: Callable[[], bool | None],
    ) -> None:
        assert caller.id is not None
        self._house = house
        self._caller = caller
        self._id = caller.id
        self._standby = standby
        self._started_at = house.clock.now()
        self._beat_at: datetime | None = None
        self._lock = Lock()
        self._listening = listening
        self.meters = Meters()

    def beat(self) -> None:
        """To be called wherever the loop gets on, with no transaction open. Never raises."""
        with self._lock:
            now, last = self._house.clock.now(), self._beat_at
            if last is not None and last <= now < last + _EVERY:
                return
            self._beat_at = now
        try:
            with self._house.work(self._caller) as work:
                engines.beat(
                    work,
                    self._id,
                    started_at=self._started_at,
                    standby=self._standby,
                    listening=self._listening(),
                    figures=self.meters.document(),
                )
        except Exception as error:
            # What is due matters more than being seen to do it.
            _log.error("engine.beat-failed", error=error)

    def stop(self) -> None:
        """The engine has ended in order. Never raises."""
        try:
            with self._house.work(self._caller) as work:
                engines.leave(work, self._id)
        except Exception as error:
            _log.error("engine.beat-failed", error=error)
