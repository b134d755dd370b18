"""How soon a page leaves: from the commit of a risk answer to the first byte at the receiver."""

import random
import time
from collections.abc import Iterator, Sequence
from queue import Empty, Queue

from bench.checkins import Line
from bench.load import Load
from bench.people import RISK, in_turn
from bench.stand import Stand
from tests.cast import CALM

ALERTS = 240
_ARRIVES_WITHIN = 5.0


def first_byte(stand: Stand, port: int, arrivals: "Queue[float]") -> Iterator[Line]:
    """One alert at a time, with pauses that keep no step with the engine's poll.

    The commit lies between sending the PUT and having read its answer; both intervals are given,
    and the truth lies between them.
    """
    sent_to, answered_to = _intervals(stand, port, arrivals)
    yield "PUT's answer read → first byte", said(answered_to)
    yield "PUT sent → first byte", said(sent_to)


def wait_for_bytes(stand: Stand, port: int, arrivals: "Queue[float]") -> list[float]:
    """The milliseconds from each PUT's answer to the first byte of its page."""
    return _intervals(stand, port, arrivals)[1]


def said(found: Sequence[float]) -> str:
    """The percentiles of some milliseconds."""
    ordered = sorted(found)
    p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms over {len(ordered)}"


def _intervals(
    stand: Stand, port: int, arrivals: "Queue[float]"
) -> tuple[list[float], list[float]]:
    """From the PUT sent, and from its answer read."""
    sent_to: list[float] = []
    answered_to: list[float] = []
    with Load(port, connections=1) as load:
        load.run(in_turn(stand, CALM), seconds=10, count=50)
        stand.resolve_alerts()
        requests = in_turn(stand, RISK)
        for number in range(ALERTS):
            if number and number % len(stand.phones) == 0:
                stand.resolve_alerts()
            time.sleep(random.uniform(0.02, 0.08))
            _empty(arrivals)
            sent = time.monotonic()
            load.run(requests, seconds=10, count=1)
            answered = time.monotonic()
            arrived = arrivals.get(timeout=_ARRIVES_WITHIN)
            sent_to.append((arrived - sent) * 1000)
            answered_to.append((arrived - answered) * 1000)
    stand.resolve_alerts()
    return sent_to, answered_to


def _empty(arrivals: "Queue[float]") -> None:
    try:
        while True:
            arrivals.get_nowait()
    except Empty:
        return
