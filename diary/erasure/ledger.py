"""The erasure ledger: a file outside the database, which a restored backup does not take back.

A line is appended before an erasure commits (`begun`) and another once it has (`done`), each on the
disk before anything else happens. What was begun and never ended was not answered 2xx; the database
says what became of it (`undone`, or `done` after all). A disk that hangs is given up after seconds:
a line that lands late does no harm.
"""

import hmac
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any, Self, TypeVar
from uuid import UUID

import orjson
from filelock import FileLock, Timeout

from diary.erasure.errors import NoErasureLedger
from diary.errors import Busy
from diary.vault import Vault
from diary.work import House

BEGUN, DONE, UNDONE = "begun", "done", "undone"
_UNSET = "The operator must set INTERLUDE_ERASURE_LEDGER to a file that outlives a restore."
_UNWRITABLE = "The file of INTERLUDE_ERASURE_LEDGER cannot be read and written."
_FOR_OWNER = 0o600
# Seconds: for whoever else writes, and for the disk.
_WAIT = 5
_DEADLINE = 2
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure, of one patient. id: of the attempt."""

    id: UUID
    clinic_id: UUID
    patient_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Read:
    """What ledgers say. broken: lines that are torn, or not of this installation."""

    done: tuple[Erasure, ...]
    cut_off: tuple[Erasure, ...]
    broken: int


class Ledger:
    """The ledger of this process, which others on the same machine may share."""

    def __init__(self, path: Path, vault: Vault) -> None:
        self._path = path
        self._vault = vault
        # Whole lines only, whoever else writes. Whoever has it may take it again.
        self._lock = FileLock(f"{path}.lock", timeout=_WAIT)

    @classmethod
    def of(cls, house: House) -> Self:
        """The one that the settings name; raises NoErasureLedger."""
        if house.settings.erasure_ledger is None:
            raise NoErasureLedger(_UNSET)
        return cls(house.settings.erasure_ledger, house.vault)

    @contextmanager
    def held(self) -> Iterator[Self]:
        """Keep everybody else from it, once it has shown that it can be written.

        All that may take long is done here: never begin it within a transaction, which on SQLite
        keeps every other writer waiting. Raises NoErasureLedger; Busy where others do not let go.
        """
        try:
            # First: the lock lies on the same disk, and would make a folder that is missing.
            _in_time(partial(_append, self._path, b""))
            self._lock.acquire()
        except Timeout:
            raise Busy from None
        except OSError:
            raise NoErasureLedger(_UNWRITABLE) from None
        try:
            yield self
        finally:
            self._lock.release()

    def write(self, state: str, erasure: Erasure) -> None:
        """Append a line; it is on the disk when this returns. Raises NoErasureLedger."""
        said: dict[str, Any] = {
            "erasure": str(erasure.id),
            "state": state,
            "clinic": str(erasure.clinic_id),
            "patient": str(erasure.patient_id),
            "at": erasure.at.isoformat(),
        }
        line = orjson.dumps(said | {"mac": _mac(self._vault, said)}) + b"\n"
        try:
            with self._lock:
                _in_time(partial(_append, self._path, line))
        except OSError:
            raise NoErasureLedger(_UNWRITABLE) from None

    def read(self) -> Read:
        """What it says; nothing where there is no file yet. Raises NoErasureLedger."""
        try:
            return _in_time(self._read)
        except OSError:
            raise NoErasureLedger(_UNWRITABLE) from None

    def _read(self) -> Read:
        _require_folder(self._path)
        return read((self._path,) if self._path.exists() else (), self._vault)


def read(paths: Iterable[Path], vault: Vault) -> Read:
    """What several ledgers say together; raises OSError for one that cannot be read."""
    begun: dict[UUID, Erasure] = {}
    ended: dict[UUID, bool] = {}
    broken = 0
    for path in paths:
        for line in path.read_bytes().splitlines():
            try:
                state, erasure = _parsed(line, vault)
            except (ValueError, KeyError, TypeError, AttributeError):
                broken += bool(line)
                continue
            begun[erasure.id] = erasure
            if state != BEGUN:
                # Once done it is done, whatever a second look thought.
                ended[erasure.id] = state == DONE or ended.get(erasure.id, False)
    return Read(
        done=tuple(each for each in begun.values() if ended.get(each.id)),
        cut_off=tuple(each for each in begun.values() if each.id not in ended),
        broken=broken,
    )


def _parsed(line: bytes, vault: Vault) -> tuple[str, Erasure]:
    said = orjson.loads(line)
    given = said.pop("mac")
    if not hmac.compare_digest(given, _mac(vault, said)):
        raise ValueError("not a line of ours")
    return said["state"], Erasure(
        id=UUID(said["erasure"]),
        clinic_id=UUID(said["clinic"]),
        patient_id=UUID(said["patient"]),
        at=datetime.fromisoformat(said["at"]),
    )


def _mac(vault: Vault, said: dict[str, Any]) -> str:
    written = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    return hmac.new(vault.key("erasure ledger"), written, sha256).hexdigest()


def _require_folder(path: Path) -> None:
    """It is never made: one that is missing is a disk that is not mounted."""
    if not path.parent.is_dir():
        raise FileNotFoundError


def _in_time(touch: Callable[[], _Found]) -> _Found:
    """Touch the disk, and raise TimeoutError, an OSError, where it does not answer.

    What hangs goes on alone, with a descriptor of its own: nothing it wrote into can be another
    file by then.
    """
    ended: Future[_Found] = Future()

    def run() -> None:
        try:
            ended.set_result(touch())
        except Exception as error:
            ended.set_exception(error)

    Thread(target=run, name="erasure ledger", daemon=True).start()
    return ended.result(_DEADLINE)


def _append(path: Path, line: bytes) -> None:
    """Append a line; an empty one only shows that it could be."""
    _require_folder(path)
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, _FOR_OWNER)
    try:
        size = os.fstat(descriptor).st_size
        # After a line that a crash tore, this one must not be read as its end.
        if line and size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        while line:
            line = line[os.write(descriptor, line) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """A new file's name is on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
