"""The same rows written by hand at the same durability: what the databases can do at most.

`python -m bench.raw URL SECONDS`: connect, say so, and when told to, write one check-in with its
audit row a transaction until the time is over; print how many. Nothing is read, judged or checked.
"""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from bench.server import ROOT
from diary.database import safe_sqlite
from diary.ids import new_id


@dataclass(frozen=True)
class _Table:
    """A table's columns, one of its rows, and which of its columns are new in every copy."""

    name: str
    columns: list[str]
    sample: list[Any]

    def insert(self, mark: str) -> str:
        marks = ", ".join([mark] * len(self.columns))
        return f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES ({marks})"

    def copy(self, **new: Any) -> list[Any]:
        return [new.get(name, old) for name, old in zip(self.columns, self.sample, strict=True)]


def rate(url: str, seconds: float) -> float:
    """Transactions a second of as many writers as the database takes gladly."""
    command = [sys.executable, "-m", "bench.raw", url, str(seconds)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        writers: list[tuple[Any, Any]] = []
        for _ in range(1 if url.startswith("sqlite") else 4):
            process = stack.enter_context(subprocess.Popen(command, cwd=ROOT, **pipes))
            writers.append((process.stdin, process.stdout))
        for _, told in writers:
            assert told.readline() == "ready\n"
        for order, _ in writers:
            order.write("go\n")
            order.flush()
        return sum(int(told.readline()) for _, told in writers) / seconds


def fill(url: str, patient_id: UUID, days: int) -> None:
    """Give a patient a diary of so many days, a check-in a day."""
    connection, check_ins, _ = _open(url)
    sqlite = url.startswith("sqlite")
    mark = "?" if sqlite else "%s"
    at = check_ins.sample[check_ins.columns.index("recorded_at")]
    rows = []
    for day in range(days, 0, -1):
        before = _days_before(at, day)
        rows.append(
            check_ins.copy(
                id=_id(uuid4(), sqlite),
                patient_id=_id(patient_id, sqlite),
                recorded_at=before,
                local_date=before[:10] if isinstance(before, str) else before.date(),
            )
        )
    connection.execute("BEGIN")
    connection.cursor().executemany(check_ins.insert(mark), rows)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.close()


def _days_before(at: Any, days: int) -> Any:
    if isinstance(at, str):
        return (datetime.fromisoformat(at) - timedelta(days=days)).isoformat(" ")
    return at - timedelta(days=days)


def _id(value: UUID, sqlite: bool) -> Any:
    return value.hex if sqlite else value


def _open(url: str) -> tuple[Any, _Table, _Table]:
    if url.startswith("sqlite"):
        connection = safe_sqlite().connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in ("busy_timeout=5000", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
    else:
        plain = url.replace("postgresql+psycopg", "postgresql")
        connection = psycopg.connect(plain, autocommit=True)
    check_ins = _table(connection, "check_ins", "severity IS NULL")
    audit = _table(connection, "audit_events", "action = 'check-in.recorded'")
    return connection, check_ins, audit


def _table(connection: Any, name: str, where: str) -> _Table:
    found = connection.execute(f"SELECT * FROM {name} WHERE {where} LIMIT 1")
    row = [Jsonb(value) if isinstance(value, dict) else value for value in found.fetchone()]
    return _Table(name, [column[0] for column in found.description], row)


def _writer(url: str) -> Callable[[], None]:
    connection, check_ins, audit = _open(url)
    sqlite = url.startswith("sqlite")
    phones = connection.execute("SELECT patient_id, id FROM devices").fetchall()

    def rows() -> Iterator[list[Any]]:
        patient, device = random.choice(phones)
        check_in, event = uuid4(), new_id()
        yield check_ins.copy(id=_id(check_in, sqlite), patient_id=patient, device_id=device)
        # With a place, though in no chain: the engine beside must not seal them.
        place = {"sequence": -random.getrandbits(62), "link": None}
        ids = {"id": _id(event, sqlite), "subject_id": _id(check_in, sqlite), "actor_id": device}
        yield audit.copy(**ids, **place)

    if sqlite:
        statements = [check_ins.insert("?"), audit.insert("?")]

        def write() -> None:
            connection.execute("BEGIN IMMEDIATE")
            for statement, row in zip(statements, rows(), strict=True):
                connection.execute(statement, row)
            connection.execute("COMMIT")
    else:
        statement = f"WITH c AS ({check_ins.insert('%s')}) {audit.insert('%s')}"
        cursor = connection.cursor()

        def write() -> None:
            first, second = rows()
            cursor.execute(statement, first + second, prepare=True)

    return write


def main(arguments: Sequence[str]) -> None:
    """Be one writer."""
    url, seconds = arguments
    write = _writer(url)
    print("ready", flush=True)
    sys.stdin.readline()
    until, count = time.perf_counter() + float(seconds), 0
    while time.perf_counter() < until:
        write()
        count += 1
    print(count, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
