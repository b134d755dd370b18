"""Where time comes from. Nothing in the house calls `datetime.now` but this file."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

# By how much the clocks of two machines may differ; more is a clock that was set.
CLOCKS_DIFFER: Final = timedelta(seconds=30)


class Clock(Protocol):
    """Tells the present as an aware UTC datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def months_from(moment: datetime, months: int) -> datetime:
    """So many calendar months later, or earlier; in a short month its last day, if need be."""
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
