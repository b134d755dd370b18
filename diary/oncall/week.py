"""Periods of a week put together, whoever is on call in them."""

from collections.abc import Iterable

from diary.crisis.hours import MIDNIGHT, Period

_DAY = 24 * 60
_WEEK = 7 * _DAY


def union(periods: Iterable[Period]) -> tuple[Period, ...]:
    """The same wall-clock hours with no overlaps: 9–13 and 13–17 are 9–17.

    What lasts a day or longer is cut at midnight.
    """
    minutes = [False] * _WEEK
    for period in periods:
        start = (period.weekday - 1) * _DAY + _minute(period.opens)
        length = (_minute(period.closes) - _minute(period.opens)) % _DAY or _DAY
        for minute in range(start, start + length):
            minutes[minute % _WEEK] = True
    if all(minutes):
        return tuple(Period(day, "00:00", MIDNIGHT) for day in range(1, 8))
    starts = [at for at in range(_WEEK) if minutes[at] and not minutes[at - 1]]
    found = [part for start in starts for part in _parts(start, _length(minutes, start))]
    return tuple(sorted(found, key=lambda period: (period.weekday, period.opens)))


def _length(minutes: list[bool], start: int) -> int:
    return next(n for n in range(1, _WEEK) if not minutes[(start + n) % _WEEK])


def _parts(start: int, length: int) -> Iterable[Period]:
    while length:
        here = length if length < _DAY else min(length, _DAY - start % _DAY)
        closes = (start + here) % _DAY
        day = start // _DAY % 7 + 1
        yield Period(day, _clock(start % _DAY), _clock(closes) if closes else MIDNIGHT)
        start, length = start + here, length - here


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
