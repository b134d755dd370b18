"""When a clinic reads answers, said plainly to the person who is writing one."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache, reduce
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_day_names

from diary.crisis.hours import MIDNIGHT, Period, Span, StaffedHours, clock_time, staffing


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether a team reads answers at this moment; None where no hours are set.

    opens_at: when it is closed, the next opening. closes_at: when it is open, the closing; None
    for a team that never closes. Both in the clinic's time zone.
    """

    open_now: bool | None
    opens_at: datetime | None
    closes_at: datetime | None
    text: str


@cache
def texts() -> Mapping[str, Any]:
    """Every sentence that a person in danger may read, by locale."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("texts.json").read_text("utf-8"))
    return found


def text_locale(locale: str) -> str:
    """The closest locale there are texts in: the exact one, the language, English."""
    exact = locale.replace("_", "-").lower()
    return next((name for name in (exact, exact.split("-")[0]) if name in texts()), "en")


def emergency_words(numbers: Iterable[str], locale: str) -> str:
    """The numbers as they stand after `call`; without any, the local emergency number."""
    words = texts()[text_locale(locale)]
    return _listed(tuple(numbers), words["or"]) or str(words["emergency"])


def coverage(
    hours: StaffedHours | None,
    now: datetime,
    locale: str,
    emergency_numbers: Iterable[str] = (),
    spans: Sequence[Span] | None = None,
) -> Coverage:
    """What may be said at this moment about who reads an answer. It never promises a reader.

    spans: when the team really does, where that is not what the hours of its week say.
    """
    if now.tzinfo is None:
        raise ValueError("now: an aware moment")
    said = _Speech(locale)
    danger = said.danger(emergency_numbers)
    if hours is None or not hours.periods:
        return Coverage(None, None, None, f"{said.words['unset']} {danger}")
    local = now.astimezone(ZoneInfo(hours.time_zone))
    found = staffing(hours.spans(now) if spans is None else spans, now)
    if not found.open_now:
        if found.opens_at is None:
            return Coverage(False, None, None, f"{said.words['unset']} {danger}")
        opens = found.opens_at.astimezone(local.tzinfo)
        state = _sentence(said.words["closed"].format(opens=said.moment(opens, local)))
        return Coverage(False, opens, None, f"{said.week(hours)} {state} {danger}")
    if found.closes_at is None:
        always = said.words["always"].format(zone=hours.time_zone)
        return Coverage(True, None, None, f"{always} {said.words['always_open']} {danger}")
    closes = found.closes_at.astimezone(local.tzinfo)
    state = _sentence(said.words["open"].format(closes=said.moment(closes, local, "{time}")))
    return Coverage(True, None, closes, f"{said.week(hours)} {state} {danger}")


def usual_hours(hours: StaffedHours | None, locale: str) -> str:
    """When a team reads answers in an ordinary week, for a page that is read at any moment."""
    said = _Speech(locale)
    if hours is None or not hours.periods:
        return str(said.words["unset"])
    return f"{said.week(hours)} {said.words['always_open']}"


def past_moment(when: datetime, now: datetime, zone: str, locale: str) -> str:
    """A moment that has been, by that zone's clock: `today, 14:02`, `Monday 2 March, 14:02`."""
    said = _Speech(locale)
    local = when.astimezone(ZoneInfo(zone))
    today = local.date() == now.astimezone(local.tzinfo).date()
    words: Mapping[str, str] = texts()[said.locale]["standing"]
    return words["today" if today else "earlier"].format(
        date=said.dated(local.date()), time=said.clock(local.time())
    )


def _sentence(said: str) -> str:
    """Some locales end a time with a full stop of its own (`9:00 a.m.`)."""
    return said.replace("..", ".")


def _listed(parts: tuple[str, ...], pair: str) -> str:
    return reduce(lambda first, last: pair.format(first=first, last=last), parts) if parts else ""


class _Speech:
    """The sentences of one locale."""

    def __init__(self, locale: str) -> None:
        self.locale = text_locale(locale)
        self.words: Mapping[str, str] = texts()[self.locale]["coverage"]
        self._babel = Locale(self.locale)
        try:
            wanted = Locale.parse(locale.replace("_", "-"), sep="-")
        except (ValueError, UnknownLocaleError):
            return
        if wanted.language == self.locale:
            self._babel = wanted

    def danger(self, numbers: Iterable[str]) -> str:
        sentence: str = texts()[self.locale]["danger"]
        return sentence.format(emergency=emergency_words(numbers, self.locale))

    def week(self, hours: StaffedHours) -> str:
        """`Your team reads answers Monday–Friday 9:00–17:00 (Europe/Madrid).`"""
        days = sorted({period.weekday for period in hours.periods})
        timetable = [(day, self._times(hours, day)) for day in days]
        # In a run of consecutive days the day less its place in the list is constant.
        runs = groupby(enumerate(timetable), key=lambda at: (at[1][0] - at[0], at[1][1]))
        groups = tuple(
            self.words["group"].format(days=self._days([day for _, (day, _) in run]), times=times)
            for (_, times), run in runs
        )
        said = _listed(groups, "{first}; {last}")
        return self.words["hours"].format(hours=said, zone=hours.time_zone)

    def moment(self, when: datetime, now: datetime, today: str | None = None) -> str:
        """A moment in the clinic's zone, named as shortly as it can be without doubt."""
        ahead = (when.date() - now.date()).days
        clock = self.clock(when.time())
        if ahead == 0:
            return (today or self.words["today"]).format(time=clock)
        day = self._day(when.isoweekday())
        if ahead >= 7:
            day = self.dated(when.date())
        return self.words["on"].format(day=day, time=clock)

    def _times(self, hours: StaffedHours, day: int) -> str:
        periods = sorted(
            (period for period in hours.periods if period.weekday == day), key=attrgetter("opens")
        )
        return _listed(tuple(map(self._period, periods)), self.words["and"])

    def _period(self, period: Period) -> str:
        if (period.opens, period.closes) == ("00:00", MIDNIGHT):
            return self.words["all_day"]
        opens, closes = (self.clock(clock_time(clock)) for clock in (period.opens, period.closes))
        return self.words["time_range"].format(opens=opens, closes=closes)

    def _days(self, days: list[int]) -> str:
        if len(days) == 7:
            return self.words["every_day"]
        if len(days) == 1:
            return self._day(days[0])
        return self.words["day_range"].format(first=self._day(days[0]), last=self._day(days[-1]))

    def _day(self, weekday: int) -> str:
        return str(get_day_names("wide", locale=self._babel)[weekday - 1])

    def dated(self, day: date) -> str:
        return format_date(day, self.words["date"], locale=self._babel)

    def clock(self, clock: time) -> str:
        # Only a territory tells whether its people read a 12-hour clock.
        pattern = "short" if self._babel.territory else "H:mm"
        return format_time(clock, pattern, locale=self._babel)
