"""What falls due is done in small steps, and what cannot be done holds up nothing."""

from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import update

from diary.patients.model import patients
from diary.patients.service import create
from diary.schedule import follow
from diary.work import House, Work
from engine.each import Duty, Each
from tests.cast import ZONE, Cast
from tests.engine.silences import ENGINE

MANY = 50


class Fault(Exception):
    """Whatever a duty may raise."""


@pytest.fixture
def tried() -> Counter[UUID]:
    """How often each was tried."""
    return Counter()


@pytest.fixture
def due(cast: Cast, house: House) -> list[UUID]:
    """Patients who are due."""
    with house.work(cast.bob.caller) as work:
        return [
            create(work, name=f"Patient {n}", locale="en", time_zone=ZONE).id for n in range(MANY)
        ]


def each_of(house: House, tried: Counter[UUID], raises: list[UUID], refuses: list[UUID]) -> Each:
    """Does it for all but these, of whom it fails."""

    def act(work: Work, patient_id: UUID) -> bool:
        tried[patient_id] += 1
        if patient_id in raises:
            raise Fault
        if patient_id in refuses:
            return False
        done = update(patients).where(
            patients.c.clinic_id == work.caller.clinic, patients.c.id == patient_id
        )
        return work.execute(done.values(schedule_due_at=None)).rowcount > 0

    duty = Duty("away", follow.AGENDA, act, "away.look-failed", "away.not-brought-back", "id")
    return Each(house, ENGINE, duty)


def test_some_of_it_is_done_at_once_and_in_the_end_all_that_can_be(
    house: House, due: list[UUID], tried: Counter[UUID]
) -> None:
    stuck = due[:2]
    each = each_of(house, tried, stuck[:1], stuck[1:])
    before = 0
    while each.look():
        assert tried.total() - before <= 20, "a page that comes meanwhile waits for no more"
        before = tried.total()
    assert set(due) <= tried.keys()
    assert {tried[one] for one in tried if one not in stuck} == {1}


def test_what_failed_waits_for_what_else_is_due_and_is_tried_again(
    house: House, due: list[UUID], tried: Counter[UUID]
) -> None:
    stuck = due[:2]
    each = each_of(house, tried, stuck[:1], stuck[1:])
    each.look()
    each.look()
    assert [tried[one] for one in stuck] == [1, 1]
    while each.look():
        pass
    before = tried.copy()
    each.look()
    each.look()
    assert tried - before == Counter(stuck)


def test_whoever_stands_behind_many_that_fail_does_not_wait(
    house: House, due: list[UUID], tried: Counter[UUID]
) -> None:
    *stuck, last = due
    each = each_of(house, tried, stuck[::2], stuck[1::2])
    while each.look():
        pass
    assert tried[last] == 1
    assert set(due) == {one for one in due if tried[one]}
