"""Time that passes only when a test says so."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class SimulatedClock:
    """A clock of the house: 2026-03-02 09:00 UTC, a Monday, until it is moved."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        """The present."""
        return self._now

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> datetime:
        """Let time pass; returns the new present."""
        self._now += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self._now

    def set(self, moment: datetime) -> None:
        """Jump to a moment, into the past too: machines' clocks do."""
        if moment.tzinfo is None:
            raise ValueError("a moment needs its UTC offset")
        self._now = moment.astimezone(UTC)
