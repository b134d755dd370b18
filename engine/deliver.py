"""Due deliveries → claim, send with no transaction open, settle."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar
from uuid import UUID

from diary.alerts import service as alerts
from diary.alerts import unreachable
from diary.alerts.texts import Text
from diary.alerts.writing import written
from diary.callers import Caller
from diary.logs import logger
from diary.watch import canary
from diary.webhooks import endpoints, queue
from diary.webhooks.queue import Attempted, Claimed
from diary.webhooks.signing import headers, message_name
from diary.work import House
from engine.channels import KINDS, Channels
from engine.heart import Heart
from engine.sender import Outcome, Sender

_log = logger("deliver")
_Result = TypeVar("_Result")
GONE = 410


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
        self._channels = Channels(house.settings, deadline=queue.REQUEST_DEADLINE.total_seconds())

    async def claim_due(self) -> AsyncIterator[Claimed]:
        """Lease what the endpoints have room for now, one endpoint after the other.

        Each endpoint's claims are handed on before the next is looked at: a lease must not run
        out while others are being taken.
        """
        for clinic_id, endpoint_id in await self.off_loop(self._due_endpoints):
            for claimed in await self.off_loop(partial(self._claim, clinic_id, endpoint_id)):
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
        await self.off_loop(lambda: self._settle(claimed, attempted))

    async def off_loop(self, work: Callable[[], _Result]) -> _Result:
        """Run database work without holding up the sends."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _due_endpoints(self) -> list[tuple[UUID, UUID]]:
        with self._house.work(self._caller, write=False) as work:
            return queue.due_endpoints(work)

    def _claim(self, clinic_id: UUID, endpoint_id: UUID) -> list[Claimed]:
        self._heart.beat()
        try:
            with self._house.work(self._caller) as work:
                holder = self._lease_holder()
                return queue.claim(work, clinic_id, endpoint_id, leased_by=holder)
        except Exception as error:
            _log.error("claim.failed", endpoint_id=str(endpoint_id), error=error)
            return []

    def _written(self, claimed: Claimed) -> Text | None:
        with self._house.work(self._caller) as work:
            return written(work, claimed)

    def _measure(self, claimed: Claimed, attempted: Attempted, *, stale: bool) -> None:
        if claimed.kind == canary.KIND:
            return
        is_first = claimed.is_page and claimed.attempts == 0
        waited = (attempted.started_at - claimed.owed_at).total_seconds()
        self._heart.meters.attempted(
            first=waited if is_first else None,
            taken=attempted.duration_ms / 1000 if attempted.delivered else None,
            stale=stale,
        )

    def _settle(self, claimed: Claimed, attempted: Attempted) -> None:
        with self._house.work(self._caller) as work:
            held = queue.settle(work, claimed, attempted)
        self._measure(claimed, attempted, stale=not held)
        _log.info(
            "delivery.attempted",
            delivery_id=str(claimed.id),
            message_id=str(claimed.message_id),
            delivered=attempted.delivered,
            status=attempted.status,
            error_code=attempted.error,
            ms=attempted.duration_ms,
            stale=not held,
        )
        try:
            self._learn(claimed, attempted, held=held)
        except Exception as error:
            # The next attempt tells the same; the alert must climb now.
            _log.error("endpoint.not-noted", endpoint_id=str(claimed.endpoint_id), error=error)
        if attempted.delivered or not claimed.is_page or claimed.alert_id is None:
            return
        # In a transaction of its own: an acknowledgement locks the alert and then its
        # deliveries, and settling holds the delivery.
        with self._house.work(self._caller) as work:
            alerts.page_failed(work, claimed.clinic_id, claimed.alert_id, claimed.message_id)

    def _learn(self, claimed: Claimed, attempted: Attempted, *, held: bool) -> None:
        """What an attempt tells of its endpoint; in transactions that hold no delivery."""
        endpoint = (claimed.clinic_id, claimed.endpoint_id)
        if attempted.delivered and claimed.failures:
            with self._house.work(self._caller) as work:
                endpoints.arrived(work, *endpoint)
        elif not attempted.delivered and held:
            with self._house.work(self._caller) as work:
                endpoints.failed(work, *endpoint)
        if attempted.status == GONE and claimed.kind == "webhook":
            with self._house.work(self._caller) as work:
                gone = unreachable.endpoint_gone(work, *endpoint)
            if gone:
                _log.error("endpoint.gone", endpoint_id=str(claimed.endpoint_id))
