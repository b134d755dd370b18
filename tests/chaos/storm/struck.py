"""The real application, or with `python -m` the real engine, in a process that a storm can strike.

STORM_CLOCK: a file with the seconds by which this process's clock is wrong, looked at each time.
STORM_CLAIMS: a file that is told of each claim, in the machine's time, before it begins.
STORM_DOOM: a file with the name of the point at which to die, looked at whenever one is reached;
whoever dies there leaves the name beside it.
"""

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any

import orjson

from diary.clock import SystemClock
from tests.chaos.points import POINTS, Function, doom, replace


def _set_the_clock_wrong(path: str) -> None:
    file = os.open(path, os.O_RDONLY)

    def now(_: SystemClock) -> datetime:
        wrong = float(os.pread(file, 32, 0) or 0)
        return datetime.now(UTC) + timedelta(seconds=wrong)

    setattr(SystemClock, "now", now)  # noqa: B010 - a method of the class it stands in for


def _tell_of_claims(path: str) -> None:
    # Appended by every process, a line in one write: they do not mix.
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def telling(claim: Function) -> Function:
        @wraps(claim)
        def instead(*given: Any, **named: Any) -> Any:
            began = time.time()
            claimed = claim(*given, **named)
            for one in claimed:
                line = {"at": began, "delivery": one.id, "is_page": one.is_page}
                os.write(file, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            return claimed

        return instead

    replace("diary.webhooks.queue", "claim", telling)


def _await_doom(path: str) -> None:
    file = os.open(path, os.O_RDONLY)

    def is_at(point: str) -> bool:
        is_there = os.pread(file, 32, 0).strip() == point.encode()
        if is_there:
            Path(f"{path}.met").write_text(point)
        return is_there

    for point in POINTS:
        doom(point, partial(is_at, point))


_set_the_clock_wrong(os.environ["STORM_CLOCK"])
_tell_of_claims(os.environ["STORM_CLAIMS"])
_await_doom(os.environ["STORM_DOOM"])

if __name__ == "__main__":
    from engine.__main__ import main

    sys.exit(main())

from wsgi import app  # noqa: E402 - the engine starts with it

__all__ = ["app"]
