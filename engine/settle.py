"""How attempts went → written down, together with what ended while others were being written."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from diary.alerts import service as alerts
from diary.alerts import unreachable
from diary.callers import Caller
from diary.logs import logger
from diary.watch import canary
from diary.webhooks import endpoints, queue
from diary.webhooks.queue import Attempted, Claimed
from diary.work import House
from engine.heart import Heart

_log = logger("deliver")
GONE = 410
# One transaction's; what is locked together must not be much.
_TOGETHER = 32
OffLoop = Callable[[Callable[[], Any]], Awaitable[Any]]
_Ended = tuple[Claimed, Attempted]


class Settler:
    """Settles what the deliverer of one engine has attempted.

    Nothing is put off: an attempt that ends alone is written at once, and what ends during a
    transaction goes into the next.
    """

    def __init__(self, house: House, caller: Caller, heart: Heart, off_loop: OffLoop) -> None:
        self._house = house
        self._caller = caller
        self._heart = heart
        self._off_loop = off_loop
        self._waiting: list[tuple[_Ended, asyncio.Future[bool]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def settle(self, claimed: Claimed, attempted: Attempted) -> None:
        """Write it down, and whatever follows from it; raises where it could not be written."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(((claimed, attempted), written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        held = await written
        self._tell(claimed, attempted, held=held)
        if not attempted.delivered or claimed.failures:
            await self._off_loop(
                partial(follow, self._house, self._caller, claimed, attempted, held=held)
            )

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
            ended = [each for each, _ in batch]
            try:
                held: Sequence[bool | Exception] = await self._off_loop(partial(self._write, ended))
            except Exception as error:
                held = [error] * len(batch)
            for (_, written), found in zip(batch, held, strict=True):
                if written.cancelled():
                    continue
                if isinstance(found, Exception):
                    written.set_exception(found)
                else:
                    written.set_result(found)

    def _write(self, ended: Sequence[_Ended]) -> list[bool | Exception]:
        try:
            with self._house.work(self._caller) as work:
                return list(queue.settle(work, ended))
        except Exception as error:
            if len(ended) == 1:
                return [error]
        # One of them may be in somebody's way: the others must not be owed again for it.
        return [found for each in ended for found in self._write([each])]

    def _tell(self, claimed: Claimed, attempted: Attempted, *, held: bool) -> None:
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
        if claimed.kind == canary.KIND:
            return
        is_first = claimed.is_page and claimed.attempts == 0
        waited = (attempted.started_at - claimed.owed_at).total_seconds()
        self._heart.meters.attempted(
            first=waited if is_first else None,
            taken=attempted.duration_ms / 1000 if attempted.delivered else None,
            stale=not held,
        )


def follow(
    house: House, caller: Caller, claimed: Claimed, attempted: Attempted, *, held: bool
) -> None:
    """What follows from an attempt that is written down: for its endpoint, and for the alert."""
    try:
        _learn(house, caller, claimed, attempted, held=held)
    except Exception as error:
        # The next attempt tells the same; the alert must climb now.
        _log.error("endpoint.not-noted", endpoint_id=str(claimed.endpoint_id), error=error)
    if attempted.delivered or not claimed.is_page or claimed.alert_id is None:
        return
    # In a transaction of its own: an acknowledgement locks the alert and then its
    # deliveries, and settling holds the delivery.
    with house.work(caller.within(claimed.clinic_id)) as work:
        alerts.page_failed(work, claimed.clinic_id, claimed.alert_id, claimed.message_id)


def _learn(
    house: House, caller: Caller, claimed: Claimed, attempted: Attempted, *, held: bool
) -> None:
    """In transactions that hold no delivery."""
    endpoint = (claimed.clinic_id, claimed.endpoint_id)
    if attempted.delivered:
        with house.work(caller.within(claimed.clinic_id)) as work:
            endpoints.arrived(work, *endpoint)
    elif held:
        with house.work(caller.within(claimed.clinic_id)) as work:
            endpoints.failed(work, *endpoint)
    if attempted.status == GONE and claimed.kind == "webhook":
        with house.work(caller.within(claimed.clinic_id)) as work:
            gone = unreachable.endpoint_gone(work, *endpoint)
        if gone:
            _log.error("endpoint.gone", endpoint_id=str(claimed.endpoint_id))
