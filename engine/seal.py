"""Seals the audit trail beside the engine's other work, and tells the log where its chains end."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

from diary.callers import Caller
from diary.logs import logger
from diary.trail import checkpoints, seal
from diary.trail.chain import Broken, Head
from diary.trail.seal import Part
from diary.watch import marks
from diary.work import House

_log = logger("seal")
EVERY: Final = timedelta(seconds=5)
# Transactions of one look.
PARTS: Final = 10
# How often a clinic's head is told, and the marks are put.
TELL_EVERY: Final = timedelta(minutes=1)
OffLoop = Callable[[Callable[[], Any]], Awaitable[Any]]


class Sealer:
    """One engine's part in it, while it is open as a context manager; any number may be at it.

    It works in a task of its own: whatever becomes of it, nothing else waits. stopping: asked
    between its transactions.
    """

    def __init__(
        self, house: House, caller: Caller, off_loop: OffLoop, stopping: Callable[[], bool]
    ) -> None:
        self._house = house
        self._caller = caller
        self._off_loop = off_loop
        self._stopping = stopping
        self._looked_at: datetime | None = None
        self._at_it: asyncio.Task[None] | None = None
        # Where the round over the clinics goes on (None: at its beginning), whether one of them has
        # more to seal, and whether none was left for a reason of its own.
        self._after: UUID | None = None
        self._more = False
        self._caught_up = True
        self._broken: set[UUID] = set()
        self._told_at: dict[UUID, datetime] = {}
        self._untold: dict[UUID, Head] = {}
        self._marked_at: dict[str, datetime] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.rest()
        self._tell(all_of_them=True)

    def look(self) -> None:
        """Begin to seal where it is time and the look before has ended. Never waits or raises."""
        now, last = self._house.clock.now(), self._looked_at
        if last is not None and last <= now < last + EVERY:
            return
        if self._at_it is not None and not self._at_it.done():
            return
        self._looked_at = now
        self._at_it = asyncio.create_task(self._seal())

    async def rest(self) -> None:
        """Wait until the look under way has ended."""
        if self._at_it is not None:
            await asyncio.wait([self._at_it])

    async def _seal(self) -> None:
        try:
            for _ in range(PARTS):
                if self._stopping():
                    return
                if not await self._part():
                    break
            else:
                # There is more: no need to wait for it.
                self._looked_at = None
            self._tell()
        except Exception as error:
            _log.error("audit.seal-failed", error=error)

    async def _part(self) -> bool:
        """Seal some events of one clinic; False where a round over all of them left nothing."""
        clinic_id = await self._off_loop(self._next_clinic)
        while clinic_id is None:
            if not await self._end_round():
                return False
            clinic_id = await self._off_loop(self._next_clinic)
        # A clinic with much to seal takes turns with the others.
        self._after = clinic_id
        try:
            part: Part | None = await self._off_loop(partial(self._seal_one, clinic_id))
        except Broken as broken:
            await self._found_broken(clinic_id, broken)
        except Exception as error:
            self._caught_up = False
            _log.error("audit.seal-failed", clinic_id=str(clinic_id), error=error)
        else:
            self._broken.discard(clinic_id)
            if part is None:
                # Whoever is at it says when it is done.
                self._caught_up = False
            else:
                self._more |= part.more
                if part.count:
                    self._untold[clinic_id] = part.head
        return True

    async def _end_round(self) -> bool:
        more, caught_up = self._more, self._caught_up
        self._after, self._more, self._caught_up = None, False, True
        if caught_up and not more:
            await self._mark(seal.DONE)
        return more

    def _next_clinic(self) -> UUID | None:
        with self._house.work(self._caller, write=False) as work:
            return seal.next_clinic(work, self._after)

    def _seal_one(self, clinic_id: UUID) -> Part | None:
        with self._house.work(self._caller.within(clinic_id)) as work:
            return seal.seal(work, clinic_id)

    async def _found_broken(self, clinic_id: UUID, broken: Broken) -> None:
        if clinic_id not in self._broken:
            self._broken.add(clinic_id)
            _log.error(
                "audit.broken",
                clinic_id=str(clinic_id),
                sequence=broken.sequence,
                reason=broken.why,
            )
        await self._mark(seal.MET_BROKEN)

    async def _mark(self, name: str) -> None:
        now, last = self._house.clock.now(), self._marked_at.get(name)
        if last is not None and last <= now < last + TELL_EVERY:
            return

        def put() -> None:
            with self._house.work(self._caller) as work:
                marks.put(work, name)

        await self._off_loop(put)
        self._marked_at[name] = now

    def _tell(self, *, all_of_them: bool = False) -> None:
        """Tell the heads that moved, each at most once in TELL_EVERY, and the last of all."""
        now = self._house.clock.now()
        for clinic_id, head in list(self._untold.items()):
            last = self._told_at.get(clinic_id)
            if not all_of_them and last is not None and last <= now < last + TELL_EVERY:
                continue
            _log.info(checkpoints.TOLD, **checkpoints.fields(head))
            self._told_at[clinic_id] = now
            del self._untold[clinic_id]
