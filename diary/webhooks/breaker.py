"""When an endpoint that keeps failing is spared, and how it is tried again. Pure.

Pages are never spared: they keep their own schedule whatever the endpoint did before. What else is
owed waits for short spans and is then tried one at a time, until one arrives.
"""

from datetime import datetime, timedelta

# Failures in a row from which on it is spared.
FAILURES = 5
# Seconds after that failure and each later one.
_SPANS = (1, 2, 5, 10, 20, 30, 60)
LONGEST = timedelta(seconds=_SPANS[-1])


def spared_for(failures: int) -> timedelta | None:
    """How long after that many failures in a row nothing but pages is sent; None: not at all."""
    if failures < FAILURES:
        return None
    return timedelta(seconds=_SPANS[min(failures - FAILURES, len(_SPANS) - 1)])


def is_spared(blocked_until: datetime | None, now: datetime) -> bool:
    """Whether that moment is still ahead. One further ahead than any span is a clock set back."""
    return blocked_until is not None and now < blocked_until <= now + LONGEST


def room_for_events(
    room: int, *, failures: int, blocked_until: datetime | None, in_flight: int, now: datetime
) -> int:
    """How many that are no pages may be sent now. room: of the endpoint; in_flight: of them."""
    if failures < FAILURES:
        return room
    if is_spared(blocked_until, now):
        return 0
    return min(room, max(0, 1 - in_flight))
