"""When a failed delivery is tried again. Pure."""

from datetime import timedelta
from random import Random

# Seconds after each failed attempt. A page is retried without end while it is wanted.
PAGE = (1, 2, 5, 10, 20, 30, 60)
JITTER = 0.2
# The schedule that Standard Webhooks 1.0.0 suggests: about three days, then given up in the open.
STATE = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
# How far a receiver's Retry-After may move the next try of a page, and of anything else.
_PAGE_WAIT = 60.0
_STATE_WAIT = 86_400.0
# No page is ever told to wait longer.
LONGEST_FOR_A_PAGE = timedelta(seconds=max(_PAGE_WAIT, PAGE[-1] * (1 + JITTER)))


def next_try(
    *, is_page: bool, attempts: int, retry_after: float | None, random: Random
) -> timedelta | None:
    """How long to wait after the given number of failed attempts (≥ 1); None: give up.

    retry_after: what the receiver asked for, in seconds; it can lengthen a wait within bounds,
    never shorten it.
    """
    schedule = PAGE if is_page else STATE
    if attempts <= len(schedule):
        wait = float(schedule[attempts - 1])
    elif is_page:
        wait = float(PAGE[-1])
    else:
        return None
    if not is_page or attempts > len(schedule):
        wait *= 1 + random.uniform(-JITTER, JITTER)
    if retry_after is not None:
        wait = max(wait, min(retry_after, _PAGE_WAIT if is_page else _STATE_WAIT))
    return timedelta(seconds=wait)
