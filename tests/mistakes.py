"""Small mistakes that a careful change to `decide` could still make: each is to be caught."""

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from diary.alerts import decide

SOURCE = inspect.getsource(decide)
MISTAKES = {
    "an equal finding counts as worse": (
        "if (event.severity, event.suicidality) <= state.rank and not event.new_sign:",
        "if (event.severity, event.suicidality) < state.rank and not event.new_sign:",
    ),
    "a rising ladder within one severity goes unnoticed": (
        "if (event.severity, event.suicidality) <= state.rank and not event.new_sign:",
        "if event.severity <= state.severity and not event.new_sign:",
    ),
    "a worse finding leaves the acknowledgement in place": (
        "        status=Status.TRIGGERED,\n        severity=max(",
        "        severity=max(",
    ),
    "a worse finding stays within the acknowledged generation": (
        "generation=state.generation + 1,",
        "generation=state.generation,",
    ),
    "the ladder follows the last finding down": (
        "suicidality=max(state.suicidality, event.suicidality),",
        "suicidality=event.suicidality,",
    ),
    "a stale acknowledgement is taken": (
        "if event.generation != state.generation:",
        "if event.generation > state.generation:",
    ),
    "an acknowledgement never expires": (
        "next_action_at=now + ACKNOWLEDGEMENT_HOLDS[state.severity],",
        "next_action_at=datetime.max.replace(tzinfo=now.tzinfo),",
    ),
    "an acknowledgement leaves pages waiting": (
        'return held, (Withdraw(), Tell("alert.acknowledged"))',
        'return held, (Tell("alert.acknowledged"),)',
    ),
    "an expired acknowledgement goes on where it was": (
        "return _restarted(back, policy, now, Reason.ACKNOWLEDGEMENT_EXPIRED, hours)",
        "return _due(back, policy, now, hours)",
    ),
    "an expired acknowledgement stays acknowledged": (
        "            back = replace(state, status=Status.TRIGGERED)",
        "            back = state",
    ),
    "an exhausted policy falls silent": (
        "return waiting, (Page(state.step, reason, everyone, people),)",
        "return waiting, ()",
    ),
    "an exhausted critical alert repeats hourly": (
        "Severity.CRITICAL: timedelta(minutes=5),",
        "Severity.CRITICAL: timedelta(minutes=60),",
    ),
    "a step is paged one round too few": (
        "state.round < policy.steps[state.step].rounds:",
        "state.round + 1 < policy.steps[state.step].rounds:",
    ),
    "a step is skipped": ("following = state.step + 1", "following = state.step + 2"),
    "the next step waits for the delay of the one before": (
        "next_action_at=_soon(state, now + policy.steps[following].delay),",
        "next_action_at=_soon(state, now + policy.steps[state.step].delay),",
    ),
    "exhaustion is told to the last step alone": (
        "return _repeat_for_ever(state, now, why, everyone=True, hours=hours, people=people)",
        "return _repeat_for_ever(state, now, why, everyone=False, hours=hours, people=people)",
    ),
    "a page that failed reopens what someone has": (
        "case Unreachable() if state.status is Status.TRIGGERED and not state.exhausted:",
        "case Unreachable() if not state.exhausted:",
    ),
    "time resolves": (
        "waiting = replace(state, exhausted=True, next_action_at=",
        "waiting = replace(state, status=Status.RESOLVED, exhausted=True, next_action_at=",
    ),
    "a resolved alert keeps a next action": (
        "status=Status.RESOLVED, next_action_at=None, people_from=None",
        "status=Status.RESOLVED, people_from=None",
    ),
    "a hand-over moves the moment when it comes back": (
        'return state, (Tell("alert.acknowledged"),)',
        "held = replace(state, next_action_at=now + ACKNOWLEDGEMENT_HOLDS[state.severity])\n"
        '            return held, (Tell("alert.acknowledged"),)',
    ),
    "a hand-over is not told": (
        'return state, (Tell("alert.acknowledged"),)',
        "return state, ()",
    ),
    "what was not seen is given away": (
        "if state.status is not Status.ACKNOWLEDGED or generation != state.generation:",
        "if state.status is not Status.ACKNOWLEDGED:",
    ),
    "what nobody has is given away": (
        "if state.status is not Status.ACKNOWLEDGED or generation != state.generation:",
        "if generation != state.generation:",
    ),
    "what was given back stays acknowledged": (
        "generation)\n    back = replace(state, status=Status.TRIGGERED)",
        "generation)\n    back = state",
    ),
    "what was given back pages nobody": (
        "return paged, (Page(state.step, Reason.RELEASED, everyone=True, people=people),)",
        "return paged, ()",
    ),
    "what was given back is told to its step alone": (
        "return paged, (Page(state.step, Reason.RELEASED, everyone=True, people=people),)",
        "return paged, (Page(state.step, Reason.RELEASED, people=people),)",
    ),
    "what was given back is paged when it would have come back anyway": (
        "paged = replace(back, next_action_at=now + policy.steps[state.step].delay)",
        "paged = back",
    ),
    "a hand that asks for more hands keeps the alert": (
        "more = replace(state, status=Status.TRIGGERED, people_from=None)",
        "more = replace(state, people_from=None)",
    ),
    "people wait longer than a day": (
        "return replace(state, people_from=min(latest, hours.opens_at or latest))",
        "return replace(state, people_from=hours.opens_at or latest)",
    ),
    "people who wait are forgotten": (
        "return at if state.people_from is None else min(at, state.people_from)",
        "return at",
    ),
    "people who waited are still not paged": (
        "arrived = replace(state, people_from=None)",
        "arrived = replace(state, people_from=now + PEOPLE_WAIT)",
    ),
    "a grave alert waits for staffed hours": (
        "return state.severity > Severity.MODERATE",
        "return state.severity > Severity.MODERATE and hours.staffed",
    ),
    "a person is paged for a low alert": (
        "return state.severity > Severity.MODERATE",
        "return True",
    ),
    "a graver answer leaves people waiting": (
        "if worse.severity is not Severity.MODERATE:",
        "if worse.severity is Severity.LOW:",
    ),
    "a worse answer makes people wait who were being paged": (
        "elif state.severity < Severity.MODERATE:",
        "else:",
    ),
    "whoever asks for more hands gets none at night": (
        "people = by_hand or _with_people(state, hours)",
        "people = _with_people(state, hours)",
    ),
    "a used-up moderate policy repeats when nobody is there": (
        "again = min(again, hours.opens_at)",
        "pass",
    ),
    "what someone had before a restore stays theirs": (
        "asked_anew = replace(state, status=Status.TRIGGERED)",
        "asked_anew = state",
    ),
    "a restore asks only whoever comes next": (
        "return _restarted(asked_anew, policy, now, Reason.RESTORED, hours)",
        "return _due(asked_anew, policy, now, hours)",
    ),
}


@contextmanager
def mistaken(name: str) -> Iterator[ModuleType]:
    """`decide` with that one mistake, as a module beside the right one."""
    right, wrong = MISTAKES[name]
    assert SOURCE.count(right) == 1, "the line that was to be spoilt is no longer there"
    module = ModuleType("mistaken_decide")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    exec(compile(SOURCE.replace(right, wrong), "mistaken_decide.py", "exec"), module.__dict__)
    yield module
    del sys.modules[module.__name__]
