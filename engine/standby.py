"""An API process that runs the whole engine itself for as long as no other engine is alive."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from diary.callers import Caller, CallerKind
from diary.logs import logger
from diary.wakeup import Wakeup
from diary.watch import engines
from diary.work import House
from engine.loop import Engine, start_beside

_log = logger("standby")
_EVERY = 2.0  # seconds
# How long another engine must have been seen at every look before this one steps back.
SETTLED = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known after a look. others_since: the first look of those that all saw another."""

    running: bool = False
    others_since: datetime | None = None


def after_look(watch: Watch, *, others_alive: bool, now: datetime) -> Watch:
    """Whether to run the engine from now on. Pure.

    It starts at the first look that sees nobody, and steps back only before one that stays.
    """
    if not others_alive:
        return Watch(running=True)
    since = watch.others_since
    if since is None or since > now:
        since = now
    return Watch(watch.running and now - since < SETTLED, since)


class Standby:
    """Looks for a living engine, and is one while there is none."""

    def __init__(self, house: House, wakeup: Wakeup) -> None:
        self._house = house
        self._caller = Caller(CallerKind.ENGINE)
        self._wakeup = wakeup
        self._engine: Engine | None = None
        self._watch = Watch()
        self._ended = threading.Event()
        # A setting that no engine can run with must end the start, not the first takeover.
        Engine(house)

    @property
    def running(self) -> bool:
        """Whether the engine runs here now."""
        return self._engine is not None

    def look(self) -> None:
        """Look once; start the engine or step back."""
        alive = self._others_alive()
        now = self._house.clock.now()
        self._watch = after_look(self._watch, others_alive=alive, now=now)
        if self._watch.running and self._engine is None:
            _log.warning("standby.took-over")
            self._engine = start_beside(self._house, alone=False, standby=True)
            self._wakeup.listen(self._engine.wake)
        elif not self._watch.running and self._engine is not None:
            _log.info("standby.stepped-back")
            self._engine.stop()
            self._engine = None

    def watch(self) -> None:
        """Look every two seconds, until ended."""
        while True:
            try:
                self.look()
            except Exception as error:
                _log.error("standby.look-failed", error=error)
            if self._ended.wait(_EVERY):
                break
        if self._engine is not None:
            self._engine.stop()

    def end(self) -> None:
        """Stop looking, and the engine if it runs here; from any thread."""
        self._ended.set()

    def _others_alive(self) -> bool:
        try:
            with self._house.work(self._caller, write=False) as work:
                seen: list[UUID] = [row.id for row in engines.living(work)]
        except Exception as error:
            # Whom we cannot see we do not rely on: one engine too many only sends again.
            _log.error("standby.look-failed", error=error)
            return False
        if self._engine is not None and self._engine.id in seen:
            # Of several that stand in, the first stays: they must not all step back together.
            return seen[0] != self._engine.id
        return bool(seen)


def stand_by(house: House, wakeup: Wakeup) -> Standby:
    """Stand by in a thread of this process, for as long as the process lives."""
    standby = Standby(house, wakeup)
    threading.Thread(target=standby.watch, name="standby", daemon=True).start()
    return standby
