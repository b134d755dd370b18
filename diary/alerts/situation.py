"""An alert as deciding sees it, what can happen to it, and what follows from that."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from diary.severity import Severity


class Status(StrEnum):
    """Where an alert stands."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Hours:
    """Whether the clinic's team reads answers now, and when it next begins to, if that is known."""

    staffed: bool = True
    opens_at: datetime | None = None


ALWAYS = Hours()


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: how long to wait after paging it, and how many times to page it in all (≥ 1)."""

    delay: timedelta
    rounds: int = 1


@dataclass(frozen=True, slots=True)
class Policy:
    """The rungs in order. An empty policy is exhausted from the start, and still repeats."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class State:
    """An alert, as far as deciding needs it.

    generation counts what an acknowledgement has to cover: it rises when the alert worsens.
    step is the rung last paged, round how often it was; next_action_at is None only if resolved.
    people_from: while people wait, when the policy starts over with them; webhooks never wait.
    """

    status: Status
    severity: Severity
    suicidality: int
    generation: int
    step: int
    round: int
    exhausted: bool
    next_action_at: datetime | None
    people_from: datetime | None = None

    @property
    def rank(self) -> tuple[Severity, int]:
        """What a finding must exceed to be worse."""
        return (self.severity, self.suicidality)

    @property
    def is_open(self) -> bool:
        """Whether someone still has to do something."""
        return self.status is not Status.RESOLVED


@dataclass(frozen=True, slots=True)
class Found:
    """Judging found something. policy is that of the alert's severity if this makes it worse.

    new_sign: an acute sign that this alert had not shown; it is worse then whatever its rank.
    """

    severity: Severity
    suicidality: int
    policy: Policy
    new_sign: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """next_action_at has come."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The rung just paged reaches nobody: it has no target, or every target failed twice."""


@dataclass(frozen=True, slots=True)
class Escalated:
    """A person wants the next rung now."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A person says "I have it", having seen that generation."""

    generation: int


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Whoever has that generation gives it to a colleague. It lasts no longer for that: the
    colleague has not said "I have it" yet."""

    generation: int


@dataclass(frozen=True, slots=True)
class Released:
    """Whoever has that generation has it no more."""

    generation: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """A person closes the alert."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The database came back from a backup: what was answered since is not known any more."""


Event = (
    Found
    | Due
    | Unreachable
    | Escalated
    | Acknowledged
    | HandedOver
    | Released
    | Resolved
    | Restored
)


class Reason(StrEnum):
    """Why a page goes out; it stands in the page."""

    OPENED = "opened"
    WORSENED = "worsened"
    REPEATED = "repeated"
    ESCALATED = "escalated"
    UNREACHABLE = "unreachable"
    EXHAUSTED = "exhausted"
    ACKNOWLEDGEMENT_EXPIRED = "acknowledgement-expired"
    RESTORED = "restored"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Page:
    """Page that rung of the policy in force. everyone: and whoever was told before.

    people: the persons among them too, and not the systems alone.
    """

    step: int
    reason: Reason
    everyone: bool = False
    people: bool = True


@dataclass(frozen=True, slots=True)
class Tell:
    """Let whoever was told of this alert know what became of it."""

    what: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Pages not yet sent are no longer wanted."""


Effect = Page | Tell | Withdraw


Decision = tuple[State, tuple[Effect, ...]]


class SituationChanged(Exception):
    """The event was meant for a state that is no longer there."""
