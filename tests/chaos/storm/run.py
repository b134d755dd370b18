"""One storm over one database, from the first process to the findings."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson
from sqlalchemy import func, select

from bench.server import free_port
from diary.callers import OPERATOR
from diary.webhooks.model import deliveries
from diary.work import House
from tests.chaos.storm.audit import Findings, audit
from tests.chaos.storm.evidence import gather
from tests.chaos.storm.journal import Journal
from tests.chaos.storm.ledger import Ledger
from tests.chaos.storm.people import People
from tests.chaos.storm.processes import Clock, Keeper, Process
from tests.chaos.storm.stage import Stage, set_stage
from tests.chaos.storm.weather import Weather
from tests.chaos.storm.wire import Wire
from tests.postgresql import Server
from tests.receiver import Receiver

# State events that failed wait for up to a day before the last try: the clocks are put forward.
_A_DAY: Final = 86_400.0
_DRAINS_WITHIN: Final = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a storm is to come to. rate: alerts a second at most. seconds: of raising alerts."""

    alerts: int
    seconds: float
    seed: int
    rate: float
    patients: int
    is_calm: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What it came to."""

    database: str
    plan: Plan
    raised: int
    seconds: float
    findings: Findings
    people: People
    journal: Journal
    logged: Counter[str]


def run(database: str, plan: Plan, folder: Path) -> Report:
    """Stage a storm. folder: keeps the logs of the processes and of the receiver."""
    with ExitStack() as stack:
        server: Server | None = None
        if database == "sqlite":
            owner = url = f"sqlite:///{folder / 'diary.db'}"
        else:
            server = stack.enter_context(Server(durable=True))
            owner = server.create_database("storm")
            url = server.serving(owner)
        arrived = folder / "arrived"
        arrived.touch()
        receiver = stack.enter_context(Receiver.start(log=arrived))
        stage = set_stage(url, receiver, count=plan.patients, owner=owner)
        stack.callback(stage.house.database.close)
        return asyncio.run(_run(database, plan, folder, stage, receiver, server))


async def _run(
    database: str,
    plan: Plan,
    folder: Path,
    stage: Stage,
    receiver: Receiver,
    server: Server | None,
) -> Report:
    journal, ledger = Journal(), Ledger(folder / "arrived")
    clocks = [Clock(folder / "clock"), Clock(folder / "jumping-clock")]
    keeper = Keeper(_processes(stage, folder, clocks, alone=server is None), journal)
    servers = [each for each in keeper.processes if each.port is not None]
    random = Random(plan.seed)
    weather = Weather(stage, keeper, receiver, clocks[1], server, journal, Random(random.random()))
    wire = Wire(stage, servers, Random(random.random()))
    tickets: asyncio.Queue[bool] = asyncio.Queue()
    people = People(stage, wire, ledger, journal, Random(random.random()), tickets)
    try:
        await keeper.begin()
        async with wire, _beside(keeper.keep(), ledger.follow()):
            began = time.time()
            async with _beside(*([] if plan.is_calm else [weather.blow()])):
                lives = [asyncio.create_task(people.live(each)) for each in stage.patients]
                raised = await _raise(plan, tickets)
                await asyncio.gather(*lives)
            seconds = time.time() - began
            # No fault any more; whoever is left waiting is answered, and everything goes out.
            await people.look_after_the_rest()
            await people.calm_down()
            # Its connections are of before the database was restarted.
            stage.house.database.close()
            await _drain(stage.house, clocks)
    finally:
        await asyncio.to_thread(keeper.stop)
    ledger.read()
    evidence = gather(
        stage.house,
        folder / "claims",
        told=people.told,
        reactions=people.reactions,
        arrivals=ledger.arrivals,
        journal=journal,
    )
    logged = _logged(each.log for each in keeper.processes)
    return Report(database, plan, raised, seconds, audit(evidence), people, journal, logged)


@asynccontextmanager
async def _beside(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do these for as long as the block lasts; what fails in one of them is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


def _processes(stage: Stage, folder: Path, clocks: list[Clock], *, alone: bool) -> list[Process]:
    settings, (steady, jumping) = stage.house.settings, clocks
    if alone:
        return [Process("api", settings, folder, jumping, free_port())]
    return [
        Process("api-1", settings, folder, steady, free_port()),
        Process("api-2", settings, folder, steady, free_port()),
        Process("engine-1", settings, folder, steady, None),
        Process("engine-2", settings, folder, jumping, None),
    ]


async def _raise(plan: Plan, tickets: "asyncio.Queue[bool]") -> int:
    """Hand out the tickets, no faster than planned; returns how many."""
    began = time.monotonic()
    raised = 0
    while raised < plan.alerts and time.monotonic() - began < plan.seconds:
        # Who has none to spare is not asked for more: the product sets the pace then.
        due = min(plan.alerts, int((time.monotonic() - began) * plan.rate) + 1)
        while raised < due and tickets.qsize() < 2 * plan.rate:
            tickets.put_nowait(True)
            raised += 1
        await asyncio.sleep(0.05)
    while tickets.qsize():
        await asyncio.sleep(0.05)
    tickets.put_nowait(False)
    return raised


async def _drain(house: House, clocks: list[Clock]) -> None:
    """Let everything owed go out, for which time passes faster."""
    end = time.monotonic() + _DRAINS_WITHIN
    while _owed(house) and time.monotonic() < end:
        for _ in range(20):
            await asyncio.sleep(0.1)
            if not _owed(house):
                return
        for clock in clocks:
            clock.set(clock.wrong + _A_DAY)


def _owed(house: House) -> int:
    query = select(func.count().label("owed")).where(deliveries.c.state.in_(("pending", "leased")))
    with house.work(OPERATOR, write=False) as work:
        row = work.row(query)
    return row.owed if row else 0


def _logged(files: Iterator[Path]) -> Counter[str]:
    """The events of warnings and errors that the processes logged."""
    found: Counter[str] = Counter()
    for file in files:
        for line in file.read_bytes().splitlines():
            with suppress(ValueError):
                event = orjson.loads(line)
                if event.get("level") in ("warning", "error", "critical"):
                    kind = event.get("error_type", "")
                    found[f"{event['event']} {kind}".strip()] += 1
    return found
