"""PostgreSQL carries the hint from the process that committed to the engines that listen."""

import threading
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from diary.database import Database
from diary.house import open_house
from diary.isolation import EVERYTHING
from diary.settings import Settings
from diary.wakeup import Announcer, Wakeup
from diary.webhooks.leases import lock_key
from engine.listen import Listener
from tests.databases import Kept

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("kept", ["postgresql"], indirect=True),
]
# Nothing here waits that long when all is well.
SOON = 30


class Ears:
    """An engine's listener, and how often it was woken."""

    def __init__(self, database: Database) -> None:
        self.engine_id: UUID = uuid4()
        self.times = 0
        self._changed = threading.Condition()
        self.listener = Listener(database, self.engine_id, self._wake)

    def _wake(self) -> None:
        with self._changed:
            self.times += 1
            self._changed.notify_all()

    def woken(self, times: int) -> bool:
        """Whether it is woken that often in all, soon."""
        with self._changed:
            return self._changed.wait_for(lambda: self.times >= times, SOON)


@pytest.fixture
def ears(database: Database) -> Iterator[Ears]:
    """A listener that listens."""
    ears = Ears(database)
    with ears.listener.listening():
        # It looks at once for what was announced before it listened.
        assert ears.woken(1)
        yield ears


def is_locked(database: Database, engine_id: UUID) -> bool:
    with database.transaction(write=False, bounds=EVERYTHING) as connection:
        key = {"key": lock_key(engine_id)}
        return not connection.execute(
            text("SELECT pg_try_advisory_xact_lock(:key)"), key
        ).scalar_one()


def hang_up(kept: Kept, who: str) -> None:
    """End someone's connection, as an administrator would."""
    url = make_url(kept.owner).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as administrator:
        ended = administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = %s",
            [f"interlude {who}"],
        ).fetchall()
    assert ended


def test_what_is_announced_is_heard(database: Database, ears: Ears) -> None:
    announce = Announcer(database)
    announce()
    assert ears.woken(2)
    announce()
    assert ears.woken(3)


def test_a_burst_of_commits_is_a_few_announcements(database: Database, ears: Ears) -> None:
    announce = Announcer(database)
    for _ in range(1_000):
        announce()
    assert ears.woken(2)
    assert ears.times < 100


def test_a_commit_of_the_house_is_announced_and_the_engine_beside_it_told_first(
    settings: Settings, ears: Ears
) -> None:
    told: list[int] = []
    wake = Wakeup()
    wake.listen(lambda: told.append(ears.times))
    house = open_house(settings, wake)
    try:
        house.wake()
        assert told == [1]
        assert ears.woken(2)
    finally:
        house.database.close()


def test_a_listener_whose_connection_ends_listens_again(
    database: Database, ears: Ears, kept: Kept
) -> None:
    hang_up(kept, "listener")
    assert ears.woken(2), "it looks at once, for what was announced meanwhile"
    Announcer(database)()
    assert ears.woken(3)
    assert ears.listener.lease_holder == ears.engine_id


def test_an_announcer_whose_connection_ended_still_announces(
    database: Database, ears: Ears, kept: Kept
) -> None:
    announce = Announcer(database)
    announce()
    assert ears.woken(2)
    hang_up(kept, "announcer")
    announce()
    assert ears.woken(3)


def test_a_listener_that_hears_nothing_of_its_own_connects_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.listen._SELF_TEST", 0.5)
    ears = Ears(database)
    with ears.listener.listening():
        assert ears.woken(1)
        # What it says goes elsewhere from now on, as through a pooler that moves it.
        monkeypatch.setattr("engine.listen.CHANNEL", "elsewhere")
        assert ears.woken(2)


def test_an_engine_holds_its_lock_while_it_listens(database: Database, ears: Ears) -> None:
    assert ears.listener.lease_holder == ears.engine_id
    assert is_locked(database, ears.engine_id)
    assert not is_locked(database, uuid4())
