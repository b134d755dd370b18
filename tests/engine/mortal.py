"""Processes that die around a commit, for the machine of `model`."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from diary.database import Database
from diary.isolation import Bounds


class Died(BaseException):
    """A process ended here, as `kill -9` ends it."""


class Mortal(Database):
    """Where a process can be doomed: to die at the end of one of the next transactions it writes,
    committed or not."""

    doomed_in: int | None = None
    committed = False

    @contextmanager
    def transaction(self, *, write: bool, bounds: Bounds) -> Iterator[Connection]:
        is_last = write and self.doomed_in == 0
        if write and self.doomed_in is not None:
            self.doomed_in = None if is_last else self.doomed_in - 1
        with super().transaction(write=write, bounds=bounds) as connection:
            yield connection
            if is_last and not self.committed:
                raise Died
        if is_last:
            raise Died
