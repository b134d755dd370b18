"""What is owed is sent: retried, leased, superseded; over real HTTP, with a simulated clock."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from diary.callers import OPERATOR, Caller, CallerKind
from diary.webhooks import endpoints, queue
from diary.webhooks.endpoints import MAX_IN_FLIGHT
from diary.webhooks.model import attempts, deliveries
from diary.webhooks.publish import publish
from diary.webhooks.queue import Attempted, Claimed
from diary.webhooks.signing import message_name
from diary.work import House
from engine.loop import Engine
from tests.asked import ask_nothing
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.engine.steps import Wait, disable, heard, set_policy
from tests.receiver import Receiver

ENGINE = Caller(CallerKind.ENGINE)


def claim(house: House, cast: Cast) -> list[Claimed]:
    """Lease what is due at `team`, as an engine that is about to die would."""
    with house.work(ENGINE) as work:
        return queue.claim(work, cast.clinic, cast.team.id)


def rows(house: House, table: Any) -> list[Any]:
    """All rows of a table in the order they were made."""
    with house.work(OPERATOR, write=False) as work:
        return list(work.rows(select(table).order_by(table.c.id)))


def settle(house: House, claimed: Claimed, *, delivered: bool) -> bool:
    """Write down an attempt that was never made."""
    status = 204 if delivered else 500
    attempted = Attempted(delivered, status, None, None, house.clock.now(), 1)
    with house.work(ENGINE) as work:
        return queue.settle(work, [(claimed, attempted)]) == [True]


@contextmanager
def running(house: House) -> Iterator[None]:
    """An engine as it runs in production, while the block lasts."""
    engine = Engine(house)
    thread = threading.Thread(target=lambda: asyncio.run(engine.run(alone=False)))
    thread.start()
    try:
        yield
    finally:
        engine.stop()
        thread.join()


def tried(house: House, delivery: UUID) -> int:
    """How many attempts of a delivery were made."""
    return len([each for each in rows(house, attempts) if each.delivery_id == delivery])


def tries(house: House, clock: SimulatedClock, wait: Wait, *, how_many: int) -> list[float]:
    """Let time pass from retry to retry of the only pending delivery; the seconds between."""
    waits = []
    for _ in range(how_many):
        (pending,) = [each for each in rows(house, deliveries) if each.state == "pending"]
        after = (pending.due_at - clock.now()).total_seconds()
        wait(seconds=after - 0.5)
        assert tried(house, pending.id) == pending.attempts
        wait(seconds=0.5)
        assert tried(house, pending.id) == pending.attempts + 1
        waits.append(round(after, 3))
    return waits


def test_a_page_is_tried_again_without_end(
    cast: Cast, receiver: Receiver, house: House, clock: SimulatedClock, wait: Wait
) -> None:
    set_policy(house, cast, ([cast.team], 600, 1), ([cast.on_call], 600, 1))
    receiver.behave("status", "team", code=500)
    cast.alice.check_in(si=4)
    wait(seconds=0)

    waits = tries(house, clock, wait, how_many=40)
    assert waits[:7] == [1, 2, 5, 10, 20, 30, 60]
    assert all(48 <= each <= 72 for each in waits[7:])
    assert len(set(waits[7:])) > 20, "everyone would come back at the same moment"
    assert len({each.id for each in receiver.received("team")}) == 1
    assert len({each.timestamp for each in receiver.received("team")}) == 41


def test_anything_else_is_given_up_in_the_open_after_three_days(
    cast: Cast, receiver: Receiver, house: House, clock: SimulatedClock, wait: Wait
) -> None:
    ask_nothing(house, cast)
    with house.work(cast.erin.caller) as work:
        publish(work, clinic_id=cast.clinic, type="ping", data={}, endpoint_ids=[cast.team.id])
    receiver.behave("redirect", "team", to="http://127.0.0.1:9/")
    wait(seconds=0)

    waits = tries(house, clock, wait, how_many=9)
    schedule = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert all(abs(each / due - 1) <= 0.2 for each, due in zip(waits, schedule, strict=True))
    assert [each.state for each in rows(house, deliveries)] == ["exhausted"]
    wait(days=30)
    assert len(receiver.received("team")) == 10


def test_a_receiver_may_ask_for_a_little_patience(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    receiver.behave("status", "team", code=429, headers={"Retry-After": "86400"}, times=1)
    cast.alice.check_in(si=4)
    wait(seconds=59)
    wait(seconds=59)
    assert len(receiver.received("team")) == 1
    wait(seconds=1)
    assert len(receiver.received("team")) == 2


def test_a_delivery_that_was_never_settled_is_sent_again_under_the_same_id(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    cast.alice.check_in(si=4)
    (lost,) = claim(house, cast)
    wait(seconds=14)
    receiver.expect_none()
    wait(seconds=1)

    page = receiver.expect("alert.triggered", "team")
    assert (page.id, page.body) == (message_name(lost.message_id), lost.body)
    assert len(receiver.received()) == 1


def test_a_clock_that_is_set_back_does_not_keep_a_page_waiting(
    cast: Cast, receiver: Receiver, wait: Wait
) -> None:
    receiver.behave("status", "team", code=500, times=1)
    cast.alice.check_in(si=4)
    wait()
    assert len(receiver.received("team")) == 1
    cast.enrol("Zoe").ask_for_help()

    wait(seconds=-5)
    assert len(receiver.received("team")) == 2, "one was tried before and waits, one is new"
    wait(minutes=-4)
    assert heard(receiver, "team") == ["opened"] * 3


def test_a_clock_that_is_set_back_does_not_prolong_a_lost_lease(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    cast.alice.check_in(si=4)
    (lost,) = claim(house, cast)

    wait(seconds=-29)
    receiver.expect_none()
    wait(minutes=-4)
    assert receiver.expect("alert.triggered", "team").id == message_name(lost.message_id)


@pytest.mark.parametrize("delivered", [True, False])
def test_a_worker_that_lost_its_lease_leaves_only_a_trace(
    cast: Cast, receiver: Receiver, house: House, wait: Wait, delivered: bool
) -> None:
    cast.alice.check_in(si=4)
    (lost,) = claim(house, cast)
    wait(seconds=15)
    before = rows(house, deliveries)

    assert not settle(house, lost, delivered=delivered)
    assert rows(house, deliveries) == before
    assert [each.stale for each in rows(house, attempts)] == [False, True]


def test_a_stale_worker_cannot_settle_for_the_one_that_took_over(
    cast: Cast, receiver: Receiver, house: House, clock: SimulatedClock
) -> None:
    cast.alice.check_in(si=4)
    (lost,) = claim(house, cast)
    clock.advance(seconds=15)
    with house.work(ENGINE) as work:
        assert queue.release_lost(work) == 1
    (taken,) = claim(house, cast)

    assert not settle(house, lost, delivered=True)
    assert rows(house, deliveries)[0].state == "leased"
    assert settle(house, taken, delivered=True)


def test_a_lost_lease_of_a_page_that_was_acknowledged_is_not_sent_again(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    cast.alice.check_in(si=4)
    assert claim(house, cast)
    (alert,) = cast.bob.alerts()
    cast.bob.acknowledge(alert)
    wait(seconds=15)

    assert heard(receiver, "team") == ["alert.acknowledged"]


def test_two_engines_deliver_each_message_once(
    cast: Cast, receiver: Receiver, house: House
) -> None:
    patients = [cast.enrol(f"Patient {number}") for number in range(8)]
    for patient in patients:
        patient.ask_for_help()
    engines = [threading.Thread(target=Engine(house).run_until_idle) for _ in range(2)]
    for engine in engines:
        engine.start()
    for engine in engines:
        engine.join()

    ids = [each.id for each in receiver.received("team")]
    assert len(ids) == len(set(ids)) == 8
    assert not any(each.stale for each in rows(house, attempts))


def test_an_endpoint_that_comes_back_hears_only_the_newest_page(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    set_policy(house, cast, ([cast.team, cast.on_call], 5, 4))
    receiver.behave("refuse", "team")
    cast.alice.check_in(si=4)
    wait(seconds=0)
    for _ in range(4):
        wait(minutes=5)
    receiver.behave("ok", "team")
    wait(minutes=1)

    assert heard(receiver, "on-call") == ["opened", *["repeated"] * 3, "exhausted"]
    assert heard(receiver, "team") == ["exhausted"]
    states = [each.state for each in rows(house, deliveries) if each.endpoint_id == cast.team.id]
    assert states == ["superseded"] * 4 + ["delivered"]


def test_a_dead_endpoint_with_a_long_queue_delays_nobody(
    cast: Cast, receiver: Receiver, house: House
) -> None:
    set_policy(house, cast, ([cast.team, cast.on_call], 5, 1))
    for _ in range(50):
        owe(house, cast, cast.team.id)
    receiver.behave("hang", "team")
    with running(house):
        receiver.expect("ping", "team", count=MAX_IN_FLIGHT)
        cast.alice.ask_for_help()
        receiver.expect("alert.triggered", "on-call", timeout=5)
        assert len(receiver.received("team")) == MAX_IN_FLIGHT
        receiver.behave("ok", "team")
        receiver.expect("alert.triggered", "team")


def test_an_engine_that_can_do_nothing_waits(
    cast: Cast, receiver: Receiver, house: House, clock: SimulatedClock
) -> None:
    """What is due at a full or disabled endpoint must not keep it turning."""
    for _ in range(2 * MAX_IN_FLIGHT + 1):
        owe(house, cast, cast.team.id)
        owe(house, cast, cast.on_call.id)
    receiver.behave("hang", "team")
    counting = _CountingClock()
    with running(replace(house, clock=counting)):
        receiver.expect("ping", "team", count=MAX_IN_FLIGHT)
        with pytest.raises(AssertionError):
            receiver.expect("ping", "team", count=MAX_IN_FLIGHT + 1, timeout=0.5)
        before = counting.looks
        with pytest.raises(AssertionError):
            receiver.expect("ping", "team", count=MAX_IN_FLIGHT + 1, timeout=2)
        # Every half-second: leases, alerts, endpoints, its own heart, and when to look again.
        assert counting.looks - before < 100
        receiver.behave("ok", "team")


def test_a_target_that_was_disabled_does_not_keep_a_page_from_climbing(
    cast: Cast, receiver: Receiver, house: House, wait: Wait
) -> None:
    with house.work(cast.erin.caller) as work:
        url = receiver.endpoint("old").url
        old = endpoints.create(work, url=url, description=None)
    set_policy(house, cast, ([cast.team, old], 60, 1), ([cast.on_call], 60, 1))
    receiver.behave("refuse", "team")
    receiver.behave("refuse", "old")
    cast.alice.check_in(si=4)
    wait(seconds=0)
    disable(house, cast, old)
    wait(seconds=1)

    assert heard(receiver, "on-call") == ["unreachable"]


def test_what_is_in_flight_to_a_disabled_endpoint_is_not_tried_again(
    cast: Cast, receiver: Receiver, house: House
) -> None:
    owe(house, cast, cast.team.id)
    (claimed,) = claim(house, cast)
    disable(house, cast, cast.team)
    settle(house, claimed, delivered=False)
    assert [each.state for each in rows(house, deliveries)] == ["cancelled"]


class _CountingClock(SimulatedClock):
    """How often someone looked: each transaction does once."""

    looks = 0

    def now(self) -> Any:
        self.looks += 1
        return super().now()


def owe(house: House, cast: Cast, endpoint: UUID) -> None:
    """A message that belongs to no alert."""
    with house.work(ENGINE.within(cast.clinic)) as work:
        publish(work, clinic_id=cast.clinic, type="ping", data={}, endpoint_ids=[endpoint])
