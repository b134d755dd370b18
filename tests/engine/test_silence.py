"""Alice told of a risk, and then she says no more: whoever watches over her hears of it.

The rules that ship wait 12 hours after what was found critical, 24 after high, 36 after less.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from diary.callers import OPERATOR
from diary.checkins import silence
from diary.patients.model import patients
from diary.rules.explain import explain
from diary.work import House
from engine.loop import Engine
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.conftest import house_on, settings_for
from tests.databases import Kept
from tests.engine.mortal import Died, Mortal
from tests.engine.silences import ENGINE, After, judge_due, of_silence, waiting
from tests.http.test_permissions import DISPLAYS
from tests.http.test_rules import document, publish
from tests.receiver import Receiver

# What Alice says, how grave it is found, and how many hours are waited then.
GRAVE = [({"si": 4}, "critical", 12), ({"si": 3}, "high", 24), ({"si": 1}, "moderate", 36)]


@pytest.mark.parametrize(("answers", "severity", "hours"), GRAVE)
def test_whoever_falls_silent_after_a_risk_is_found_at_the_hour_and_not_a_minute_before(
    cast: Cast, after: After, answers: dict[str, Any], severity: str, hours: int
) -> None:
    sent = cast.alice.check_in(**answers).json["id"]
    assert after(hours=hours, minutes=-1) == []
    (found,) = after(minutes=1)
    assert (found.rule, found.severity.word, str(found.source_id)) == ("R6", severity, sent)
    said = f"no check-in for {hours} h after one that was found {severity}"
    assert explain(found.because) == said
    (alert,) = cast.bob.alerts(patient_id=cast.alice.id)
    shown = cast.bob.alert(alert)["findings"][-1]
    assert (shown["source"], shown["explanation"]) == ("silence", said)


def test_each_hour_that_the_rules_wait_is_judged_once(cast: Cast, after: After) -> None:
    cast.alice.check_in(si=4)
    assert [len(after(hours=1)) for _ in range(48)] == [
        1 if hour in (12, 24, 36) else 0 for hour in range(1, 49)
    ]


def test_whoever_said_nothing_of_suicidality_is_not_waited_for(
    cast: Cast, house: House, after: After
) -> None:
    cast.alice.check_in(mood=0)
    assert waiting(house) == []
    assert after(days=30) == []


@pytest.mark.parametrize("answers", [{}, {"si_gate": None}, {"mood": 0}])
def test_a_check_in_before_the_hour_ends_the_silence(
    cast: Cast, house: House, after: After, answers: dict[str, Any]
) -> None:
    cast.alice.check_in(si=4)
    assert after(hours=11) == []
    cast.alice.check_in(**answers)
    assert waiting(house) == []
    assert after(days=30) == []


def test_looking_at_the_crisis_pack_is_no_word(cast: Cast, after: After) -> None:
    cast.alice.check_in(si=4)
    after(hours=11)
    assert cast.alice.api.post("/v1/me/displays", DISPLAYS).status == 200
    assert [found.rule for found in after(hours=1)] == ["R6"]


def test_the_next_word_of_risk_begins_another_silence(cast: Cast, after: After) -> None:
    cast.alice.check_in(si=4)
    assert after(hours=11) == []
    cast.alice.check_in(si=3)
    assert after(hours=24, minutes=-1) == []
    assert [found.severity.word for found in after(minutes=1)] == ["high"]


def test_the_finding_joins_the_alert_that_is_open(cast: Cast, after: After) -> None:
    cast.alice.check_in(si=4)
    after(hours=12)
    (alert,) = cast.bob.alerts(patient_id=cast.alice.id)
    sources = {found["rule"]: found["source"] for found in cast.bob.alert(alert)["findings"]}
    assert (sources["R1"], sources["R6"]) == ("check-in", "silence")


def test_where_the_answers_alert_was_closed_a_new_one_opens_and_pages(
    cast: Cast, receiver: Receiver, engine: Engine, clock: SimulatedClock
) -> None:
    cast.alice.check_in(si=3)
    engine.run_until_idle()
    (first,) = cast.bob.alerts()
    cast.bob.resolve(first)
    receiver.clear()
    clock.advance(hours=24)
    engine.run_until_idle()
    page = receiver.expect("alert.triggered", "team")
    assert page.data["severity"] == "high"
    (second,) = cast.bob.alerts(status="open")
    assert second["previous_id"] == first["id"]
    own = cast.alice.api.get("/v1/me/alert").json
    assert own["state"] == "none", "nothing that she sent is open"


def test_a_call_for_help_is_a_word_too(cast: Cast, house: House, after: After) -> None:
    cast.alice.check_in(si=1)
    assert after(hours=35) == []
    cast.alice.ask_for_help()
    assert after(hours=12, minutes=-1) == []
    assert [found.severity.word for found in after(minutes=1)] == ["critical"]
    cast.alice.check_in()
    assert waiting(house) == []


@pytest.mark.parametrize(
    ("zone", "eve"),
    [
        ("America/New_York", "2026-03-07 23:30"),
        ("Europe/Madrid", "2026-03-28 23:30"),
        ("Australia/Sydney", "2026-04-04 23:30"),
    ],
)
def test_hours_are_hours_where_the_clocks_change(
    cast: Cast, house: House, clock: SimulatedClock, after: After, zone: str, eve: str
) -> None:
    with house.work(OPERATOR) as work:
        work.execute(update(patients).values(time_zone=zone))
    clock.set(datetime.fromisoformat(eve).replace(tzinfo=ZoneInfo(zone)))
    there = clock.now().astimezone(ZoneInfo(zone))
    assert there.utcoffset() != (there + timedelta(days=1)).utcoffset()
    cast.alice.check_in(recorded_at=there, envelope={"time_zone": zone}, si=4)
    assert after(hours=12, minutes=-1) == []
    assert len(after(minutes=1)) == 1


# --- the clinic and its rules ------------------------------------------------------------------


def waits(*leaves: tuple[str, int]) -> dict[str, Any]:
    """The rules that ship, but for how long they wait."""
    changed = document()
    (rule,) = [each for each in changed["rules"] if each["code"] == "R6"]
    rule["when"] = {
        "kind": "any",
        "of": [{"kind": "silent", "after": word, "hours": hours} for word, hours in leaves],
    }
    return changed


def test_other_rules_wait_from_their_publication_on(cast: Cast, after: After) -> None:
    cast.alice.check_in(si=3)
    assert after(hours=5) == []
    assert publish(cast, waits(("high", 6), ("moderate", 48))).status == 201
    assert after(minutes=59) == []
    assert len(after(minutes=1)) == 1
    assert after(hours=42, minutes=-1) == []
    assert len(after(minutes=1)) == 1


def test_hours_that_have_passed_by_new_rules_are_found_at_once(cast: Cast, after: After) -> None:
    assert publish(cast, waits(("critical", 12))).status == 201
    cast.alice.check_in(si=1)
    assert after(hours=30) == []
    assert publish(cast, waits(("critical", 12), ("moderate", 20))).status == 201
    assert len(after()) == 1
    assert after() == []


def test_each_clinics_silences_are_its_own(cast: Cast, after: After) -> None:
    cast.alice.check_in(si=4)
    cast.frank.check_in(si=3)
    assert [found.clinic_id for found in after(hours=12)] == [cast.clinic]
    assert {found.clinic_id for found in after(hours=12)} == {cast.clinic, cast.other_clinic}


# --- engines -----------------------------------------------------------------------------------


def test_an_engine_that_was_down_finds_it_at_once(cast: Cast, after: After) -> None:
    cast.alice.check_in(si=4)
    (found,) = after(hours=40)
    assert "no check-in for 40 h" in explain(found.because)
    assert after(hours=40) == []


def test_two_engines_at_once_find_it_once(cast: Cast, house: House, clock: SimulatedClock) -> None:
    cast.alice.check_in(si=4)
    cast.frank.check_in(si=4)
    for _ in range(3):
        clock.advance(hours=12)
        before = len(of_silence(house))
        barrier = Barrier(2)

        def look(barrier: Barrier = barrier) -> None:
            barrier.wait()
            judge_due(house)

        with ThreadPoolExecutor(2) as threads:
            for each in [threads.submit(look) for _ in range(2)]:
                each.result()
        judge_due(house)
        assert len(of_silence(house)) == before + 2


@pytest.mark.parametrize("committed", [False, True])
def test_an_engine_that_is_killed_loses_nothing_and_says_nothing_twice(
    cast: Cast, house: House, kept: Kept, clock: SimulatedClock, committed: bool
) -> None:
    cast.alice.check_in(si=4)
    clock.advance(hours=12)
    mortal = Mortal(kept.url, pool_size=2)
    mortal.committed, mortal.doomed_in = committed, 0
    with pytest.raises(Died):
        judge_due(house_on(settings_for(kept.url), mortal, clock))
    mortal.close()
    assert len(of_silence(house)) == committed
    judge_due(house)
    assert len(of_silence(house)) == 1


def test_the_engine_sleeps_until_the_hour(cast: Cast, house: House, clock: SimulatedClock) -> None:
    cast.alice.check_in(si=3)
    with house.work(ENGINE, write=False) as work:
        at = silence.AGENDA.next(work, clock.now())
        assert at == clock.now() + timedelta(hours=24)
        assert silence.AGENDA.next(work, at) is None
