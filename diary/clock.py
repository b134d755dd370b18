"""Where time comes from. Nothing in the house calls `datetime.now` but this file."""

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
