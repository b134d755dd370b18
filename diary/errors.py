"""What can go wrong, in the house's own words; `api/problems.py` gives each kind its status.

Each class below is one kind of refusal. Slices subclass a kind and name their own `code`, which is
stable, documented in docs/errors.md and the last part of the problem's `type`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One fault in what was sent: a JSON pointer, a stable code and a sentence. Never the value."""

    pointer: str
    code: str
    detail: str


_AT_MOST = 100


def limited(faults: Iterable[FieldFault]) -> tuple[FieldFault, ...]:
    """The first hundred, and that there are more: a hostile body buys none for each field."""
    first = tuple(islice(faults, _AT_MOST + 1))
    if len(first) <= _AT_MOST:
        return first
    return (*first[:_AT_MOST], FieldFault("", "too_many", "and more: these are the first"))


class Fault(Exception):
    """A refusal that the caller is told about. `extra` members join the problem document."""

    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldFault] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(self.code)
        self.detail = detail
        self.errors = tuple(errors)
        self.extra = dict(extra or {})


class Malformed(Fault):
    """The request cannot be read at all."""

    code = "malformed"
    title = "The request could not be read"


class Unauthenticated(Fault):
    """No caller, or none that can be believed. One answer for unknown, wrong and expired."""

    code = "unauthenticated"
    title = "A valid access token is needed"


class Forbidden(Fault):
    """A known caller without the permission, within its own clinic."""

    code = "forbidden"
    title = "Your role does not allow this"


class NotFound(Fault):
    """Absent, or another clinic's or patient's: the two cannot be told apart."""

    code = "not-found"
    title = "There is nothing here for you"


class Conflict(Fault):
    """The request cannot be carried out in the present state."""

    code = "conflict"
    title = "This cannot be done now"


class Invalid(Fault):
    """The request was read, and some of its fields are not acceptable."""

    code = "invalid"
    title = "Some fields are not acceptable"


class BadPeriod(Invalid):
    """A period that ends before it begins, or is longer than a year."""

    code = "bad-period"
    title = "This period cannot be looked at"


class TooMany(Fault):
    """More than is taken in a span of time. wait: until the next is."""

    code = "too-many"
    title = "Too many requests"

    def __init__(self, wait: timedelta) -> None:
        super().__init__()
        self.wait = wait


class StorageFull(Fault):
    """There is no room to keep anything; what was kept can be read."""

    code = "storage-full"
    title = "Nothing can be kept at present; this was not"


class Busy(Fault):
    """No answer in time; the same request can be sent again in a moment."""

    code = "busy"
    title = "Busy: send the same request again"
