"""Every minute a synthetic alert walks the whole path, and shows that it can be walked."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, update

from diary.access.model import staff
from diary.alerts.model import alerts
from diary.callers import OPERATOR, Caller, CallerKind
from diary.columns import metadata
from diary.watch import canary, marks
from diary.webhooks.model import attempts, deliveries, endpoints, messages
from diary.webhooks.signing import headers, new_secret
from diary.work import House
from engine.loop import Engine
from tests.cast import Cast
from tests.clock import START, SimulatedClock
from tests.engine.steps import Wait
from tests.receiver import Receiver

ENGINE = Caller(CallerKind.ENGINE)
MINUTE = timedelta(seconds=60)
WATCHDOG = "watchdog"


@pytest.fixture
def watch(clock: SimulatedClock, engine: Engine) -> Wait:
    """Let time pass, and the engine do what is due then, its canary included."""
    engine.run_until_idle(watching=True)

    def watch(**time: float) -> None:
        clock.advance(**time)
        engine.run_until_idle(watching=True)

    return watch


def rows(house: House, table: Any) -> list[Any]:
    """The canary's own rows of a table, in the order they were made."""
    with house.work(OPERATOR, write=False) as work:
        own = select(table).where(table.c.clinic_id == canary.CLINIC)
        return list(work.rows(own.order_by(table.c.id)))


def last(house: House, mark: str) -> datetime | None:
    with house.work(OPERATOR, write=False) as work:
        return marks.last(work).get(mark)


def break_the_path(house: House, *, state: str = "disabled") -> None:
    with house.work(OPERATOR) as work:
        own = update(endpoints).where(endpoints.c.clinic_id == canary.CLINIC)
        work.execute(own.values(state=state))


def test_it_is_raised_sent_signed_and_answered_every_minute(house: House, watch: Wait) -> None:
    assert last(house, canary.ARRIVED) is None
    watch(seconds=59)
    assert last(house, canary.ARRIVED) is None
    watch(seconds=1)
    assert last(house, canary.ARRIVED) == START + MINUTE
    watch(seconds=30)
    watch(seconds=30)
    assert last(house, canary.ARRIVED) == START + 2 * MINUTE

    assert [(each.status, each.outcome) for each in rows(house, alerts)] == [
        ("resolved", "drill")
    ] * 2
    assert {each.type for each in rows(house, messages)} == {
        "alert.triggered",
        "alert.acknowledged",
        "alert.resolved",
    }
    # Word that it was acknowledged is covered by the word that it was resolved.
    states = [each.state for each in rows(house, deliveries)]
    assert states == ["delivered", "superseded", "delivered"] * 2
    assert {each.status for each in rows(house, attempts)} == {204}


def test_no_clinic_sees_it_and_nobody_is_paged(cast: Cast, receiver: Receiver, watch: Wait) -> None:
    watch(minutes=1)
    for member in (cast.bob, cast.charlie):
        assert member.alerts() == []
    receiver.expect_none()


def test_nobody_can_sign_in_to_its_clinic(house: House, watch: Wait) -> None:
    watch(minutes=1)
    (only,) = rows(house, staff)
    assert only.password_hash is None
    assert only.invitation_hash is None


def test_of_several_engines_one_sends_it(house: House, engine: Engine, watch: Wait) -> None:
    watch(minutes=1)
    for other in (Engine(house), Engine(house)):
        other.run_until_idle(watching=True)
    assert len(rows(house, alerts)) == 1


def test_any_engine_may_deliver_what_another_raised(
    house: House, clock: SimulatedClock, watch: Wait
) -> None:
    clock.advance(minutes=1)
    with house.work(ENGINE.within(canary.CLINIC)) as work:
        assert canary.send_if_due(work)
    Engine(house).run_until_idle()
    assert last(house, canary.ARRIVED) == START + MINUTE


def test_one_that_is_stuck_stays_open_and_is_not_hidden_by_the_next(
    house: House, clock: SimulatedClock, watch: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(minutes=1)
    right = new_secret(lambda count: b"k" * count)
    monkeypatch.setattr(canary, "sign", lambda *_: right)
    for _ in range(6):
        watch(minutes=1)
    stuck = rows(house, alerts)[1:]
    assert [each.status for each in stuck] == ["triggered"]
    assert last(house, canary.ARRIVED) == START + MINUTE

    monkeypatch.undo()
    watch(minutes=2)
    assert last(house, canary.ARRIVED) == clock.now()
    assert [each.status for each in rows(house, alerts)] == ["resolved", "resolved"]


def test_it_is_forgotten_after_a_day(house: House, watch: Wait) -> None:
    def count() -> dict[str, int]:
        with house.work(OPERATOR, write=False) as work:
            return {
                table.name: work.rows(
                    select(func.count())
                    .select_from(table)
                    .where(table.c.clinic_id == canary.CLINIC)
                )[0][0]
                for table in metadata.sorted_tables
                if "clinic_id" in table.c
            }

    watch(minutes=1)
    once = count()
    for _ in range(3):
        watch(minutes=1)
    watch(days=1, minutes=1)
    assert count() == once


def test_what_was_not_signed_by_an_engine_is_refused(house: House, watch: Wait) -> None:
    watch(minutes=1)
    (message, *_) = rows(house, messages)
    before = rows(house, alerts)
    now = int(house.clock.now().timestamp())
    forged = headers([new_secret(house.random_bytes)], "msg_1", now, message.body)
    for given in (forged, {}, forged | {"webhook-timestamp": "now"}):
        with pytest.raises(canary.Forged), house.work(canary.CALLER) as work:
            canary.receive(work, given, message.body)
    assert rows(house, alerts) == before


@pytest.fixture
def watched(house: House, receiver: Receiver) -> House:
    """The house with a watchdog elsewhere."""
    url = SecretStr(receiver.endpoint(WATCHDOG).url)
    return replace(house, settings=house.settings.model_copy(update={"heartbeat_url": url}))


def test_a_canary_that_arrived_is_told_to_the_watchdog(
    watched: House, clock: SimulatedClock, receiver: Receiver
) -> None:
    engine = Engine(watched)
    for _ in range(3):
        engine.run_until_idle(watching=True)
        clock.advance(minutes=1)
    assert len(receiver.received(WATCHDOG)) == 2
    assert {each.body for each in receiver.received(WATCHDOG)} == {b""}
    assert last(watched, canary.HEARTBEAT) == START + 2 * MINUTE


def test_one_that_did_not_arrive_is_not(
    watched: House, clock: SimulatedClock, receiver: Receiver
) -> None:
    engine = Engine(watched)
    engine.run_until_idle(watching=True)
    clock.advance(minutes=1)
    engine.run_until_idle(watching=True)
    break_the_path(watched)
    receiver.clear()
    for _ in range(3):
        clock.advance(minutes=1)
        engine.run_until_idle(watching=True)
    assert receiver.received(WATCHDOG) == []


def test_a_watchdog_that_fails_harms_nothing(
    watched: House, clock: SimulatedClock, receiver: Receiver
) -> None:
    receiver.behave("status", WATCHDOG, code=500)
    engine = Engine(watched)
    engine.run_until_idle(watching=True)
    clock.advance(minutes=1)
    engine.run_until_idle(watching=True)
    assert last(watched, canary.ARRIVED) == START + MINUTE
    assert last(watched, canary.HEARTBEAT) is None
