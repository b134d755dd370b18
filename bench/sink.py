"""A webhook receiver that answers 204 and tells when the first byte of each request arrived.

`python -m bench.sink [hangs|first-hangs]`: prints its port, then a line a request, CLOCK_MONOTONIC
in nanoseconds. It ends when its stdin does. hangs: it takes everything and answers nothing.
first-hangs: it answers a message only when it comes again.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Queue
from threading import Thread

from bench.server import HOST, ROOT

_ANSWER = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


class _Request(asyncio.Protocol):
    def __init__(self, mode: str, seen: set[bytes]) -> None:
        self._received = b""
        self._mode = mode
        self._seen = seen

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        if not self._received:
            print(now, flush=True)
        self._received += data
        head, mark, body = self._received.partition(b"\r\n\r\n")
        if not mark:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
        if len(body) >= length:
            self._received = b""
            if self._answers(head):
                self._transport.write(_ANSWER)

    def _answers(self, head: bytes) -> bool:
        name = head.lower().partition(b"webhook-id:")[2].partition(b"\r")[0]
        again = name in self._seen
        if self._mode == "first-hangs":
            self._seen.add(name)
        return self._mode == "answers" or (again and self._mode == "first-hangs")


@contextmanager
def listening(mode: str = "answers") -> Iterator[tuple[str, "Queue[float]"]]:
    """A sink for as long as the block lasts: its URL, and the moments of arrival in seconds."""
    arrivals: Queue[float] = Queue()
    with subprocess.Popen(
        [sys.executable, "-m", "bench.sink", mode],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        lines = process.stdout
        assert lines

        def listen() -> None:
            for line in lines:
                arrivals.put(int(line) / 1e9)

        port = int(lines.readline())
        Thread(target=listen, daemon=True).start()
        try:
            yield f"http://{HOST}:{port}/hook", arrivals
        finally:
            process.stdin.close()


async def _serve(mode: str) -> None:
    loop = asyncio.get_running_loop()
    seen: set[bytes] = set()
    server = await loop.create_server(lambda: _Request(mode, seen), HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    with suppress(asyncio.CancelledError):
        await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
