"""Who reads an answer at this moment, as the person who writes it is told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from diary.crisis.coverage import Coverage, coverage
from diary.crisis.coverage import emergency_words as words
from diary.crisis.hours import Period, StaffedHours

DANGER = "If you are in danger, do not wait: call 112."


def period(weekday: int, opens: str = "09:00", closes: str = "17:00") -> dict[str, Any]:
    return {"weekday": weekday, "opens": opens, "closes": closes}


def team(*periods: dict[str, Any], zone: str = "Europe/Madrid") -> StaffedHours:
    return StaffedHours.of(zone, periods)


OFFICE = team(*(period(weekday) for weekday in range(1, 6)))


def at(moment: str) -> datetime:
    """A moment in UTC; November 23 of 2026 is a Monday, Madrid is one hour ahead."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def told(hours: StaffedHours | None, moment: str, locale: str = "en") -> Coverage:
    return coverage(hours, at(moment), locale, ("112",))


def test_a_closed_team_says_when_it_opens() -> None:
    found = told(OFFICE, "2026-11-21T12:00")
    assert (found.open_now, found.closes_at) == (False, None)
    assert found.opens_at is not None
    assert found.opens_at.isoformat() == "2026-11-23T09:00:00+01:00"
    assert found.text == (
        "Your team reads answers Monday–Friday 9:00–17:00 (Europe/Madrid). "
        f"It is closed now and opens Monday 9:00. {DANGER}"
    )


def test_an_open_team_says_until_when_and_promises_nothing() -> None:
    found = told(OFFICE, "2026-11-23T15:59")
    assert (found.open_now, found.opens_at) == (True, None)
    assert found.closes_at is not None
    assert found.closes_at.isoformat() == "2026-11-23T17:00:00+01:00"
    assert found.text == (
        "Your team reads answers Monday–Friday 9:00–17:00 (Europe/Madrid). It is open now, until "
        f"17:00. Even so, an answer may not be read right away. {DANGER}"
    )


def test_it_is_open_at_the_first_minute_and_closed_at_the_last() -> None:
    assert told(OFFICE, "2026-11-23T07:59").open_now is False
    assert told(OFFICE, "2026-11-23T08:00").open_now is True
    assert told(OFFICE, "2026-11-23T16:00").open_now is False


def test_an_opening_later_today_is_today() -> None:
    assert "opens today 9:00." in told(OFFICE, "2026-11-23T06:00").text


def test_an_opening_in_a_week_has_its_date() -> None:
    mondays = team(period(1))
    assert "opens Monday 30 November 9:00." in told(mondays, "2026-11-23T18:00").text
    assert "Abre: lunes 30 de noviembre, 9:00." in told(mondays, "2026-11-23T18:00", "es").text


def test_in_spanish() -> None:
    assert told(OFFICE, "2026-11-21T12:00", "es-ES").text == (
        "Tu equipo lee las respuestas de lunes a viernes de 9:00 a 17:00 (Europe/Madrid). "
        "Ahora está cerrado. Abre: lunes, 9:00. Si estás en peligro, no esperes: llama al 112."
    )


@pytest.mark.parametrize("hours", [None, StaffedHours("Europe/Madrid", ())])
def test_a_team_without_hours_says_that_nobody_watches(hours: StaffedHours | None) -> None:
    found = told(hours, "2026-11-23T12:00")
    assert (found.open_now, found.opens_at, found.closes_at) == (None, None, None)
    assert found.text == (
        "Answers are not watched around the clock, and yours may not be read right away. " + DANGER
    )
    assert "Nadie vigila" in told(hours, "2026-11-23T12:00", "es").text


def test_a_team_that_never_closes_promises_nothing_either() -> None:
    found = told(team(*(period(day, "00:00", "24:00") for day in range(1, 8))), "2026-11-23T12:00")
    assert (found.open_now, found.closes_at) == (True, None)
    assert "at any hour" in found.text
    assert "may not be read right away" in found.text


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (team(period(6, "10:00", "13:00"), period(1), period(2)), "Monday–Tuesday 9:00–17:00; "),
        (team(period(6, "10:00", "13:00"), period(1), period(2)), "; Saturday 10:00–13:00 ("),
        (team(period(1), period(3)), "Monday 9:00–17:00; Wednesday 9:00–17:00 ("),
        (team(period(1), period(2, "10:00")), "Monday 9:00–17:00; Tuesday 10:00–17:00 ("),
        (team(period(1, "16:00", "19:00"), period(1, "09:00", "13:00")), "9:00–13:00 and 16:00"),
        (team(*(period(day) for day in range(1, 8))), "every day 9:00–17:00 ("),
        (team(period(7, "00:00", "24:00")), "Sunday all day ("),
    ],
)
def test_the_week_is_said_shortly(hours: StaffedHours, said: str) -> None:
    assert said in told(hours, "2026-11-23T12:00").text


def test_the_clock_is_the_one_that_a_territory_reads() -> None:
    american = told(OFFICE, "2026-11-21T12:00", "en-US").text.replace("\u202f", " ")
    assert "Monday–Friday 9:00 AM–5:00 PM" in american
    mexican = told(OFFICE, "2026-11-21T12:00", "es-MX").text.replace("\u202f", " ")
    assert "Abre: lunes, 9:00 a.m. Si" in mexican
    assert "09:00–17:00" in told(OFFICE, "2026-11-21T12:00", "en-GB").text


@pytest.mark.parametrize("locale", ["fr-FR", "", "xx", "en-XX", "../..", "en-", "e" * 99, "\x00"])
def test_any_other_locale_is_answered_in_english(locale: str) -> None:
    assert told(OFFICE, "2026-11-21T12:00", locale).text.startswith("Your team reads answers")


def test_a_night_shift_ends_on_the_next_day() -> None:
    night = team(period(5, "22:00", "06:00"))
    found = told(night, "2026-11-28T03:00")
    assert found.open_now is True
    assert found.closes_at is not None
    assert found.closes_at.isoformat() == "2026-11-28T06:00:00+01:00"
    assert "until Saturday 6:00." in told(night, "2026-11-27T22:00").text


def test_shifts_that_touch_are_one() -> None:
    relay = team(period(1, "08:00", "24:00"), period(2, "00:00", "08:00"), period(1, "15:00"))
    closes = told(relay, "2026-11-23T16:00").closes_at
    assert closes is not None
    assert closes.isoformat() == "2026-11-24T08:00:00+01:00"


@pytest.mark.parametrize(
    ("friday", "opening"),
    [  # Madrid moves its clocks on 2026-03-29 and 2026-10-25, both Sundays
        ("2026-03-27T18:00", "2026-03-30T09:00:00+02:00"),
        ("2026-10-23T18:00", "2026-10-26T09:00:00+01:00"),
    ],
)
def test_nine_in_the_morning_stays_nine_when_the_clocks_change(friday: str, opening: str) -> None:
    found = told(OFFICE, friday)
    assert found.opens_at is not None
    assert found.opens_at.isoformat() == opening
    assert "opens Monday 9:00." in found.text


def test_hours_inside_the_hour_that_is_skipped_or_repeated() -> None:
    sundays = team(period(7, "02:15", "02:45"))
    assert told(sundays, "2026-03-29T01:30").open_now is True  # 3:30, the clock skipped 2:30
    assert told(sundays, "2026-10-25T00:30").open_now is True  # the first 2:30
    assert told(sundays, "2026-10-25T01:30").open_now is False  # the second one


def test_another_zone_is_another_time() -> None:
    auckland = team(*(period(day) for day in range(1, 6)), zone="Pacific/Auckland")
    assert told(auckland, "2026-11-22T21:00").open_now is True
    assert "(Pacific/Auckland)" in told(auckland, "2026-11-22T21:00").text


def test_without_a_known_number_it_is_the_local_one() -> None:
    assert words((), "en") == "your local emergency number"
    assert words(("112", "999"), "en-IE") == "112 or 999"
    assert words(("112", "15"), "es") == "112 o al 15"
    assert coverage(None, at("2026-11-23T12:00"), "en").text.endswith(
        "your local emergency number."
    )


@pytest.mark.parametrize(
    ("weekday", "opens", "closes"),
    [
        (0, "09:00", "17:00"),
        (8, "09:00", "17:00"),
        (1, "9:00", "17:00"),
        (1, "24:00", "17:00"),
        (1, "09:00", "24:01"),
        (1, "09:00", "09:00"),
        (1, "09:00\n", "17:00"),
    ],
)
def test_hours_that_cannot_be_are_refused(weekday: int, opens: str, closes: str) -> None:
    with pytest.raises(ValueError, match=r"weekday|opens|closes"):
        Period(weekday, opens, closes)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "", "Europe", "/etc"])
def test_a_zone_that_nobody_lives_in_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="time_zone"):
        StaffedHours(zone, ())


def test_a_moment_without_an_offset_is_no_moment() -> None:
    with pytest.raises(ValueError, match="aware"):
        coverage(OFFICE, datetime(2026, 11, 23, 12), "en")  # noqa: DTZ001
