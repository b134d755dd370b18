"""Whoever told of a risk and is then away, or discharged, is looked for as before."""

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from diary.erasure.service import carry_out, held
from diary.patients.model import ERASED, patients
from diary.work import House
from engine.loop import Engine
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.engine.silences import After, waiting


def enter(cast: Cast, state: str) -> None:
    until = {"until": "2026-03-20T09:00:00Z"} if state in ("paused", "hospitalised") else {}
    body = {"state": state, "reason": "As the ward said."} | until
    assert cast.bob.api.post(f"/v1/patients/{cast.alice.id}/states", body).status == 201


@pytest.mark.parametrize("state", ["paused", "hospitalised", "discharged"])
@pytest.mark.parametrize("closed", [False, True])
def test_a_silence_is_judged_on(cast: Cast, after: After, state: str, closed: bool) -> None:
    cast.alice.check_in(si=4)
    if closed:
        (alert,) = cast.bob.alerts()
        assert cast.bob.resolve(alert).status == 200
    enter(cast, state)
    assert after(hours=12, minutes=-1) == []
    (found,) = after(minutes=1)
    assert (found.rule, found.severity.word) == ("R6", "critical")
    assert [alert["status"] for alert in cast.bob.alerts()].count("triggered") == 1


def test_a_silence_begins_while_somebody_is_away(cast: Cast, after: After) -> None:
    enter(cast, "hospitalised")
    cast.alice.check_in(si=3)
    assert len(after(hours=24)) == 1


def test_of_whoever_died_the_silence_rests_and_a_mistake_is_heard_of_at_once(
    cast: Cast, house: House, after: After
) -> None:
    cast.alice.check_in(si=4)
    enter(cast, "deceased")
    assert after(hours=13) == []
    (resting,) = waiting(house)
    assert resting.due_at is None
    enter(cast, "active")
    (found,) = after()
    assert (found.rule, found.severity.word) == ("R6", "critical")
    assert len(after(hours=11)) == 1, "and it goes on from there"


def test_whoever_was_erased_is_not_waited_for(cast: Cast, house: House, after: After) -> None:
    cast.alice.check_in(si=4)
    with house.work(cast.bob.caller) as work:
        mine = (patients.c.clinic_id == cast.clinic, patients.c.id == cast.alice.id)
        work.execute(update(patients).where(*mine).values(state=ERASED))
    assert after(days=2) == []
    assert waiting(house) == []


def test_whoever_was_erased_while_away_is_not_brought_back(
    cast: Cast, house: House, engine: Engine, clock: SimulatedClock
) -> None:
    enter(cast, "paused")
    with house.work(cast.bob.caller) as work:
        patient = held(work, cast.clinic, cast.alice.id)
        assert patient is not None
        carry_out(work, patient, reason="patient-request")
    clock.advance(days=20)
    with capture_logs() as logged:
        engine.run_until_idle()
    assert not [each for each in logged if each["event"].startswith("away.")]
