"""What is said of an operation before it is called, and what its handler may answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.limits import ByRequest, Rate
from diary.access.permissions import Scope
from diary.errors import Fault
from diary.work import House
from schemas.base import Body, Query, View

Handler = Callable[..., Any]
Before = Callable[[House, Any], Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler returns to choose its own status or headers. value None: no body."""

    value: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal whose transaction COMMITS, where a fault that is raised rolls back.

    extra: members that join the problem document.
    """

    fault: Fault
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The declaration: everything that is known of an operation before it is called."""

    name: str
    summary: str
    description: str
    scope: Scope | None
    body: Body | None
    any_body: bool
    hears: Body | None
    form: bool
    query: Query | None
    returns: View | None
    status: int
    also: tuple[int, ...]
    raises: tuple[type[Fault], ...]
    write: bool
    own_work: bool
    html: bool
    lines: bool
    max_body: int
    versioned: bool
    idempotent: bool
    rate: Rate | ByRequest
    deprecated: bool
    step_up: bool

    @property
    def needs_version(self) -> bool:
        """Whether a caller must say which version it changes."""
        return self.versioned and self.name.startswith(("put", "patch", "delete"))

    @property
    def shows_version(self) -> bool:
        """Whether its answers carry an ETag. Not a PUT's: RFC 9110, 9.3.4 keeps that for what was
        stored as it was sent."""
        return self.versioned and not self.needs_version
