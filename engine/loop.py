"""The whole engine: take what is due, do it, sleep until the next due moment or a wake-up."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial

from diary.callers import Caller, CallerKind
from diary.logs import logger
from diary.schedule import follow, sweep
from diary.watch import canary
from diary.webhooks import queue
from diary.webhooks.addresses import AddressGuard
from diary.webhooks.queue import Claimed
from diary.work import House
from engine import away, escorts, reviews, silence
from engine.canary import Canary
from engine.deliver import Deliverer
from engine.each import Each
from engine.escalate import escalate_due, go_by_the_clock, next_action
from engine.heart import Heart
from engine.listen import Listener
from engine.reclaim import Reclaimer
from engine.retention import Retention
from engine.schedule import Schedule
from engine.seal import Sealer
from engine.sender import Sender

_log = logger("engine")
# Behind every wake-up and every computed sleep stands this poll.
_POLL = 0.5
# What is due and could not be taken now (a full endpoint, a row that another engine holds).
_HELD_UP = 0.1
_AFTER_FAULT = 1.0
# A dead engine's leases are looked for less often than what is due: it costs each page a moment.
_LOST_EVERY = 0.25
_THREADS = 4
_DUTIES = (silence.DUTY, away.DUTY, escorts.DUTY, reviews.DUTY)
_AGENDAS = (*(each.agenda for each in _DUTIES), follow.AGENDA, sweep.AGENDA)


class Engine:
    """Escalates and delivers for every clinic. Any number may run over one PostgreSQL."""

    def __init__(self, house: House, *, standby: bool = False) -> None:
        """standby: it stands in for an engine of its own, and goes when there is one."""
        self._house = house
        self.id = house.new_id()
        self._caller = Caller(CallerKind.ENGINE, id=self.id)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="engine")
        self._listener = Listener(house.database, self.id, self.wake)
        self.heart = Heart(
            house, self._caller, standby=standby, listening=lambda: self._listener.hears
        )
        self._reclaimer = Reclaimer(house, self._caller, self.heart.meters)
        self._retention = Retention(house, self._caller)
        self._looks = [
            *(Each(house, self._caller, each).look for each in _DUTIES),
            Schedule(house, self._caller).look,
        ]
        self._retaining: asyncio.Task[None] | None = None
        self._deliverer = Deliverer(
            house, self._caller, self._threads, self.heart, lambda: self._listener.lease_holder
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken: asyncio.Event | None = None
        self.stopping = False
        self._sends: set[asyncio.Task[None]] = set()
        self._canary: Canary | None = None
        # Made here to fail here: a wrong certificate file must end the start, not the engine.
        self._sender()

    def wake(self) -> None:
        """Look at once; from any thread."""
        if self._loop is not None and self._woken is not None:
            # A loop that has ended takes no call; what was committed must be answered all the same.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._woken.set)

    def stop(self) -> None:
        """End `run` once what is in flight is settled; from any thread."""
        self.stopping = True
        self.wake()

    async def run(self, *, alone: bool) -> None:
        """Work until stopped. alone: no other engine can hold a lease, so all are reclaimed now."""
        self._loop, self._woken = asyncio.get_running_loop(), asyncio.Event()
        _log.info("engine.started", engine_id=str(self._caller.id), alone=alone)
        with self._listener.listening():
            await self._work(alone=alone)
        await self._deliverer.off_loop(self.heart.stop)
        _log.info("engine.stopped", engine_id=str(self._caller.id))

    async def _work(self, *, alone: bool) -> None:
        assert self._loop is not None
        assert self._woken is not None
        look_for_lost_at = 0.0
        async with self._open() as (sender, own, sealer):
            while not self.stopping:
                self._woken.clear()
                try:
                    if self._loop.time() >= look_for_lost_at:
                        if await self._look_back(all_leases=alone):
                            alone = False
                        look_for_lost_at = self._loop.time() + _LOST_EVERY
                    await own.look()
                    sealer.look()
                    self._look_at_retention()
                    looked_at = self._house.clock.now()
                    worked = await self._turn(sender)
                    wait = 0.0 if worked else await self._until_next(looked_at)
                except Exception as error:
                    if _process_ends():
                        raise
                    # The rows say what is due; whatever failed is looked at again.
                    _log.error("engine.turn-failed", error=error)
                    wait = _AFTER_FAULT
                await self._sleep(wait)
            if under_way := self._sends | ({self._retaining} if self._retaining else set()):
                await asyncio.wait(under_way)

    def _look_at_retention(self) -> None:
        """Beside all else: an erasure that waits for somebody's lock holds up no page."""
        if self._retention.is_time() and (self._retaining is None or self._retaining.done()):
            look = self._deliverer.off_loop(self._retention.look)
            self._retaining = asyncio.ensure_future(look)

    def run_until_idle(self, *, watching: bool = False) -> None:
        """Do everything that is due at the clock's present, and return when nothing is.

        watching: the canary too, where it is due, and the audit trail is sealed.
        """
        asyncio.run(self._drain(watching))

    async def _drain(self, watching: bool) -> None:
        async with self._open() as (sender, own, sealer):
            await self._look_back(all_leases=False)
            if watching:
                await own.look()
                sealer.look()
            while await self._turn(sender) or self._sends:
                if self._sends:
                    await asyncio.wait(self._sends)
            await own.told()
            await sealer.rest()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[tuple[Sender, Canary, Sealer]]:
        off_loop = self._deliverer.off_loop
        async with (
            self._sender() as sender,
            Canary(self._house, self._caller, off_loop, sender) as own,
            Sealer(self._house, self._caller, off_loop, lambda: self.stopping) as sealer,
        ):
            self._canary = own
            yield sender, own, sealer

    async def _turn(self, sender: Sender) -> bool:
        acted = await self._deliverer.off_loop(
            lambda: escalate_due(self._house, self._caller, self.heart.beat)
        )
        worked = acted > 0
        for look in self._looks:
            done = await self._deliverer.off_loop(partial(look, self.heart.beat))
            worked = worked or bool(done)
        async for claimed in self._deliverer.claim_due():
            worked = True
            task = asyncio.create_task(self._attempt(sender, claimed))
            self._sends.add(task)
            task.add_done_callback(self._done)
        return worked

    async def _attempt(self, sender: Sender, claimed: Claimed) -> None:
        if claimed.kind == canary.KIND and self._canary is not None:
            sender, claimed = self._canary.sender, self._canary.addressed(claimed)
        try:
            await self._deliverer.attempt(sender, claimed)
        except Exception as error:
            # Not settled: the lease runs out and the delivery is owed again.
            _log.error("delivery.unsettled", delivery_id=str(claimed.id), error=error)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._sends.discard(task)
        # There is room at that endpoint again.
        if self._woken is not None:
            self._woken.set()

    async def _look_back(self, *, all_leases: bool) -> bool:
        """Never raises, and says whether it was done: what is due now must not wait for it."""

        def release() -> None:
            self._reclaimer.release(all_leases=all_leases)
            go_by_the_clock(self._house, self._caller)

        try:
            await self._deliverer.off_loop(release)
        except Exception as error:
            _log.error("engine.turn-failed", error=error)
            return False
        return True

    async def _until_next(self, looked_at: datetime) -> float:
        due = await self._deliverer.off_loop(lambda: self._next_due(looked_at))
        if due is None:
            return _POLL
        ahead = (due - self._house.clock.now()).total_seconds()
        return min(_POLL, ahead) if ahead > 0 else _HELD_UP

    def _next_due(self, looked_at: datetime) -> datetime | None:
        with self._house.work(self._caller, write=False) as work:
            moments = [queue.next_due(work, looked_at)]
            moments += [each.next(work, looked_at) for each in _AGENDAS]
        moments.append(next_action(self._house, self._caller, looked_at))
        return min((moment for moment in moments if moment is not None), default=None)

    async def _sleep(self, seconds: float) -> None:
        assert self._woken is not None
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)

    def _sender(self) -> Sender:
        settings = self._house.settings
        guard = AddressGuard(settings.webhook_allowed_networks, settings.webhook_allow_http)
        return Sender(
            guard,
            deadline=queue.REQUEST_DEADLINE.total_seconds(),
            ca_file=settings.webhook_ca_file,
        )


def start_beside(house: House, *, alone: bool, standby: bool = False) -> Engine:
    """Run an engine in a thread of this process, until it is stopped or the process ends."""
    engine = Engine(house, standby=standby)

    def keep_running() -> None:
        while not engine.stopping:
            try:
                asyncio.run(engine.run(alone=alone))
            except BaseException as error:
                if _process_ends():
                    # Said, in case requests are still being answered without it.
                    _log.warning("engine.ends-with-process", engine_id=str(engine.id))
                    return
                # An API without its engine would take risk answers that nobody hears of.
                _log.critical("engine.died", error=error)
                threading.Event().wait(_AFTER_FAULT)

    threading.Thread(target=keep_running, name="engine", daemon=True).start()
    return engine


def _process_ends() -> bool:
    """From here on no thread does anything for the engine; what it had in hand is owed again."""
    return not threading.main_thread().is_alive()
