"""Weekly hours on a wall clock as spans of real time, clock changes included."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MIDNIGHT = "24:00"
Span = tuple[datetime, datetime]
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAY = timedelta(days=1)
# Hours with any gap in the week close within eight days, the longest a clock change allows.
_NEVER = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Period:
    """Weekday 1 (Monday) to 7, wall-clock `HH:MM`; closing before opening is the next day."""

    weekday: int
    opens: str
    closes: str

    def __post_init__(self) -> None:
        if self.weekday not in range(1, 8):
            raise ValueError("weekday: 1 (Monday) to 7 (Sunday)")
        if not _CLOCK.fullmatch(self.opens):
            raise ValueError("opens: HH:MM")
        if self.closes == self.opens or not (
            _CLOCK.fullmatch(self.closes) or self.closes == MIDNIGHT
        ):
            raise ValueError("closes: HH:MM other than opens, or 24:00")

    def spans(self, zone: str, begin: datetime, end: datetime) -> list[Span]:
        """When it is, week after week, from `begin` to `end` and somewhat beyond, in UTC."""
        first = begin.astimezone(ZoneInfo(zone)).date() - _DAY
        first += timedelta(days=(self.weekday - first.isoweekday()) % 7)
        last = end.astimezone(ZoneInfo(zone)).date()
        weeks = range((last - first).days // 7 + 1)
        return [self._span(first + timedelta(weeks=week), zone) for week in weeks]

    def _span(self, day: date, zone: str) -> Span:
        overnight = self.closes == MIDNIGHT or self.closes < self.opens
        opens = _instant(day, self.opens, zone)
        closes = _instant(day + _DAY if overnight else day, self.closes, zone)
        if opens >= closes:
            # It opens inside the hour that is skipped in spring and closes just after it.
            opens = _instant(day, self.opens, zone, fold=1)
        return opens, closes


@dataclass(frozen=True, slots=True)
class StaffedHours:
    """The weekly hours in which a team reads answers, in its own time zone."""

    time_zone: str
    periods: tuple[Period, ...]

    def __post_init__(self) -> None:
        # An unknown zone is refused here, not in a crisis.
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise ValueError("time_zone: an IANA name, such as Europe/Madrid") from None

    @classmethod
    def of(cls, time_zone: str, periods: Iterable[Mapping[str, Any]]) -> "StaffedHours":
        """From stored rows: `weekday`, `opens`, `closes`."""
        return cls(time_zone, tuple(Period(**period) for period in periods))

    def spans(self, now: datetime) -> list[Span]:
        """The staffed spans from yesterday to ten days ahead, those that touch made one."""
        begin, end = now - _DAY, now + timedelta(days=10)
        return merged(
            s for period in self.periods for s in period.spans(self.time_zone, begin, end)
        )


@dataclass(frozen=True, slots=True)
class Staffing:
    """Whether a team reads answers at one moment.

    opens_at: when it next begins to; None where nothing says that it does. closes_at: when it
    stops; None while it is closed and for a team that never closes.
    """

    open_now: bool
    opens_at: datetime | None
    closes_at: datetime | None


def staffing(spans: Sequence[Span], now: datetime) -> Staffing:
    """What the staffed spans around a moment say of it."""
    current = next((span for span in spans if span[0] <= now < span[1]), None)
    opens_at = min((start for start, _ in spans if start > now), default=None)
    if current is None:
        return Staffing(False, opens_at, None)
    if current[1] - now > _NEVER:
        return Staffing(True, None, None)
    return Staffing(True, opens_at, current[1])


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, those that touch made one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            begun, ended = found.pop()
            found.append((begun, max(ended, end)))
        else:
            found.append((start, end))
    return found


def clock_time(clock: str) -> time:
    """`HH:MM`, or 24:00, as a time of day."""
    return time.min if clock == MIDNIGHT else time.fromisoformat(clock)


def _instant(day: date, clock: str, zone: str, fold: int = 0) -> datetime:
    """A wall-clock time as a moment: the first of two in autumn, the hour after a gap in spring."""
    wall = datetime.combine(day, clock_time(clock), ZoneInfo(zone)).replace(fold=fold)
    return wall.astimezone(UTC)
