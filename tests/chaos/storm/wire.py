"""How phones and the team's systems speak to servers that come and go."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Self

import aiohttp
import orjson

from bench.server import HOST
from diary.access.sessions import Grant
from tests.chaos.storm.processes import Process
from tests.chaos.storm.stage import Stage

_ANSWERS_WITHIN: Final = aiohttp.ClientTimeout(total=8)
# Another try may help: a token of before the clock jumped, a database that is away.
_AGAIN: Final = frozenset((401, 429, 500, 502, 503, 504))
Answer = tuple[int, Any]


@dataclass(slots=True)
class Wire:
    """Sends the same request again, to whichever server answers, until it is answered.

    statuses: how often each was answered; 0: not at all.
    """

    stage: Stage
    servers: list[Process]
    random: Random
    statuses: Counter[int] = field(default_factory=Counter)
    _session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(connector=connector, timeout=_ANSWERS_WITHIN)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def ask(self, method: str, path: str, grant: Grant, body: object = None) -> Answer:
        """The status and the body of the first answer that settles the matter."""
        waited = 0.1
        turn = self.random.randrange(len(self.servers))
        while True:
            server = self.servers[turn % len(self.servers)]
            status, answer = await self._once(method, path, grant, body, server)
            self.statuses[status] += 1
            if status and status not in _AGAIN:
                return status, answer
            turn += 1
            await asyncio.sleep(waited * self.random.uniform(0.5, 1.5))
            waited = min(1.0, waited * 2)

    async def _once(
        self, method: str, path: str, grant: Grant, body: object, server: Process
    ) -> Answer:
        assert self._session is not None
        token = self.stage.token(grant, server.clock.wrong)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if method == "GET" else orjson.dumps(body or {})
        url = f"http://{HOST}:{server.port}{path}"
        try:
            async with self._session.request(method, url, data=data, headers=headers) as answered:
                return answered.status, orjson.loads(await answered.read())
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return 0, None
