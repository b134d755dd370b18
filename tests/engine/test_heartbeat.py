"""An engine that works can be seen to; one that does not cannot."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from diary.callers import Caller, CallerKind
from diary.wakeup import Wakeup
from diary.watch import engines, marks
from diary.watch.model import engines as table
from diary.webhooks import queue
from diary.work import House, Work
from engine.escalate import escalate_due
from engine.loop import Engine
from engine.standby import SETTLED, Standby, Watch, after_look
from tests.cast import Cast
from tests.clock import START, SimulatedClock
from tests.receiver import Receiver

ENGINE = Caller(CallerKind.ENGINE)
OTHER = UUID("00000000-0000-7000-8000-000000000001")


def living(house: House) -> list[UUID]:
    with house.work(ENGINE, write=False) as work:
        return [row.id for row in engines.living(work)]


def beat(house: House, engine_id: UUID = OTHER, *, standby: bool = False) -> None:
    """As another process's engine does once a second."""
    with house.work(ENGINE) as work:
        engines.beat(work, engine_id, started_at=START, standby=standby, listening=None, figures={})


def test_an_engine_that_works_is_seen_for_five_seconds(
    house: House, clock: SimulatedClock, engine: Engine
) -> None:
    assert living(house) == []
    engine.run_until_idle()
    assert living(house) == [engine.id]
    clock.advance(seconds=4.9)
    assert living(house) == [engine.id]
    clock.advance(seconds=0.1)
    assert living(house) == []
    engine.run_until_idle()
    assert living(house) == [engine.id]


def test_a_heartbeat_from_before_the_clock_was_set_back_does_not_count(
    house: House, clock: SimulatedClock, engine: Engine
) -> None:
    engine.run_until_idle()
    clock.set(START - timedelta(hours=1))
    assert living(house) == []
    engine.run_until_idle()
    assert living(house) == [engine.id]


def test_whoever_was_silent_for_a_day_is_forgotten(house: House, clock: SimulatedClock) -> None:
    beat(house)
    clock.advance(days=1, seconds=1)
    beat(house, UUID(int=2))
    with house.work(ENGINE, write=False) as work:
        assert [row.id for row in work.rows(select(table))] == [UUID(int=2)]


def test_an_engine_that_ends_in_order_leaves_at_once(house: House, engine: Engine) -> None:
    engine.run_until_idle()
    engine.heart.stop()
    assert living(house) == []


def test_a_long_turn_beats_as_it_gets_on(
    cast: Cast, receiver: Receiver, house: House, clock: SimulatedClock, engine: Engine
) -> None:
    """As in a backlog after an outage: each alert takes a while, and the turn takes minutes."""
    for patient in (cast.alice, cast.enrol("Ana"), cast.enrol("Amy")):
        patient.ask_for_help()
    clock.advance(minutes=6)
    seen = []

    def got_on() -> None:
        clock.advance(seconds=4)
        engine.heart.beat()
        seen.append(living(house))

    assert escalate_due(house, ENGINE, got_on) == 3
    assert seen == [[engine.id]] * 4


def test_a_turn_that_hangs_falls_silent(
    cast: Cast, house: House, clock: SimulatedClock, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.alice.ask_for_help()
    claim, seen = queue.claim, []

    def hang(work: Work, *place: UUID, **more: Any) -> list[queue.Claimed]:
        for _ in range(2):
            with ThreadPoolExecutor(1) as elsewhere:
                seen.append(elsewhere.submit(living, house).result())
            clock.advance(seconds=6)
        return claim(work, *place, **more)

    monkeypatch.setattr(queue, "claim", hang)
    engine.run_until_idle()
    assert seen[:2] == [[engine.id], []]


def test_a_mark_is_taken_once_in_each_interval(house: House, clock: SimulatedClock) -> None:
    def take() -> bool:
        with house.work(ENGINE) as work:
            return marks.take(work, "canary.sent", timedelta(seconds=60))

    assert not take()
    clock.advance(seconds=59)
    assert not take()
    clock.advance(seconds=1)
    assert take()
    assert not take()
    clock.set(START - timedelta(days=1))
    assert take(), "a clock that was set back must not postpone it"
    assert not take()


def test_engines_that_begin_in_one_moment_are_in_nobodys_way(house: House) -> None:
    barrier = Barrier(8)

    def take(_: int) -> bool:
        barrier.wait()
        with house.work(ENGINE) as work:
            return marks.take(work, "retention", timedelta(days=1))

    with ThreadPoolExecutor(8) as engines:
        assert list(engines.map(take, range(8))) == [False] * 8


# --- standing by ---------------------------------------------------------------------------------


def test_whoever_sees_nobody_runs_the_engine_at_once() -> None:
    assert after_look(Watch(), others_alive=False, now=START) == Watch(running=True)


def test_whoever_sees_another_stays_back() -> None:
    assert after_look(Watch(), others_alive=True, now=START) == Watch(False, START)


def test_it_steps_back_only_before_an_engine_that_stays() -> None:
    watch = Watch(running=True)
    for second in range(0, 10, 2):
        watch = after_look(watch, others_alive=True, now=START + timedelta(seconds=second))
        assert watch.running
    flickered = after_look(watch, others_alive=False, now=START + SETTLED)
    assert flickered == Watch(running=True)
    assert not after_look(watch, others_alive=True, now=START + SETTLED).running


def test_a_clock_that_is_set_back_begins_the_wait_anew() -> None:
    watch = Watch(running=True, others_since=START)
    earlier = START - timedelta(hours=1)
    assert after_look(watch, others_alive=True, now=earlier) == Watch(True, earlier)


def test_the_api_process_takes_over_and_steps_back(house: House, clock: SimulatedClock) -> None:
    standby = Standby(house, Wakeup())
    beat(house)
    standby.look()
    assert not standby.running
    clock.advance(seconds=5)
    standby.look()
    try:
        assert standby.running
        for _ in range(5):
            beat(house)
            standby.look()
            assert standby.running
            clock.advance(seconds=2)
        beat(house)
        standby.look()
    finally:
        stepped_back = not standby.running
        standby.end()
        standby.watch()
    assert stepped_back


def test_of_two_that_stand_in_one_stays(house: House, clock: SimulatedClock) -> None:
    """Else both would step back before each other, and take over again, for ever."""
    first, second = UUID(int=1), UUID(int=2)
    beat(house, first, standby=True)
    beat(house, second, standby=True)
    assert living(house) == [first, second]
    beat(house, UUID(int=3))
    assert living(house) == [UUID(int=3), first, second]
