"""What goes wrong, by the seed: storms with calm spells between them."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import psycopg

from tests.chaos.points import ANSWERING, POINTS
from tests.chaos.storm.journal import Journal
from tests.chaos.storm.processes import Clock, Keeper
from tests.chaos.storm.stage import Stage
from tests.postgresql import Server
from tests.receiver import Receiver

STORM, CALM = 40.0, 25.0
_MODES: Final[dict[str, dict[str, Any]]] = {
    "hang": {},
    "drip body": {"part": "body", "interval": 0.5},
    "drip head": {"part": "head", "interval": 0.5},
    "reset_after_processing": {},
    "redirect": {"to": "http://127.0.0.1:9/elsewhere"},
    "500": {"code": 500},
    "503": {"code": 503, "headers": {"Retry-After": "7"}},
    "refuse": {},
}
_GONE: Final[dict[str, Any]] = {"code": 410}


@dataclass(slots=True)
class Weather:
    """The storm. server: PostgreSQL's; None on SQLite. clock: the one that jumps."""

    stage: Stage
    keeper: Keeper
    receiver: Receiver
    clock: Clock
    server: Server | None
    journal: Journal
    random: Random
    _struck: set[str] = field(default_factory=set)
    _running: set["asyncio.Task[None]"] = field(default_factory=set)

    async def blow(self) -> None:
        """Storm and calm by turns, until cancelled; whatever is broken then is mended."""
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(STORM):
                        await self._storm()
                await self._clear_up()
                await asyncio.sleep(CALM)
        finally:
            await self._clear_up()

    async def _storm(self) -> None:
        kinds: dict[Callable[[], Awaitable[None]], int] = {
            self._kill: 3,
            self._kill_all: 1,
            self._doom: 8,
            self._worsen_an_endpoint: 10,
            self._let_the_clock_jump: 2,
        }
        if self.server is not None:
            kinds |= {self._terminate_backends: 3, self._restart_the_database: 1}
        while True:
            (kind,) = self.random.choices(list(kinds), list(kinds.values()))
            task = asyncio.ensure_future(self._run(kind))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            await asyncio.sleep(self.random.uniform(0.7, 3.0))

    async def _run(self, kind: Callable[[], Awaitable[None]]) -> None:
        try:
            await kind()
        except Exception as error:
            self.journal.complaints.append(f"the weather failed: {error!r}")

    async def _clear_up(self) -> None:
        """Every fault ends by itself; those of doomed processes do when they are replaced."""
        if self._running:
            await asyncio.wait(self._running)
        self.keeper.lift_dooms()
        while not self.keeper.all_are_up():
            await asyncio.sleep(0.1)

    async def _kill(self) -> None:
        if self.keeper.may_strike():
            self.keeper.kill(self.random.choice(self.keeper.processes))

    async def _kill_all(self) -> None:
        """As when the machine loses its power."""
        if self.keeper.may_strike():
            for process in self.keeper.processes:
                self.keeper.kill(process)

    async def _doom(self) -> None:
        """Some are to die at a point, one of those where the fewest died so far."""
        if "doom" in self._struck or not self.keeper.may_strike():
            return
        died = Counter(each.detail for each in self.journal.faults if each.kind == "doom")
        least = min(died[point] for point in POINTS)
        point = self.random.choice([point for point in POINTS if died[point] == least])
        able = [
            process
            for process in self.keeper.processes
            if process.port is not None or point not in ANSWERING
        ]
        self._struck.add("doom")
        for process in self.random.sample(able, self.random.randint(1, len(able))):
            process.doom_at(point)
        await asyncio.sleep(self.random.uniform(2, 8))
        self.keeper.lift_dooms()
        self._struck.discard("doom")

    async def _worsen_an_endpoint(self) -> None:
        clinic = self.random.randrange(len(self.stage.doors))
        door = self.random.choice(self.stage.doors[clinic])
        if door in self._struck:
            return
        name, how = self.random.choice(list(_MODES.items()))
        mode = name.partition(" ")[0]
        if door == self.stage.spare:
            name, mode, how = "410", "status", _GONE
        elif name.isdigit():
            mode = "status"
        seconds = self.random.uniform(3, 15)
        self._struck.add(door)
        fault = self.journal.begin("endpoint", name, clinic)
        try:
            await asyncio.to_thread(self.receiver.behave, mode, door, **how)
            await asyncio.sleep(seconds)
        finally:
            await asyncio.to_thread(self.receiver.behave, "ok", door)
            self.journal.end(fault)
            self._struck.discard(door)

    async def _let_the_clock_jump(self) -> None:
        if self.clock.wrong:
            return
        seconds = self.random.choice((-240, -90, -20, 10, 40, 240))
        fault = self.journal.begin("clock", "forward" if seconds > 0 else "backward")
        self.clock.set(seconds)
        await asyncio.sleep(self.random.uniform(5, 15))
        self.clock.set(0)
        self.journal.end(fault)

    async def _terminate_backends(self) -> None:
        assert self.server is not None
        fault = self.journal.begin("terminate", "backends")
        with contextlib.suppress(psycopg.OperationalError):
            await asyncio.to_thread(_terminate, self.server, self.random.randint(1, 6))
        self.journal.end(fault)

    async def _restart_the_database(self) -> None:
        assert self.server is not None
        if "database" in self._struck:
            return
        self._struck.add("database")
        fault = self.journal.begin("restart", "PostgreSQL")
        try:
            await asyncio.to_thread(self.server.kill)
            await asyncio.to_thread(self.server.start)
        finally:
            self.journal.end(fault)
            self._struck.discard("database")


def _terminate(server: Server, count: int) -> None:
    address = server.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity"
            " WHERE application_name = 'interlude' ORDER BY random() LIMIT %s) AS few",
            (count,),
        )
