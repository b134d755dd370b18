"""Check-ins that were due and did not come: reminded of, closed, and judged."""

from typing import Any

import pytest

from engine.loop import Engine
from tests.asked import DAILY, WEEKLY, publish, window, windows
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.engine.steps import Wait
from tests.receiver import Receiver


@pytest.fixture(autouse=True)
def _followed(cast: Cast, engine: Engine) -> None:
    engine.run_until_idle()


def reminders(receiver: Receiver) -> list[tuple[Any, ...]]:
    """What the app's push service was told of Alice and has not been looked at yet: of which kind,
    and how many windows it names."""
    arrived = [each for each in receiver.received("team") if each.type == "reminder.due"]
    receiver.clear()
    return [(each.data["kind"], len(each.data["windows"])) for each in arrived]


def missed_alerts(cast: Cast) -> list[tuple[str, list[str]]]:
    """The alerts about check-ins that did not come: how grave, and by which rules."""
    return [
        (each["severity"], sorted(one["rule"] for one in cast.bob.alert(each)["findings"]))
        for each in cast.bob.alerts()
    ]


def test_whoever_does_not_answer_is_reminded_at_ten_and_once_more_at_six(
    cast: Cast, receiver: Receiver, clock: SimulatedClock, wait: Wait
) -> None:
    wait(hours=8)
    assert reminders(receiver) == [("chaser", 1)], "it was past ten when she was enrolled"
    wait(hours=15, minutes=59)
    assert reminders(receiver) == []
    wait(minutes=1)
    told = receiver.expect("reminder.due", name="team")
    receiver.clear()
    asked = window(cast.alice, "daily@2026-03-03")
    assert told.verified
    assert told.data == {
        "patient": cast.alice.reference,
        "kind": "reminder",
        "windows": [
            {
                "id": asked["id"],
                "instrument": "daily-check-in",
                "opens_at": "2026-03-03T03:00:00Z",
                "closes_at": "2026-03-04T03:00:00Z",
            }
        ],
    }
    assert asked["reminded_at"] == "2026-03-03T09:00:00Z"
    wait(hours=7, minutes=59)
    assert reminders(receiver) == []
    wait(minutes=1)
    assert reminders(receiver) == [("chaser", 1)]
    wait(hours=12)
    assert reminders(receiver) == []


def test_whoever_answered_is_left_alone(cast: Cast, receiver: Receiver, wait: Wait) -> None:
    wait(hours=18)
    receiver.clear()
    cast.alice.check_in()
    wait(hours=20)
    assert reminders(receiver) == []


def test_of_two_windows_there_is_one_reminder(cast: Cast, receiver: Receiver, wait: Wait) -> None:
    wait(days=5, hours=23, minutes=59)
    receiver.clear()
    wait(minutes=1)
    assert reminders(receiver) == [("reminder", 2)], "the daily one and the one of the week"


def test_after_an_outage_there_is_one_reminder_and_not_two(
    cast: Cast, receiver: Receiver, wait: Wait
) -> None:
    wait(hours=23)
    receiver.clear()
    wait(hours=11)
    assert reminders(receiver) == [("reminder", 1)]


def test_a_clinic_can_do_without_reminders(
    cast: Cast, receiver: Receiver, engine: Engine, wait: Wait
) -> None:
    publish(cast.dana, DAILY, WEEKLY, remind_at=None, chase_at=None)
    engine.run_until_idle()
    wait(days=1)
    assert reminders(receiver) == []


def test_three_days_without_a_word_are_a_finding_and_the_fourth_is_not_another(
    cast: Cast, wait: Wait
) -> None:
    cast.alice.check_in()
    wait(days=3, hours=17)
    # The 3rd, the 4th: the 5th is open until four in the morning.
    assert missed_alerts(cast) == []
    wait(hours=1)
    assert missed_alerts(cast) == [("low", ["R14"])]
    (found,) = cast.bob.alert(cast.bob.alerts()[0])["findings"]
    assert found["source"] == "schedule"
    assert found["explanation"] == (
        "three check-ins missed; nothing on suicidality was found before"
    )
    wait(days=3)
    assert missed_alerts(cast) == [("low", ["R14"])]


def test_after_one_answer_it_is_counted_anew(cast: Cast, wait: Wait) -> None:
    wait(days=2)
    cast.alice.check_in()
    # The 5th and the 6th; the 7th is open until four in the morning.
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
    away = {"state": "hospitalised", "reason": "On the ward.", "until": "2026-03-12T09:00:00Z"}
    wait(days=2)
    assert cast.bob.api.post(f"/v1/patients/{cast.alice.id}/states", away).status == 201
    wait(days=9)
    assert missed_alerts(cast) == []
    assert windows(cast.alice)[0]["slot"] == "daily@2026-03-13"
