"""The whole escalation policy as one pure function: state and event in, state and effects out.

Level-triggered: an alert that is not resolved always has a `next_action_at`, so silence cannot be
expressed. Nothing here reads a clock or a database; everything else only carries effects out.

Severity and suicidality never fall while an alert is open, and only a person resolves it.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from diary.alerts.situation import (
    ALWAYS,
    Acknowledged,
    Decision,
    Due,
    Escalated,
    Event,
    Found,
    HandedOver,
    Hours,
    Page,
    Policy,
    Reason,
    Released,
    Resolved,
    Restored,
    SituationChanged,
    State,
    Status,
    Tell,
    Unreachable,
    Withdraw,
)
from diary.severity import Severity

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


# The people of a moderate alert wait for staffed hours, and never longer than this.
PEOPLE_WAIT = timedelta(hours=24)


def decide(
    state: State | None, event: Event, now: datetime, policy: Policy, hours: Hours = ALWAYS
) -> Decision:
    """What an event makes of an alert. policy: the one stamped on it; None state: no open alert.

    hours: the clinic's, which only the people of a moderate alert wait for.
    """
    if state is None:
        if isinstance(event, Found):
            return _opened(event, now, hours)
        raise SituationChanged
    if not state.is_open:
        raise SituationChanged
    match event:
        case Found():
            return _found(state, event, now, hours)
        case Due() if state.status is Status.ACKNOWLEDGED:
            back = replace(state, status=Status.TRIGGERED)
            return _restarted(back, policy, now, Reason.ACKNOWLEDGEMENT_EXPIRED, hours)
        case Due():
            return _due(state, policy, now, hours)
        case Unreachable() if state.status is Status.TRIGGERED and not state.exhausted:
            return _climbed(state, policy, now, Reason.UNREACHABLE, hours)
        case Unreachable():
            return state, ()
        case Escalated():
            # Whoever has it asks for more hands: it is open again until one of them has it.
            more = replace(state, status=Status.TRIGGERED, people_from=None)
            return _climbed(more, policy, now, Reason.ESCALATED, hours, by_hand=True)
        case Acknowledged():
            return _acknowledged(state, event, now)
        case HandedOver():
            _check_held(state, event.generation)
            return state, (Tell("alert.acknowledged"),)
        case Released():
            return _released(state, event, now, policy, hours)
        case Resolved():
            resolved = replace(state, status=Status.RESOLVED, next_action_at=None, people_from=None)
            return resolved, (Withdraw(), Tell("alert.resolved"))
        case Restored():
            asked_anew = replace(state, status=Status.TRIGGERED)
            return _restarted(asked_anew, policy, now, Reason.RESTORED, hours)


def _opened(event: Found, now: datetime, hours: Hours) -> Decision:
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
    if event.severity is Severity.MODERATE:
        state = _waiting(state, now, hours)
    return _restarted(state, event.policy, now, Reason.OPENED, hours)


def _found(state: State, event: Found, now: datetime, hours: Hours) -> Decision:
    if (event.severity, event.suicidality) <= state.rank and not event.new_sign:
        return state, (Tell("alert.updated"),)
    worse = replace(
        state,
        status=Status.TRIGGERED,
        severity=max(state.severity, event.severity),
        suicidality=max(state.suicidality, event.suicidality),
        generation=state.generation + 1,
    )
    if worse.severity is not Severity.MODERATE:
        worse = replace(worse, people_from=None)
    elif state.severity < Severity.MODERATE:
        # Only then: whoever is being paged already is not made to wait by a worse answer.
        worse = _waiting(worse, now, hours)
    return _restarted(worse, event.policy, now, Reason.WORSENED, hours)


def _waiting(state: State, now: datetime, hours: Hours) -> State:
    """Where an alert becomes moderate outside staffed hours its people wait, but not for long."""
    if hours.staffed:
        return state
    latest = now + PEOPLE_WAIT
    return replace(state, people_from=min(latest, hours.opens_at or latest))


def _restarted(
    state: State, policy: Policy, now: datetime, reason: Reason, hours: Hours
) -> Decision:
    """From the first rung, with everyone who knows of the alert where there is news."""
    everyone = reason not in (Reason.OPENED, Reason.REPEATED)
    if not policy.steps:
        return _repeat_for_ever(replace(state, step=0, round=1), now, reason, everyone, hours)
    fresh = replace(state, exhausted=False)
    paged = replace(
        fresh,
        step=0,
        round=1,
        next_action_at=_soon(state, now + policy.steps[0].delay),
    )
    return paged, (Page(0, reason, everyone, _with_people(fresh, hours)),)


def _due(state: State, policy: Policy, now: datetime, hours: Hours) -> Decision:
    if state.people_from is not None and state.people_from <= now:
        arrived = replace(state, people_from=None)
        return _restarted(arrived, policy, now, Reason.REPEATED, hours)
    if state.exhausted:
        return _repeat_for_ever(state, now, Reason.REPEATED, everyone=False, hours=hours)
    if state.step < len(policy.steps) and state.round < policy.steps[state.step].rounds:
        step = policy.steps[state.step]
        again = replace(state, round=state.round + 1, next_action_at=_soon(state, now + step.delay))
        return again, (Page(state.step, Reason.REPEATED, people=_with_people(state, hours)),)
    return _climbed(state, policy, now, Reason.ESCALATED, hours)


def _climbed(
    state: State,
    policy: Policy,
    now: datetime,
    reason: Reason,
    hours: Hours,
    by_hand: bool = False,
) -> Decision:
    following = state.step + 1
    people = by_hand or _with_people(state, hours)
    if state.exhausted or following >= len(policy.steps):
        why = reason if state.exhausted else Reason.EXHAUSTED
        return _repeat_for_ever(state, now, why, everyone=True, hours=hours, people=people)
    up = replace(
        state,
        step=following,
        round=1,
        next_action_at=_soon(state, now + policy.steps[following].delay),
    )
    return up, (Page(following, reason, people=people),)


def _repeat_for_ever(
    state: State,
    now: datetime,
    reason: Reason,
    everyone: bool,
    hours: Hours,
    people: bool | None = None,
) -> Decision:
    again = now + EXHAUSTED_REPEAT[state.severity]
    if state.severity is Severity.MODERATE and hours.opens_at is not None:
        # On each staffed day: a repetition at night would find nobody to page.
        again = min(again, hours.opens_at)
    waiting = replace(state, exhausted=True, next_action_at=_soon(state, again))
    if people is None:
        people = _with_people(state, hours)
    return waiting, (Page(state.step, reason, everyone, people),)


def _with_people(state: State, hours: Hours) -> bool:
    """Whether persons are paged beside systems: of a low alert none is, it stays on the list."""
    if state.severity is Severity.MODERATE:
        return state.people_from is None and (hours.staffed or not state.exhausted)
    return state.severity > Severity.MODERATE


def _soon(state: State, at: datetime) -> datetime:
    """Then, or earlier where people are due before."""
    return at if state.people_from is None else min(at, state.people_from)


def _acknowledged(state: State, event: Acknowledged, now: datetime) -> Decision:
    if event.generation != state.generation:
        raise SituationChanged
    held = replace(
        state,
        status=Status.ACKNOWLEDGED,
        people_from=None,
        next_action_at=now + ACKNOWLEDGEMENT_HOLDS[state.severity],
    )
    return held, (Withdraw(), Tell("alert.acknowledged"))


def _released(
    state: State, event: Released, now: datetime, policy: Policy, hours: Hours
) -> Decision:
    """Back to the rung where it stood, paged at once, with everyone who believes it is held."""
    _check_held(state, event.generation)
    back = replace(state, status=Status.TRIGGERED)
    if state.exhausted or state.step >= len(policy.steps):
        return _repeat_for_ever(back, now, Reason.RELEASED, everyone=True, hours=hours)
    paged = replace(back, next_action_at=now + policy.steps[state.step].delay)
    people = _with_people(back, hours)
    return paged, (Page(state.step, Reason.RELEASED, everyone=True, people=people),)


def _check_held(state: State, generation: int) -> None:
    if state.status is not Status.ACKNOWLEDGED or generation != state.generation:
        raise SituationChanged
