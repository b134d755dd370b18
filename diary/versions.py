"""Nobody's change is lost: a change names the version of the thing that it was made for."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, update

from diary.errors import Fault
from diary.work import Work

_LARGEST = 2**31 - 1


class Changed(Fault):
    """The thing is not as the caller believes: someone else changed it since it was read."""

    code = "precondition-failed"
    title = "It changed since it was read"


class VersionNeeded(Fault):
    """A change of something that is there, without the version that it was made for."""

    code = "precondition-required"
    title = "The version that this change was made for is needed"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a caller says of the thing that it changes; nothing, if all are False or None.

    tags: versions as text, of which one must be the present one. there: any will do, as long as
    there is one. absent: there must be none.
    """

    tags: frozenset[str] | None = None
    there: bool = False
    absent: bool = False

    def check(self, version: int | None) -> None:
        """Raises Changed, or VersionNeeded. version: the present one; None: there is no such thing.

        Without a word from the caller a thing may be made, and not changed: nothing is lost where
        nothing was.
        """
        if version is None:
            if self.tags is not None or self.there:
                raise Changed
            return
        if self.absent:
            raise Changed
        if self.tags is not None:
            if str(version) not in self.tags:
                raise Changed
        elif not self.there:
            raise VersionNeeded


def claim(work: Work, table: Table, which: ColumnElement[bool], expected: Expected | None) -> None:
    """Count a row's version up, if it is what the change was made for; raises as `check`.

    which: the row, which the caller has found. expected: None for a change that the house makes
    by itself. The version stands in the UPDATE's condition: of two changes that were made for
    one version, at most one finds it, on whatever database and at the same moment.
    """
    found = which
    if expected is not None:
        if expected.absent:
            raise Changed
        if expected.tags is not None:
            found = which & table.c.version.in_(_numbers(expected.tags))
        elif not expected.there:
            raise VersionNeeded
    changed = work.execute(update(table).where(found).values(version=table.c.version + 1))
    if not changed.rowcount:
        raise Changed


def _numbers(tags: frozenset[str]) -> list[int]:
    """The versions that these tags can be: "07" is no way to write 7."""
    return sorted(
        int(tag)
        for tag in tags
        if tag.isascii()
        and tag.isdigit()
        and len(tag) <= 10
        and str(int(tag)) == tag
        and int(tag) <= _LARGEST
    )
