"""The diary's day: whatever the clocks do, every moment belongs to one, and every day has each of
its times once."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.schedule.days import DAY_STARTS, at, day_of

ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)
DAYS = st.dates(date(2000, 1, 1), date(2037, 12, 30))
WALLS = st.times().map(lambda each: each.replace(microsecond=0))
MADRID = ZoneInfo("Europe/Madrid")


@given(ZONES, DAYS)
def test_a_day_ends_where_the_next_begins_and_is_never_empty(zone: ZoneInfo, day: date) -> None:
    begins, ends = at(day, DAY_STARTS, zone), at(day + timedelta(days=1), DAY_STARTS, zone)
    # Whoever crosses the date line skips a day, or has one twice.
    assert timedelta(0) <= ends - begins <= timedelta(hours=49)
    if ends - begins > timedelta(hours=2):
        middle = begins + (ends - begins) / 2
        assert day_of(middle, zone) == day


@given(ZONES, DAYS, WALLS)
def test_a_time_of_day_is_once_and_within_reach(zone: ZoneInfo, day: date, wall: time) -> None:
    moment = at(day, wall, zone)
    shown = moment.astimezone(zone).replace(tzinfo=None)
    date_of = day if wall >= DAY_STARTS else day + timedelta(days=1)
    # As the wall has it, or when the clocks skip it: the first moment that shows a later time.
    assert shown >= datetime.combine(date_of, wall)
    before = (moment - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    assert before < datetime.combine(date_of, wall)


@pytest.mark.parametrize(
    ("day", "wall", "moment"),
    [
        # The clocks of Madrid skip from 02:00 to 03:00 on 29 March, and show 02:30 twice on
        # 25 October.
        ("2026-03-28", "02:30", "2026-03-29T01:00:00Z"),
        ("2026-03-28", "01:59", "2026-03-29T00:59:00Z"),
        ("2026-10-24", "02:30", "2026-10-25T00:30:00Z"),
        ("2026-10-24", "03:00", "2026-10-25T02:00:00Z"),
        ("2026-03-29", "04:00", "2026-03-29T02:00:00Z"),
    ],
)
def test_of_what_is_skipped_or_shown_twice(day: str, wall: str, moment: str) -> None:
    expected = datetime.fromisoformat(moment)
    assert at(date.fromisoformat(day), time.fromisoformat(wall), MADRID) == expected


def test_what_is_told_at_one_in_the_morning_belongs_to_the_day_before() -> None:
    assert day_of(datetime(2026, 3, 16, 2, 59, tzinfo=UTC), MADRID) == date(2026, 3, 15)
    assert day_of(datetime(2026, 3, 16, 3, 0, tzinfo=UTC), MADRID) == date(2026, 3, 16)
