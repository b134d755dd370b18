"""Days on which a check-in was due and none came: closed, counted and judged."""

import pytest

from engine.loop import Engine
from tests.asked import windows
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.engine.steps import Wait
from tests.receiver import Receiver


@pytest.fixture(autouse=True)
def _two_weeks_after_an_infusion(cast: Cast, clock: SimulatedClock, engine: Engine) -> None:
    """Monday the 16th, when silence weighs no more than ever."""
    clock.advance(days=14)
    engine.run_until_idle()


def missed_alerts(cast: Cast) -> list[tuple[str, list[str]]]:
    """The alerts about check-ins that did not come: how grave, and by which rules."""
    return [
        (each["severity"], sorted(one["rule"] for one in cast.bob.alert(each)["findings"]))
        for each in cast.bob.alerts()
    ]


def test_three_days_without_a_word_are_a_finding_and_the_fourth_is_not_another(
    cast: Cast, wait: Wait
) -> None:
    cast.alice.check_in()
    wait(days=3, hours=17)
    # The 17th and the 18th; the 19th is open until four in the morning.
    assert missed_alerts(cast) == []
    wait(hours=1)
    assert missed_alerts(cast) == [("low", ["R14"])]
    (found,) = cast.bob.alert(cast.bob.alerts()[0])["findings"]
    assert found["source"] == "schedule"
    assert found["explanation"] == (
        "three check-ins missed, and no reminder was delivered; "
        "nothing on suicidality was found before"
    )
    wait(days=3)
    assert missed_alerts(cast) == [("low", ["R14"])]


def test_after_one_answer_it_is_counted_anew(cast: Cast, wait: Wait) -> None:
    wait(days=2)
    cast.alice.check_in()
    # The 19th and the 20th; the 21st is open until four in the morning.
    wait(days=3, hours=17)
    assert missed_alerts(cast) == []
    wait(hours=1)
    assert missed_alerts(cast) == [("low", ["R14"])]


def test_an_outage_of_four_days_hides_nothing(
    cast: Cast, clock: SimulatedClock, wait: Wait
) -> None:
    clock.advance(days=4)
    wait()
    assert missed_alerts(cast) == [("low", ["R14"])]


def test_after_a_word_of_risk_silence_is_judged_and_three_days_add_nothing(
    cast: Cast, wait: Wait
) -> None:
    cast.alice.check_in(si=1)
    cast.bob.resolve(cast.bob.alerts()[0])
    wait(days=4)
    assert missed_alerts(cast)[0] == ("moderate", ["R6"])


def test_a_break_is_not_missed(cast: Cast, wait: Wait) -> None:
    away = {"state": "hospitalised", "reason": "On the ward.", "until": "2026-03-26T09:00:00Z"}
    wait(days=2)
    assert cast.bob.api.post(f"/v1/patients/{cast.alice.id}/states", away).status == 201
    wait(days=9)
    assert missed_alerts(cast) == []
    assert windows(cast.alice)[0]["slot"] == "daily@2026-03-27"


def test_nobody_is_paged_about_a_day_that_somebody_who_died_missed(
    cast: Cast, clock: SimulatedClock, wait: Wait
) -> None:
    cast.alice.check_in()
    wait(days=3, hours=17)
    # The day closes while no engine looks, and they are recorded as deceased before one does.
    clock.advance(hours=1)
    died = {"state": "deceased", "reason": "Her sister called."}
    assert cast.bob.api.post(f"/v1/patients/{cast.alice.id}/states", died).status == 201
    wait(hours=1)
    assert missed_alerts(cast) == []


def test_a_finding_says_that_nobody_was_reminded(
    cast: Cast, receiver: Receiver, wait: Wait
) -> None:
    receiver.behave("status", "team", code=500)
    receiver.behave("status", "on-call", code=500)
    for _ in range(3):
        wait(hours=8)
        wait(hours=16)
    (found,) = cast.bob.alert(cast.bob.alerts()[0])["findings"]
    assert found["explanation"].startswith(
        "three check-ins missed, and no reminder was delivered; "
    )


def test_a_finding_is_silent_about_reminders_that_came(
    cast: Cast, receiver: Receiver, wait: Wait
) -> None:
    for _ in range(3):
        wait(hours=8)
        wait(hours=16)
    (found,) = cast.bob.alert(cast.bob.alerts()[0])["findings"]
    assert found["explanation"].startswith("three check-ins missed; ")


def test_two_days_are_enough_where_ideation_is_known_to_return(cast: Cast, wait: Wait) -> None:
    path = f"/v1/patients/{cast.alice.id}/infusions"
    infusion = cast.bob.api.post(path, {"planned_at": "2026-03-16T09:00:00Z"}).json["id"]
    started = {"started_at": "2026-03-16T08:00:00Z", "confirm": ["course"]}
    assert cast.bob.api.post(f"{path}/{infusion}/start", started).status == 200
    ended = {"ended_at": "2026-03-16T09:00:00Z"}
    assert cast.bob.api.post(f"{path}/{infusion}/end", ended).status == 200
    for _ in range(4):
        cast.alice.check_in()
        wait(days=1)
    cast.alice.check_in()
    # The 21st and the 22nd are missed.
    wait(days=2, hours=17)
    assert missed_alerts(cast) == []
    wait(hours=1)
    assert missed_alerts(cast) == [("low", ["R18"])]
