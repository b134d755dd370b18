"""Where the CPU time of a calm check-in goes, in this process and without a server before it.

The thread's own CPU clock is read around every call into the database: what lies inside is the
database's share (SQLAlchemy, the driver and, on SQLite, the database itself), all else is ours.
"""

import io
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, event
from sqlalchemy.engine.default import DefaultDialect

from api.app import create_app
from bench.people import TRIVIAL, put
from bench.stand import Stand
from diary.database import Database
from diary.isolation import Bounds
from diary.work import Work
from tests.cast import CALM

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of CPU a request: ours, SQLAlchemy's, the driver's; all of a trivial route."""

    application: float
    sqlalchemy: float
    driver: float
    trivial: float


class _Meter:
    """CPU time inside the calls it wraps, in ns; a call within a call counts once."""

    def __init__(self) -> None:
        self.spent = 0
        self._depth = 0
        self._began = 0

    def enter(self) -> None:
        if not self._depth:
            self._began = time.thread_time_ns()
        self._depth += 1

    def leave(self) -> None:
        self._depth -= 1
        if not self._depth:
            self.spent += time.thread_time_ns() - self._began

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def metered(*given: Any, **more: Any) -> Any:
            self.enter()
            try:
                return call(*given, **more)
            finally:
                self.leave()

        return metered


def measure(stand: Stand, batches: int = 20) -> Cost:
    """The cheapest batch of a few hundred: what else the machine does only ever adds."""
    app = create_app(stand.house)
    requests = _environments(put(stand.token(stand.phones[0]), CALM))
    for _ in range(_BATCH):
        _send(app, next(requests))
    costs = []
    trivial = next(_environments(iter([TRIVIAL])))
    with _metered() as (database, driver):
        for _ in range(batches):
            waiting = [next(requests) for _ in range(_BATCH)]
            database.spent = driver.spent = 0
            start = time.thread_time_ns()
            for environment in waiting:
                _send(app, environment)
            total = time.thread_time_ns() - start
            parts = (total - database.spent, database.spent - driver.spent, driver.spent)
            start = time.thread_time_ns()
            for _ in range(_BATCH):
                _send(app, dict(trivial), "200")
            trivially = time.thread_time_ns() - start
            costs.append([part / 1000 / _BATCH for part in (*parts, trivially)])
    return Cost(*(min(column) for column in zip(*costs, strict=True)))


def sender(stand: Stand) -> Callable[[], None]:
    """Something that sends one calm check-in through the whole application when called."""
    app = create_app(stand.house)
    requests = _environments(put(stand.token(stand.phones[0]), CALM))
    return lambda: _send(app, next(requests))


def _send(app: Any, environment: dict[str, Any], expected: str = "201") -> None:
    answered: list[str] = []
    parts = app(environment, lambda status, headers, info=None: answered.append(status))
    b"".join(parts)
    assert answered[0].startswith(expected), answered


def _environments(requests: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """The WSGI environment that granian would make of each request."""
    for request in requests:
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {
            name.upper().replace("-", "_"): value
            for name, _, value in (line.partition(": ") for line in lines)
        }
        length, kind = headers.pop("CONTENT_LENGTH", ""), headers.pop("CONTENT_TYPE", "")
        yield {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": length,
            "CONTENT_TYPE": kind,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **{f"HTTP_{name}": value for name, value in headers.items()},
        }


@contextmanager
def _metered() -> Iterator[tuple[_Meter, _Meter]]:
    database, driver = _Meter(), _Meter()
    calls: list[tuple[type, str, Any]] = [
        (kind, name, getattr(kind, name))
        for kind, names in (
            (Work, ("row", "rows", "execute", "flush")),
            (Connection, ("execute",)),
            (CursorResult, ("one_or_none", "first")),
        )
        for name in names
    ]
    for kind, name, call in calls:
        setattr(kind, name, database.around(call))
    transaction = Database.transaction

    @contextmanager
    def metered(self: Database, *, write: bool, bounds: Bounds) -> Iterator[Any]:
        began = transaction(self, write=write, bounds=bounds)
        connection = database.around(began.__enter__)()
        try:
            yield connection
        except BaseException as error:
            if not began.__exit__(type(error), error, error.__traceback__):
                raise
        else:
            database.around(began.__exit__)(None, None, None)

    Database.transaction = metered  # type: ignore[method-assign]

    def before(*_: Any) -> None:
        driver.enter()

    def after(*_: Any) -> None:
        driver.leave()

    commit = DefaultDialect.do_commit
    DefaultDialect.do_commit = driver.around(commit)  # type: ignore[method-assign]
    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield database, driver
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "after_cursor_execute", after)
        DefaultDialect.do_commit = commit  # type: ignore[method-assign]
        Database.transaction = transaction  # type: ignore[method-assign]
        for kind, name, call in calls:
            setattr(kind, name, call)
