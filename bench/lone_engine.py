"""`python -m bench.lone_engine`: an engine alone in a process, on either database.

The product runs one so on PostgreSQL (`python -m engine`); on SQLite this is only measured. It
prints its id when it begins and ends when its stdin does.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import psutil

from bench.server import ROOT, environment
from diary.house import open_house, serve_alone
from diary.logs import configure
from diary.settings import Settings, load_settings
from engine.loop import Engine


@contextmanager
def running(settings: Settings) -> Iterator["subprocess.Popen[str]"]:
    """An engine for as long as the block lasts; it may be killed within it."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.lone_engine"],
        cwd=ROOT,
        env=environment(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "running\n"
            yield process
        finally:
            if process.stdin:
                process.stdin.close()


def cpu_seconds(process: "subprocess.Popen[str]") -> float:
    """What a process has used of the cores so far."""
    used = psutil.Process(process.pid).cpu_times()
    return float(used.user + used.system)


def is_connected(process: "subprocess.Popen[str]", port: int) -> bool:
    """Whether it has a connection to that port."""
    connections = psutil.Process(process.pid).net_connections("tcp")
    # A listening one has no other end.
    return any(getattr(each.raddr, "port", None) == port for each in connections)


def main() -> None:
    """Run until stdin ends."""
    settings = load_settings()
    configure(settings.log_level)
    house = open_house(settings)
    alone = serve_alone(house)
    engine = Engine(house)

    def wait() -> None:
        sys.stdin.read()
        engine.stop()

    Thread(target=wait, daemon=True).start()
    print("running", flush=True)
    asyncio.run(engine.run(alone=alone is not None))


if __name__ == "__main__":
    main()
