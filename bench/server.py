"""The real server: granian, two processes before PostgreSQL, one before SQLite."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from diary.settings import PREFIX, Settings

HOST: Final = "127.0.0.1"
ROOT: Final = Path(__file__).parent.parent
_STARTS_WITHIN = 30.0
_ENDS_WITHIN = 10.0


@contextmanager
def serving(settings: Settings, *, app: str = "wsgi:app") -> Iterator[int]:
    """Serve as it is deployed for as long as the block lasts; the port."""
    sqlite = settings.database_url.startswith("sqlite")
    workers, threads = ("1", "8") if sqlite else ("2", "4")
    port = free_port()
    env = environment(settings)
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST]
    command += ["--port", str(port), "--workers", workers, "--blocking-threads", threads]
    with subprocess.Popen(
        [*command, app],
        cwd=ROOT,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            _wait_until_ready(server, port)
            yield port
        finally:
            _end(server)


def _end(server: "subprocess.Popen[bytes]") -> None:
    """Ask it to end, and where it does not, as whoever runs it would: with all its processes."""
    server.terminate()
    try:
        server.wait(_ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)


def environment(settings: Settings) -> dict[str, str]:
    """What a process of this installation finds in its environment."""
    given = {
        "DATABASE_URL": settings.database_url,
        "MASTER_KEY": settings.master_key.get_secret_value(),
        "PUBLIC_URL": str(settings.public_url),
        "POOL_SIZE": "16",
        "RATE_FACTOR": "0",  # one address sends it all
        "WEBHOOK_ALLOW_HTTP": "true",
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    return os.environ | {PREFIX + name: value for name, value in given.items()}


def free_port() -> int:
    """One that nobody listens at now."""
    with socket.create_server((HOST, 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _wait_until_ready(server: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while server.poll() is None and time.monotonic() < until:
        with (
            suppress(OSError, HTTPException),
            closing(HTTPConnection(HOST, port, timeout=1)) as asked,
        ):
            asked.request("GET", "/health/ready")
            with asked.getresponse() as answer:
                if answer.status == 200:
                    return
        time.sleep(0.05)
    raise RuntimeError("the server did not start")
