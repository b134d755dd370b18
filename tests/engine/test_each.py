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
def stuck(cast: Cast, house: House) -> list[UUID]:
    """Two of many patients who are due; their turn fails."""
    with house.work(cast.bob.caller) as work:
        ids = [
            create(work, name=f"Patient {n}", locale="en", time_zone=ZONE).id for n in range(MANY)
        ]
    return ids[:2]


@pytest.fixture
def each(house: House, stuck: list[UUID], tried: Counter[UUID]) -> Each:
    def act(work: Work, patient_id: UUID) -> bool:
        tried[patient_id] += 1
        if patient_id == stuck[0]:
            raise Fault
        if patient_id == stuck[1]:
            return False
        done = update(patients).where(
            patients.c.clinic_id == work.caller.clinic, patients.c.id == patient_id
        )
        return work.execute(done.values(schedule_due_at=None)).rowcount > 0

    duty = Duty("away", follow.AGENDA, act, "away.look-failed", "away.not-brought-back", "id")
    return Each(house, ENGINE, duty)


def test_some_of_it_is_done_at_once_and_in_the_end_all_that_can_be(
    each: Each, stuck: list[UUID], tried: Counter[UUID]
) -> None:
    done = []
    while some := each.look():
        done.append(some)
    assert len(tried) > MANY
    assert sum(done) == len(tried) - len(stuck)
    assert max(done) <= 20, "a page that comes meanwhile waits for no more"
    assert {tried[one] for one in tried if one not in stuck} == {1}


def test_what_failed_waits_for_what_else_is_due_and_is_tried_again(
    each: Each, stuck: list[UUID], tried: Counter[UUID]
) -> None:
    each.look()
    each.look()
    assert [tried[one] for one in stuck] == [1, 1]
    while each.look():
        pass
    before = tried.copy()
    each.look()
    each.look()
    assert tried - before == Counter(stuck)
