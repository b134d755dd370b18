"""A load generator: one thread, keep-alive sockets, so cheap that it does not dominate.

Closed loop: each connection sends its next request when the answer to the last one is read.
Open loop, at a rate: requests fall due by the clock, and their latency counts from then, so that
a server that stalls is not asked less for it.
"""

import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Self

_ANSWERS_WITHIN = 15.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run came to. latencies: in ms, sorted. cpu: seconds this process used for it."""

    seconds: float
    latencies: list[float]
    statuses: Counter[int]
    cpu: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def at(self, percent: float) -> float:
        """A percentile of the latencies, in ms."""
        return self.latencies[
            min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))
        ]


@dataclass(slots=True)
class _Line:
    socket: socket.socket
    began: float = 0.0
    received: bytearray = field(default_factory=bytearray)


class Load:
    """Connections to a server, open as a context manager."""

    def __init__(self, port: int, connections: int = 16) -> None:
        self._lines = [
            _Line(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)
        ]
        self._selector = selectors.DefaultSelector()
        for line in self._lines:
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(line.socket, selectors.EVENT_READ, line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        for line in self._lines:
            line.socket.close()

    def run(
        self,
        requests: Iterator[bytes],
        *,
        seconds: float,
        rate: float | None = None,
        count: int | None = None,
    ) -> Figures:
        """Send until the time is over or so many were sent, then read what is still owed."""
        requests = islice(requests, count)
        idle = deque(self._lines)
        latencies: list[float] = []
        statuses: Counter[int] = Counter()
        cpu, start = time.process_time(), time.perf_counter()
        end, sent, ended = start + seconds, 0, start
        more = True
        while more or len(idle) < len(self._lines):
            now = time.perf_counter()
            more = more and now < end
            while more and idle and (rate is None or start + sent / rate <= now):
                request = next(requests, None)
                if request is None:
                    more = False
                    break
                line = idle.popleft()
                line.began = now if rate is None else start + sent / rate
                sent += 1
                line.socket.sendall(request)
            if not more and len(idle) == len(self._lines):
                break
            if now > end + _ANSWERS_WITHIN:
                raise RuntimeError("the server stopped answering")
            wait = 1.0 if rate is None or not idle else max(0.0, start + sent / rate - now)
            for key, _ in self._selector.select(min(wait, 1.0)):
                status = _read(key.data)
                if status:
                    ended = time.perf_counter()
                    latencies.append((ended - key.data.began) * 1000)
                    statuses[status] += 1
                    idle.append(key.data)
        latencies.sort()
        return Figures(ended - start, latencies, statuses, time.process_time() - cpu)


def _read(line: _Line) -> int:
    """Take what has come; the status once an answer is whole, 0 before."""
    chunk = line.socket.recv(65_536)
    if not chunk:
        raise RuntimeError("the server closed a connection")
    line.received += chunk
    head = line.received.find(b"\r\n\r\n")
    if head < 0:
        return 0
    lower = bytes(line.received[:head]).lower()
    at = lower.index(b"content-length:") + 15
    length = int(lower[at:].split(b"\r", 1)[0])
    if len(line.received) < head + 4 + length:
        return 0
    status = int(line.received[9:12])
    line.received.clear()
    return status
