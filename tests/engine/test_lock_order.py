"""Whoever holds rows of a patient takes them in one order, so that nobody waits in a ring."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from diary.patients.model import patients
from diary.work import House
from engine.loop import Engine as Worker
from engine.schedule import Schedule
from tests.asked import window
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.engine.silences import ENGINE
from tests.engine.steps import Wait

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("kept", ["postgresql"], indirect=True),
]
SOON = 10
SHARED = ("windows", "silences", "alerts")


def taken(act: Callable[[], object]) -> list[str]:
    """In which order something takes rows that are shared by those who work beside each other."""
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        act()
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    order = [table for each in heard for table in SHARED if _takes(each, table)]
    return list(dict.fromkeys(order))


def _takes(statement: str, table: str) -> bool:
    writes = rf"(UPDATE|INTO|DELETE FROM) {table}\b"
    locks = rf"FROM {table}\b.* FOR (NO KEY )?UPDATE"
    return re.search(f"{writes}|{locks}", statement, re.DOTALL) is not None


def test_a_check_in_takes_its_window_then_its_silence_then_the_alert(
    cast: Cast, engine: Worker
) -> None:
    engine.run_until_idle()
    assert taken(lambda: cast.alice.check_in(si=4)) == list(SHARED)
    assert window(cast.alice, "daily@2026-03-02")["state"] == "answered"


def test_a_day_that_closes_takes_its_window_then_the_alert(
    cast: Cast, house: House, clock: SimulatedClock, wait: Wait
) -> None:
    clock.advance(days=14)
    wait()
    cast.alice.check_in()
    wait(days=3, hours=17)
    clock.advance(hours=1)
    assert taken(Schedule(house, ENGINE).look) == ["windows", "alerts"]
    assert len(cast.bob.alerts()) > 0


def test_a_change_of_state_takes_the_windows_then_the_silence(cast: Cast, engine: Worker) -> None:
    cast.alice.check_in(si=4)
    engine.run_until_idle()
    away = {"state": "hospitalised", "reason": "On the ward.", "until": "2026-03-06T09:00:00Z"}
    path = f"/v1/patients/{cast.alice.id}/states"
    assert taken(lambda: cast.bob.api.post(path, away)) == ["windows", "silences"]


def test_whom_somebody_has_in_hand_is_left_for_the_next_turn(
    cast: Cast, house: House, clock: SimulatedClock, wait: Wait
) -> None:
    wait()
    schedule = Schedule(house, ENGINE)
    clock.advance(hours=8)
    of_alice = (patients.c.clinic_id == cast.clinic, patients.c.id == cast.alice.id)
    held = select(patients.c.id).where(*of_alice).with_for_update(key_share=True)

    def reminded() -> list[bool]:
        while schedule.look():
            pass
        both = (window(each, "daily@2026-03-02") for each in (cast.alice, cast.frank))
        return [each["reminded_at"] is not None for each in both]

    with ThreadPoolExecutor(1) as beside, house.work(ENGINE.within(cast.clinic)) as work:
        assert work.row(held) is not None
        assert beside.submit(reminded).result(SOON) == [False, True]
    assert reminded() == [True, True]
