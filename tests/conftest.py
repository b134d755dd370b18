"""The fixtures that every test may ask for. Whatever uses `house` runs on both databases."""

import base64
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from pydantic import HttpUrl, SecretStr

from diary.database import Database
from diary.ids import new_id
from diary.settings import PREFIX, Settings
from diary.vault import Vault
from diary.work import House
from tests.cast import Cast
from tests.client import Api
from tests.clock import SimulatedClock
from tests.databases import POOL, Kept, KeptFile, KeptOnServer
from tests.postgresql import Server
from tests.receiver import Receiver

if TYPE_CHECKING:
    from engine.loop import Engine

MASTER_KEY = base64.b64encode(bytes(range(32))).decode()
PEOPLE = "people"


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait for the processes that they start."""
    return (os.cpu_count() or 1) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shots", help="an existing folder to keep pictures of the pages in")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cells of who may do what were asked, and how many were unexpected."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, said in getattr(report, "user_properties", ()):
                if name == "matrix" and report.when == "call":
                    terminalreporter.write_line(f"who may do what, {said}")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """This worker's server."""
    with Server() as server:
        yield server


@pytest.fixture(scope="session")
def kept_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with closing(KeptFile(tmp_path_factory.mktemp("kept"))) as kept:
        yield kept


@pytest.fixture(scope="session")
def kept_postgresql(postgresql_server: Server) -> Iterator[Kept]:
    with closing(KeptOnServer(postgresql_server)) as kept:
        yield kept


@pytest.fixture(scope="session")
def casts() -> dict[str, Cast]:
    """The people whom each kept database holds."""
    return {}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def kept(request: pytest.FixtureRequest, casts: dict[str, Cast]) -> Kept:
    """This test's database: with the people in it, where the test has them through the API."""
    kept: Kept = request.getfixturevalue(f"kept_{request.param}")

    def furnish(database: Database) -> None:
        house = house_on(settings_for(kept.url), database, SimulatedClock())
        casts[kept.url] = Cast(house)

    asked = set(request.fixturenames)
    with_people = {"cast", "api"} <= asked and "receiver" not in asked
    if with_people:
        kept.holding(PEOPLE, furnish)
    else:
        kept.empty()
    return kept


@pytest.fixture
def database_url(kept: Kept) -> str:
    """The kept database's, at the newest schema."""
    return kept.url


def settings_for(url: str) -> Settings:
    return Settings(
        database_url=url,
        master_key=SecretStr(MASTER_KEY),
        public_url=HttpUrl("https://diary.example"),
        engine="standby",
        pool_size=POOL,
        webhook_allow_http=True,
        webhook_allowed_networks="127.0.0.0/8",
    )


@pytest.fixture
def settings(database_url: str) -> Settings:
    return settings_for(database_url)


@pytest.fixture
def database(kept: Kept, settings: Settings) -> Iterator[Database]:
    if settings.database_url == kept.url and settings.pool_size == POOL:
        yield kept.database
        return
    database = Database(settings.database_url, pool_size=settings.pool_size)
    yield database
    database.close()


@pytest.fixture
def wakes() -> list[datetime]:
    """When the house hinted that there is something to deliver."""
    return []


@pytest.fixture
def house(
    settings: Settings, database: Database, clock: SimulatedClock, wakes: list[datetime]
) -> House:
    """The house on the kept database, with a clock that only the test moves."""
    return house_on(settings, database, clock, lambda: wakes.append(clock.now()))


def house_on(
    settings: Settings,
    database: Database,
    clock: SimulatedClock,
    wake: Callable[[], None] = lambda: None,
) -> House:
    return House(
        settings=settings,
        database=database,
        clock=clock,
        new_id=new_id,
        random=Random(7),
        random_bytes=os.urandom,
        vault=Vault(settings.masters, os.urandom, database),
        wake=wake,
    )


@pytest.fixture
def engine(house: House) -> "Engine":
    """The engine, which does nothing until the test runs it."""
    # Imported where it is used: a test of a slice runs while the doors do not.
    from engine.loop import Engine

    return Engine(house)


@pytest.fixture(scope="session")
def routed() -> list[Flask]:
    """This process's one application: making its routes takes longer than most tests."""
    return []


@pytest.fixture
def app(house: House, routed: list[Flask]) -> Flask:
    from api.app import answer_for, create_app

    if not routed:
        routed.append(create_app(house))
    answer_for(routed[0], house)
    return routed[0]


@pytest.fixture
def api(app: Flask) -> Api:
    """A caller without a token; `api.as_(token)` has one."""
    return Api(app)


@pytest.fixture(scope="session")
def receiver_process() -> Iterator[Receiver]:
    with Receiver.start() as receiver:
        yield receiver


@pytest.fixture
def receiver(receiver_process: Receiver) -> Iterator[Receiver]:
    """A webhook receiver; a cast that asks for it too has its endpoints there."""
    yield receiver_process
    receiver_process.reset()


@pytest.fixture
def cast(
    house: House, api: Api, kept: Kept, casts: dict[str, Cast], request: pytest.FixtureRequest
) -> Cast:
    """The people. Their endpoints lead to `receiver` where the test asks for one."""
    if "receiver" in request.fixturenames:
        return Cast(house, api, request.getfixturevalue("receiver"))
    return casts[kept.url].moved_to(house, api)
