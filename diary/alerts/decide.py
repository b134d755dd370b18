"""The whole escalation policy as one pure function: state and event in, state and effects out.

Level-triggered: an alert that is not resolved always has a `next_action_at`, so silence cannot be
expressed. Nothing here reads a clock or a database; everything else only carries effects out.

Severity and suicidality never fall while an alert is open, and only a person resolves it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from diary.severity import Severity


class Status(StrEnum):
    """Where an alert stands."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


# How long one acknowledgement holds before the alert comes back.
ACKNOWLEDGEMENT_HOLDS = {
    Severity.CRITICAL: timedelta(minutes=15),
    Severity.HIGH: timedelta(minutes=60),
    Severity.MODERATE: timedelta(hours=24),
    Severity.LOW: timedelta(days=7),
}
# How often the clinic is paged, for ever, once the policy is used up.
EXHAUSTED_REPEAT = {
    Severity.CRITICAL: timedelta(minutes=5),
    Severity.HIGH: timedelta(minutes=5),
    Severity.MODERATE: timedelta(hours=24),
    Severity.LOW: timedelta(hours=24),
}
# Shown with the alert: by when someone should have it, and should have spoken to the patient.
SHOULD_ACKNOWLEDGE_WITHIN = {
    Severity.CRITICAL: timedelta(minutes=15),
    Severity.HIGH: timedelta(hours=1),
    Severity.MODERATE: timedelta(hours=24),
    Severity.LOW: timedelta(days=7),
}
SHOULD_CONTACT_WITHIN = {
    Severity.CRITICAL: timedelta(hours=1),
    Severity.HIGH: timedelta(hours=24),
    Severity.MODERATE: timedelta(hours=48),
    Severity.LOW: timedelta(days=14),
}


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
    """

    status: Status
    severity: Severity
    suicidality: int
    generation: int
    step: int
    round: int
    exhausted: bool
    next_action_at: datetime | None

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


Event = Found | Due | Unreachable | Escalated | Acknowledged | HandedOver | Released | Resolved


class Reason(StrEnum):
    """Why a page goes out; it stands in the page."""

    OPENED = "opened"
    WORSENED = "worsened"
    REPEATED = "repeated"
    ESCALATED = "escalated"
    UNREACHABLE = "unreachable"
    EXHAUSTED = "exhausted"
    ACKNOWLEDGEMENT_EXPIRED = "acknowledgement-expired"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Page:
    """Page that rung of the policy in force. everyone: and whoever was told before."""

    step: int
    reason: Reason
    everyone: bool = False


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


def decide(state: State | None, event: Event, now: datetime, policy: Policy) -> Decision:
    """What an event makes of an alert. policy: the one stamped on it; None state: no open alert."""
    if state is None:
        if isinstance(event, Found):
            return _opened(event, now)
        raise SituationChanged
    if not state.is_open:
        raise SituationChanged
    match event:
        case Found():
            return _found(state, event, now)
        case Due() if state.status is Status.ACKNOWLEDGED:
            back = replace(state, status=Status.TRIGGERED)
            return _restarted(back, policy, now, Reason.ACKNOWLEDGEMENT_EXPIRED)
        case Due():
            return _due(state, policy, now)
        case Unreachable() if state.status is Status.TRIGGERED and not state.exhausted:
            return _climbed(state, policy, now, Reason.UNREACHABLE)
        case Unreachable():
            return state, ()
        case Escalated():
            # Whoever has it asks for more hands: it is open again until one of them has it.
            return _climbed(replace(state, status=Status.TRIGGERED), policy, now, Reason.ESCALATED)
        case Acknowledged():
            return _acknowledged(state, event, now)
        case HandedOver():
            _check_held(state, event.generation)
            return state, (Tell("alert.acknowledged"),)
        case Released():
            return _released(state, event, now, policy)
        case Resolved():
            resolved = replace(state, status=Status.RESOLVED, next_action_at=None)
            return resolved, (Withdraw(), Tell("alert.resolved"))


def _opened(event: Found, now: datetime) -> Decision:
    state = State(
        status=Status.TRIGGERED,
        severity=event.severity,
        suicidality=event.suicidality,
        generation=1,
        step=0,
        round=1,
        exhausted=False,
        next_action_at=now,
    )
    return _restarted(state, event.policy, now, Reason.OPENED)


def _found(state: State, event: Found, now: datetime) -> Decision:
    if (event.severity, event.suicidality) <= state.rank and not event.new_sign:
        return state, (Tell("alert.updated"),)
    worse = replace(
        state,
        status=Status.TRIGGERED,
        severity=max(state.severity, event.severity),
        suicidality=max(state.suicidality, event.suicidality),
        generation=state.generation + 1,
    )
    return _restarted(worse, event.policy, now, Reason.WORSENED)


def _restarted(state: State, policy: Policy, now: datetime, reason: Reason) -> Decision:
    """From the first rung, with everyone who knows of the alert."""
    everyone = reason is not Reason.OPENED
    if not policy.steps:
        return _repeat_for_ever(replace(state, step=0, round=1), now, reason, everyone)
    paged = replace(
        state,
        step=0,
        round=1,
        exhausted=False,
        next_action_at=now + policy.steps[0].delay,
    )
    return paged, (Page(0, reason, everyone),)


def _due(state: State, policy: Policy, now: datetime) -> Decision:
    if state.exhausted:
        return _repeat_for_ever(state, now, Reason.REPEATED, everyone=False)
    if state.step < len(policy.steps) and state.round < policy.steps[state.step].rounds:
        step = policy.steps[state.step]
        again = replace(state, round=state.round + 1, next_action_at=now + step.delay)
        return again, (Page(state.step, Reason.REPEATED),)
    return _climbed(state, policy, now, Reason.ESCALATED)


def _climbed(state: State, policy: Policy, now: datetime, reason: Reason) -> Decision:
    following = state.step + 1
    if state.exhausted or following >= len(policy.steps):
        if state.exhausted:
            return _repeat_for_ever(state, now, reason, everyone=True)
        return _repeat_for_ever(state, now, Reason.EXHAUSTED, everyone=True)
    up = replace(
        state,
        step=following,
        round=1,
        next_action_at=now + policy.steps[following].delay,
    )
    return up, (Page(following, reason),)


def _repeat_for_ever(state: State, now: datetime, reason: Reason, everyone: bool) -> Decision:
    waiting = replace(state, exhausted=True, next_action_at=now + EXHAUSTED_REPEAT[state.severity])
    return waiting, (Page(state.step, reason, everyone),)


def _acknowledged(state: State, event: Acknowledged, now: datetime) -> Decision:
    if event.generation != state.generation:
        raise SituationChanged
    held = replace(
        state,
        status=Status.ACKNOWLEDGED,
        next_action_at=now + ACKNOWLEDGEMENT_HOLDS[state.severity],
    )
    return held, (Withdraw(), Tell("alert.acknowledged"))


def _released(state: State, event: Released, now: datetime, policy: Policy) -> Decision:
    """Back to the rung where it stood, paged at once, with everyone who believes it is held."""
    _check_held(state, event.generation)
    back = replace(state, status=Status.TRIGGERED)
    if state.exhausted or state.step >= len(policy.steps):
        return _repeat_for_ever(back, now, Reason.RELEASED, everyone=True)
    paged = replace(back, next_action_at=now + policy.steps[state.step].delay)
    return paged, (Page(state.step, Reason.RELEASED, everyone=True),)


def _check_held(state: State, generation: int) -> None:
    if state.status is not Status.ACKNOWLEDGED or generation != state.generation:
        raise SituationChanged
