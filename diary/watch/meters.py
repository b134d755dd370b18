"""What one engine measures of its own work, from its start on, for `/metrics`.

It goes into the engine's row with each heartbeat, so that any process can show the figures of all.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

# Upper bounds in seconds; above the last one there is only +Inf.
BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)


@dataclass(slots=True)
class Histogram:
    """How often something took how long. counts: of each interval between bounds, not summed up."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def observe(self, seconds: float) -> None:
        """One more. A clock that was set back between makes it 0."""
        seconds = max(seconds, 0.0)
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

    def document(self) -> dict[str, Any]:
        """As it is stored."""
        return {"counts": list(self.counts), "seconds": round(self.seconds, 6)}


class Meters:
    """Safe to be told from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._first_attempt = Histogram()
        self._taken = Histogram()
        self._lease_steals = 0
        self._stale_writes = 0

    def attempted(self, *, first: float | None, taken: float | None, stale: bool) -> None:
        """One attempt is written down.

        first: seconds since the page was owed, where this is a page's first attempt. taken:
        seconds until its 2xx, where there was one. stale: the lease was lost meanwhile.
        """
        with self._lock:
            if first is not None:
                self._first_attempt.observe(first)
            if taken is not None:
                self._taken.observe(taken)
            self._stale_writes += stale

    def stole(self, leases: int) -> None:
        """So many leases of engines that are gone were taken back."""
        with self._lock:
            self._lease_steals += leases

    def document(self) -> dict[str, Any]:
        """Everything, as the engine's row holds it."""
        with self._lock:
            return {
                "first_attempt": self._first_attempt.document(),
                "taken": self._taken.document(),
                "lease_steals": self._lease_steals,
                "stale_writes": self._stale_writes,
            }
