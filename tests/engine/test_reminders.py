"""Whoever does not answer is reminded, once and once more; how far it came is told."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from diary.checkins import missed
from diary.work import House
from engine.loop import Engine
from tests.asked import DAILY, NEXT_DAY, WEEKLY, plan_infusion, publish, window
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.engine.silences import ENGINE
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


# --- whether a reminder came, and whether the patient is silent ---------------------------------


def reminder_of(cast: Cast, slot: str) -> str:
    return str(window(cast.alice, slot)["reminder"])


def test_how_far_a_reminder_came_is_told_apart(cast: Cast, receiver: Receiver, wait: Wait) -> None:
    slot = "daily@2026-03-02"
    assert reminder_of(cast, slot) == "none"
    receiver.behave("status", "team", code=500)
    receiver.behave("status", "on-call", code=500)
    wait(hours=8)
    assert reminder_of(cast, slot) == "undelivered"
    receiver.behave("ok", "team")
    wait(hours=1)
    assert reminder_of(cast, slot) == "delivered"
    path = f"/v1/me/schedule/{window(cast.alice, slot)['id']}/reminder"
    shown = {"shown_at": "2026-03-02T18:01:00Z"}
    assert cast.alice.api.put(path, shown).json["reminder"] == "shown"
    assert cast.alice.api.put(path, {"shown_at": "2026-03-02T19:00:00Z"}).status == 200
    assert cast.frank.api.put(path, shown).status == 404


# --- what is open, or was reminded of, when its infusion moves ----------------------------------


def test_what_is_open_on_its_day_stays_open_whatever_end_is_entered(
    cast: Cast, clock: SimulatedClock, receiver: Receiver, wait: Wait
) -> None:
    infusion = plan_infusion(cast, "2026-03-04T09:00:00Z")
    wait()
    clock.set(datetime(2026, 3, 4, 15, 10, tzinfo=UTC))
    wait()
    opened = window(cast.alice, "daily@2026-03-04")
    assert (opened["opens_at"], opened["reminder"]) == ("2026-03-04T15:00:00Z", "delivered")
    started = {"started_at": "2026-03-04T12:20:00Z", "confirm": ["course"]}
    assert cast.bob.api.post(f"{infusion}/start", started).status == 200
    ended = {"ended_at": "2026-03-04T13:00:00Z"}
    assert cast.bob.api.post(f"{infusion}/end", ended).status == 200
    wait()
    assert window(cast.alice, "daily@2026-03-04") == opened
    assert cast.alice.check_in().status == 201
    assert window(cast.alice, "daily@2026-03-04")["state"] == "answered"


def test_what_moves_to_another_day_is_reminded_of_there(
    cast: Cast, clock: SimulatedClock, receiver: Receiver, wait: Wait
) -> None:
    assert publish(cast.dana, NEXT_DAY).status == 201
    infusion = plan_infusion(cast, "2026-03-03T10:00:00Z")
    slot = f"next-day@{infusion.rsplit('/', 1)[1]}"
    wait()
    clock.set(datetime(2026, 3, 4, 12, 30, tzinfo=UTC))
    wait()
    assert window(cast.alice, slot)["reminder"] == "delivered"
    receiver.clear()
    moved = {"planned_at": "2026-03-05T10:00:00Z", "reason": "unwell", "confirm": ["planned_at"]}
    assert cast.bob.api.post(f"{infusion}/move", moved).status == 200
    wait()
    there = window(cast.alice, slot)
    assert (there["opens_at"], there["reminder"]) == ("2026-03-06T12:00:00Z", "none")
    clock.set(datetime(2026, 3, 6, 12, 30, tzinfo=UTC))
    wait()
    assert window(cast.alice, slot)["reminder"] == "delivered"
    assert ("reminder", 1) in reminders(receiver)


# --- after an outage, in the night, in a zone further west ---------------------------------------


@pytest.mark.parametrize(
    ("until", "told"),
    [
        ({"hours": 11, "minutes": 59}, [("reminder", 1)]),
        ({"hours": 12}, []),
        ({"hours": 18}, []),
    ],
)
def test_after_an_outage_nobody_is_reminded_in_the_night(
    cast: Cast,
    receiver: Receiver,
    wait: Wait,
    until: dict[str, float],
    told: list[tuple[str, int]],
) -> None:
    wait(hours=23)
    receiver.clear()
    # Nine in the morning of Tuesday.
    wait(**until)
    assert reminders(receiver) == told
    assert window(cast.alice, "daily@2026-03-03")["state"] == "pending"
    assert reminder_of(cast, "daily@2026-03-03") == ("delivered" if told else "none")
    wait(hours=25 - until["hours"], minutes=-until.get("minutes", 0))
    assert reminders(receiver) == [("reminder", 1)], "the next morning as ever"


@pytest.mark.parametrize(("minutes", "told"), [(59, [("chaser", 1)]), (61, [])])
def test_after_an_outage_nobody_is_reminded_twice_within_two_hours(
    cast: Cast, receiver: Receiver, wait: Wait, minutes: int, told: list[tuple[str, int]]
) -> None:
    wait(hours=23)
    receiver.clear()
    wait(hours=6, minutes=minutes)
    assert reminders(receiver) == [("reminder", 1)], "about four in the afternoon"
    wait(hours=2, minutes=1)
    assert reminders(receiver) == told


def test_who_moves_west_after_the_second_reminder_has_no_third(
    cast: Cast, receiver: Receiver, wait: Wait
) -> None:
    wait(hours=8, minutes=1)
    assert reminders(receiver) == [("chaser", 1)]
    moved = cast.alice.api.put("/v1/me/time-zone", {"time_zone": "America/New_York"})
    assert moved.status == 200
    wait(hours=6)
    assert reminders(receiver) == []
    wait(hours=16)
    assert reminders(receiver) == [("reminder", 1)], "at ten in the morning in New York"


def test_who_was_asleep_when_it_was_due_in_the_old_zone_is_not_woken_by_it(
    cast: Cast, house: House, clock: SimulatedClock, receiver: Receiver, wait: Wait
) -> None:
    wait(hours=23)
    receiver.clear()
    assert cast.alice.api.put("/v1/me/time-zone", {"time_zone": "America/Denver"}).status == 200
    clock.advance(hours=1)
    # Ten in Madrid, two in the night in Denver; her windows are not made anew yet.
    asked = window(cast.alice, "daily@2026-03-03")
    with house.work(ENGINE.within(cast.clinic)) as work:
        assert missed.look(work, [UUID(asked["id"])]) == 1
    wait()
    assert reminders(receiver) == []


def test_whatever_is_open_is_in_one_message_however_it_was_found(
    cast: Cast, house: House, clock: SimulatedClock, receiver: Receiver, wait: Wait
) -> None:
    wait(days=5, hours=23, minutes=59)
    receiver.clear()
    clock.advance(minutes=1)
    weekly = window(cast.alice, "weekly@2026-W10")
    with house.work(ENGINE.within(cast.clinic)) as work:
        assert missed.look(work, [UUID(weekly["id"])]) == 2
    wait()
    assert reminders(receiver) == [("reminder", 2)]
