"""Which windows a plan wants: each day and week once, whatever the clocks and the infusions do."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.schedule.days import day_of
from diary.schedule.plan import (
    SHIPPED,
    AfterInfusion,
    Daily,
    Item,
    Plan,
    Weekly,
    document_of,
    plan_of,
)
from diary.schedule.slots import Slot, Visit, wanted

MADRID = ZoneInfo("Europe/Madrid")
ZONES = st.sampled_from(
    ["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo"]
).map(ZoneInfo)
STARTS = st.integers(0, 10 * 365 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
WALLS = st.times().map(lambda each: each.replace(second=0, microsecond=0))
ITEMS = st.one_of(
    st.builds(
        Daily,
        st.just("daily"),
        st.just("d"),
        st.just("1"),
        opens=st.sampled_from([time(4), time(8), time(18)]),
        closes=st.sampled_from([time(4), time(20), time(23, 30)]),
        after_infusion_hours=st.integers(0, 18),
        days=st.none() | st.sampled_from([(0, 3), (2, 2), (5, 40)]),
    ),
    st.builds(Weekly, st.just("weekly"), st.just("w"), st.just("1"), weekday=st.integers(1, 7)),
    st.builds(
        AfterInfusion,
        st.just("after"),
        st.just("a"),
        st.just("1"),
        hours=st.integers(0, 336),
        open_hours=st.integers(1, 168),
    ),
)
PLANS = st.builds(
    Plan,
    st.integers(1, 9),
    st.lists(ITEMS, max_size=3, unique_by=lambda each: each.id).map(tuple),
    st.none() | WALLS,
    st.none() | WALLS,
)


def visit(number: int, starts_at: datetime, hours: float = 1) -> Visit:
    return Visit(UUID(int=number), starts_at, starts_at + timedelta(hours=hours))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def of(
    *items: Item,
    start: str = "2026-03-02T09:00",
    days: int = 7,
    visits: Sequence[Visit] = (),
    zone: ZoneInfo = MADRID,
    plan: Plan | None = None,
) -> list[Slot]:
    asked = plan or Plan(1, items)
    end = at(start) + timedelta(days=days)
    found = wanted(asked, visits, zone, start=at(start), end=end)
    return sorted(found.values(), key=lambda slot: (slot.opens_at, slot.key))


@given(PLANS, ZONES, STARTS, st.lists(st.integers(-200, 400), max_size=3))
def test_every_day_and_week_has_its_slot_once(
    plan: Plan, zone: ZoneInfo, start: datetime, hours: list[int]
) -> None:
    visits = [visit(n, start + timedelta(hours=each)) for n, each in enumerate(hours)]
    end = start + timedelta(days=14)
    found = wanted(plan, visits, zone, start=start, end=end)
    for key, slot in found.items():
        assert key == slot.key
        assert slot.opens_at < slot.closes_at
        assert slot.closes_at > start
        assert slot.opens_at < end
        assert slot.remind_at is None or slot.opens_at <= slot.remind_at < slot.closes_at
        assert slot.chase_at is None or (slot.remind_at or slot.opens_at) <= slot.chase_at
        assert slot.chase_at is None or slot.chase_at < slot.closes_at
    for item in plan.items:
        slots = sorted(
            (each for each in found.values() if each.asked is item), key=lambda each: each.opens_at
        )
        if isinstance(item, Daily) and item.days is None:
            # No day between the first and the last is lost, however long the clocks make it.
            days = [each.local_date for each in slots]
            assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
            assert day_of(start, zone) in days or slots[0].opens_at > start
        if isinstance(item, Weekly):
            assert len({each.key for each in slots}) == len(slots) in (2, 3)
            gaps = [b.local_date - a.local_date for a, b in pairwise(slots)]
            assert all(gap == timedelta(days=7) for gap in gaps)
        # Of one item no two are open at once: an answer is of one of them.
        if not isinstance(item, AfterInfusion):
            assert all(a.closes_at <= b.opens_at for a, b in pairwise(slots))


@given(PLANS)
def test_a_plan_is_read_as_it_was_stored(plan: Plan) -> None:
    assert plan_of(plan.version, document_of(plan)) == plan


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-28", 23), ("2026-10-24", 25), ("2026-06-10", 24)]
)
def test_the_length_of_a_day_is_the_clocks(day: str, hours: int) -> None:
    slots = of(Daily("daily", "d", "1"), start=f"{day}T09:00", days=3)
    (found,) = [each for each in slots if each.local_date == date.fromisoformat(day)]
    assert found.closes_at - found.opens_at == timedelta(hours=hours)


def test_on_an_infusions_day_it_opens_four_hours_after_the_end_for_an_hour_at_least() -> None:
    visits = [visit(1, at("2026-03-03T09:00"), 2), visit(2, at("2026-03-04T20:00"), 3)]
    slots = {each.key: each for each in of(plan=SHIPPED, visits=visits)}
    assert slots["daily@2026-03-03"].opens_at == at("2026-03-03T15:00")
    # Until four in the morning, which is three o'clock here: the four hours would end then.
    assert slots["daily@2026-03-04"].opens_at == at("2026-03-05T02:00")
    assert slots["daily@2026-03-05"].opens_at == at("2026-03-05T03:00")


def test_the_days_after_an_infusion_are_the_patients_own() -> None:
    item = Daily("after", "d", "1", days=(1, 2))
    # It ends at half past midnight: by the diary's day still on the third.
    visits = [visit(1, at("2026-03-03T22:30"), 1)]
    days = [each.local_date.day for each in of(item, visits=visits)]
    assert days == [4, 5]


@pytest.mark.parametrize(
    ("opens", "remind_at", "chase_at"),
    [
        ("04:00", "09:00", "17:00"),
        ("12:00", "11:00", "17:00"),
        # It opens too late for two.
        ("16:30", "15:30", None),
        ("20:30", "19:30", None),
        ("21:30", None, None),
    ],
)
def test_nobody_is_reminded_twice_within_two_hours_or_after_nine(
    opens: str, remind_at: str | None, chase_at: str | None
) -> None:
    item = Daily("daily", "d", "1", opens=time.fromisoformat(opens))
    (slot,) = [each for each in of(item) if each.local_date == date(2026, 3, 4)]

    def moment(wall: str | None) -> datetime | None:
        return wall and at(f"2026-03-04T{wall}")  # type: ignore[return-value]

    assert (slot.remind_at, slot.chase_at) == (moment(remind_at), moment(chase_at))


def test_the_after_effects_are_asked_for_two_days() -> None:
    visits = [visit(1, at("2026-03-03T09:00"), 1)]
    asked = [each.local_date.day for each in of(plan=SHIPPED, visits=visits) if each.after_effects]
    assert asked == [3, 4, 5]
