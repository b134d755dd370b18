"""Sends the canary when it is due, and is the sink that it must reach."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from sqlalchemy.exc import DBAPIError

from diary.callers import Caller
from diary.database import lost_race
from diary.logs import logger
from diary.watch import canary, marks
from diary.webhooks import queue
from diary.webhooks.addresses import AddressGuard
from diary.webhooks.queue import Claimed
from diary.work import House
from engine.sender import Sender

_log = logger("canary")
_LOOK_EVERY = timedelta(seconds=5)
_HOST = "127.0.0.1"
OffLoop = Callable[[Callable[[], Any]], Awaitable[Any]]


class Canary:
    """One engine's part in it, while it is open as a context manager.

    Any engine may send the canary, and any may be the one that delivers it: each brings it to its
    own sink. outside: sends the heartbeat that tells a watchdog elsewhere that all is well.
    """

    def __init__(self, house: House, caller: Caller, off_loop: OffLoop, outside: Sender) -> None:
        self._house = house
        self._caller = caller
        self._off_loop = off_loop
        self._outside = outside
        self._looked_at: datetime | None = None
        self._url: str | None = None
        self._told: set[asyncio.Task[None]] = set()
        self._open = AsyncExitStack()
        # Loopback and nothing else, whatever the operator lets webhooks reach.
        guard = AddressGuard([ip_network(f"{_HOST}/32")], allow_http=True)
        self.sender = Sender(guard, deadline=queue.REQUEST_DEADLINE.total_seconds())

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self.sender)
        try:
            await self._listen()
        except OSError as error:
            # Pages must leave all the same; the canary that does not arrive tells of it.
            _log.error("canary.cannot-listen", error=error)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._told:
            task.cancel()
        await self._open.aclose()

    async def look(self) -> None:
        """Send one where it is time. Never raises."""
        now, last = self._house.clock.now(), self._looked_at
        if last is not None and last <= now < last + _LOOK_EVERY:
            return
        self._looked_at = now
        try:
            await self._off_loop(self._send_if_due)
        except DBAPIError as error:
            if not lost_race(error):
                _log.error("canary.failed", error=error)
        except Exception as error:
            _log.error("canary.failed", error=error)

    def addressed(self, claimed: Claimed) -> Claimed:
        """The canary's delivery, led to this engine's own sink."""
        return replace(claimed, url=self._url)

    async def told(self) -> None:
        """Wait until the heartbeats under way have left."""
        if self._told:
            await asyncio.wait(self._told)

    async def _listen(self) -> None:
        runner = web.ServerRunner(web.Server(self._take, access_log=None), shutdown_timeout=1.0)
        await runner.setup()
        self._open.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, _HOST, 0).start()
        self._url = f"http://{_HOST}:{runner.addresses[0][1]}/"

    async def _take(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            arrived = await self._off_loop(lambda: self._receive(headers, body))
        except canary.Forged:
            return web.Response(status=400)
        except Exception as error:
            # Not answered: it is sent again.
            _log.error("canary.failed", error=error)
            return web.Response(status=500)
        if arrived and self._house.settings.heartbeat_url is not None:
            task = asyncio.create_task(self._tell_outside())
            self._told.add(task)
            task.add_done_callback(self._told.discard)
        return web.Response(status=204)

    def _send_if_due(self) -> None:
        with self._house.work(self._caller.within(canary.CLINIC)) as work:
            canary.send_if_due(work)

    def _receive(self, headers: Mapping[str, str], body: bytes) -> bool:
        with self._house.work(canary.CALLER) as work:
            return canary.receive(work, headers, body)

    async def _tell_outside(self) -> None:
        url = self._house.settings.heartbeat_url
        assert url is not None
        try:
            now = self._house.clock.now()
            outcome = await self._outside.send(url.get_secret_value(), {}, b"", now=now)
            if outcome.delivered:
                await self._off_loop(self._mark_heartbeat)
            else:
                _log.warning("heartbeat.failed", status=outcome.status, error_code=outcome.error)
        except Exception as error:
            _log.error("heartbeat.failed", error=error)

    def _mark_heartbeat(self) -> None:
        with self._house.work(self._caller) as work:
            marks.put(work, canary.HEARTBEAT)
