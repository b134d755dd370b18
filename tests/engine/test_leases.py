"""The leases of an engine that died are owed again as soon as its lock is free."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from diary.callers import Caller, CallerKind
from diary.database import Database
from diary.watch.meters import Meters
from diary.webhooks import leases, queue
from diary.webhooks.model import deliveries
from diary.webhooks.queue import Attempted, Claimed
from diary.work import House
from engine.reclaim import Reclaimer
from tests.cast import Cast
from tests.clock import SimulatedClock

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("kept", ["postgresql"], indirect=True),
]
DYING, PEER = (Caller(CallerKind.ENGINE, id=uuid4()) for _ in range(2))


@contextmanager
def alive(database: Database, engine: Caller) -> Iterator[None]:
    """The engine's lock is held while the block lasts."""
    assert engine.id
    with database.apart("test") as connection:
        connection.execute(select(func.pg_advisory_lock(leases.lock_key(engine.id))))
        yield


def claim(house: House, cast: Cast, engine: Caller) -> list[Claimed]:
    with house.work(engine) as work:
        return queue.claim(work, cast.clinic, cast.team.id, leased_by=engine.id)


def states(house: House) -> list[tuple[str, object]]:
    with house.work(PEER, write=False) as work:
        rows = work.rows(select(deliveries.c.state, deliveries.c.leased_by))
    return [(row.state, row.leased_by) for row in rows]


@pytest.fixture
def reclaimer(house: House, monkeypatch: pytest.MonkeyPatch) -> Reclaimer:
    """A peer's, which gives nobody time to connect again."""
    monkeypatch.setattr("engine.reclaim._GRACE", 0.0)
    return Reclaimer(house, PEER, Meters())


def test_a_lease_whose_engine_lives_stays_its_own(
    cast: Cast, house: House, database: Database, reclaimer: Reclaimer
) -> None:
    cast.alice.check_in(si=4)
    with alive(database, DYING):
        (claimed,) = claim(house, cast, DYING)
        reclaimer.release(all_leases=False)
        assert states(house) == [("leased", DYING.id)]

    reclaimer.release(all_leases=False)
    assert states(house) == [("pending", None)]
    (again,) = claim(house, cast, PEER)
    assert (again.message_id, again.body) == (claimed.message_id, claimed.body)

    attempted = Attempted(True, 204, None, None, house.clock.now(), 1)
    with house.work(DYING) as work:
        assert queue.settle(work, [(claimed, attempted)]) == [False], "the lease is another's"
    assert states(house) == [("leased", PEER.id)]


def test_an_engine_is_given_a_moment_to_connect_again(cast: Cast, house: House) -> None:
    cast.alice.check_in(si=4)
    assert claim(house, cast, DYING)
    Reclaimer(house, PEER, Meters()).release(all_leases=False)
    assert states(house) == [("leased", DYING.id)]


def test_a_lease_without_a_lock_lasts_its_time(
    cast: Cast, house: House, clock: SimulatedClock, reclaimer: Reclaimer
) -> None:
    cast.alice.check_in(si=4)
    with house.work(DYING) as work:
        assert queue.claim(work, cast.clinic, cast.team.id)
    reclaimer.release(all_leases=False)
    assert states(house) == [("leased", None)]
    clock.advance(seconds=15)
    reclaimer.release(all_leases=False)
    assert states(house) == [("pending", None)]


def test_what_nobody_wants_any_more_is_not_owed_again(
    cast: Cast, house: House, reclaimer: Reclaimer
) -> None:
    cast.alice.check_in(si=4)
    assert claim(house, cast, DYING)
    (alert,) = cast.bob.alerts()
    assert cast.bob.acknowledge(alert).status == 200
    reclaimer.release(all_leases=False)
    assert sorted(state for state, _ in states(house)) == ["cancelled", "pending"]
