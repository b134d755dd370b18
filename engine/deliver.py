"""Due deliveries → claim, send with no transaction open, settle."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar
from uuid import UUID

from diary.alerts.texts import Text
from diary.alerts.writing import written
from diary.callers import Caller
from diary.logs import logger
from diary.webhooks import queue
from diary.webhooks.queue import Attempted, Claimed
from diary.webhooks.signing import headers, message_name
from diary.work import House
from engine.channels import KINDS, Channels
from engine.heart import Heart
from engine.sender import Outcome, Sender
from engine.settle import Settler

_log = logger("deliver")
_Result = TypeVar("_Result")
# Endpoints that are claimed for in one transaction, and locked for it.
_TOGETHER = 8


class Deliverer:
    """Sends what this engine claims; the database is spoken to from a few threads of its own."""

    def __init__(
        self,
        house: House,
        caller: Caller,
        threads: ThreadPoolExecutor,
        heart: Heart,
        lease_holder: Callable[[], UUID | None],
    ) -> None:
        self._house = house
        self._caller = caller
        self._threads = threads
        self._heart = heart
        self._lease_holder = lease_holder
        self._settler = Settler(house, caller, heart, self.off_loop)
        self._channels = Channels(house.settings, deadline=queue.REQUEST_DEADLINE.total_seconds())

    async def claim_due(self) -> AsyncIterator[Claimed]:
        """Lease what the endpoints have room for now, a few endpoints at a time.

        Their claims are handed on before the next are looked at: a lease must not run out while
        others are being taken. What leaves the clinic comes last and in transactions of its own:
        its claims may wait for a consent that is being withdrawn, and no page may wait with them.
        """
        for outside in (False, True):
            due = await self.off_loop(partial(self._due_endpoints, outside=outside))
            for first in range(0, len(due), _TOGETHER):
                some = due[first : first + _TOGETHER]
                for claimed in await self.off_loop(partial(self._claim, some)):
                    yield claimed

    async def attempt(self, sender: Sender, claimed: Claimed) -> None:
        """Send one claimed delivery and write down how it went."""
        loop = asyncio.get_running_loop()
        started_at, started = self._house.clock.now(), loop.time()
        try:
            if claimed.kind in KINDS:
                outcome = await self._channels.send(
                    claimed, lambda: self.off_loop(partial(self._written, claimed))
                )
            else:
                assert claimed.url is not None
                signed = headers(
                    list(claimed.secrets),
                    message_name(claimed.message_id),
                    int(started_at.timestamp()),
                    claimed.body,
                )
                outcome = await sender.send(claimed.url, signed, claimed.body, now=started_at)
        except Exception as error:
            # Counted as any failure: the alert must climb past an endpoint that cannot be used.
            _log.error("delivery.defect", delivery_id=str(claimed.id), error=error)
            outcome = Outcome(None, "internal")
        attempted = Attempted(
            delivered=outcome.delivered,
            status=outcome.status,
            error=outcome.error,
            retry_after=outcome.retry_after,
            started_at=started_at,
            duration_ms=round((loop.time() - started) * 1000),
        )
        await self._settler.settle(claimed, attempted)

    async def off_loop(self, work: Callable[[], _Result]) -> _Result:
        """Run database work without holding up the sends."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _due_endpoints(self, *, outside: bool) -> list[tuple[UUID, UUID]]:
        with self._house.work(self._caller, write=False) as work:
            return queue.due_endpoints(work, outside=outside)

    def _claim(self, places: Sequence[tuple[UUID, UUID]]) -> list[Claimed]:
        self._heart.beat()
        try:
            with self._house.work(self._caller) as work:
                holder = self._lease_holder()
                found = [queue.claim(work, *place, leased_by=holder) for place in places]
            return [claimed for each in found for claimed in each]
        except Exception as error:
            if len(places) > 1:
                # One endpoint's fault must not hold up the others.
                return [claimed for place in places for claimed in self._claim([place])]
            _log.error("claim.failed", endpoint_id=str(places[0][1]), error=error)
            return []

    def _written(self, claimed: Claimed) -> Text | None:
        with self._house.work(self._caller.within(claimed.clinic_id)) as work:
            return written(work, claimed)
