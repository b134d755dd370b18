"""The laws of every decision, exhaustively over a small state space."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

from diary.alerts import decide as rules_in_force
from diary.alerts import situation
from diary.severity import Severity
from tests.laws import DAY, LAWS, LOW, MINUTE, MODERATE, Case

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DELAYS = (5 * MINUTE, 7 * MINUTE, 11 * MINUTE)
LADDER = range(6)
GENERATION = 2


def every_case(rules: Any) -> Iterator[Case]:
    """Every open state × policy of 0 to 3 steps × event. rules: a module like `decide`."""
    policies = [
        situation.Policy(tuple(map(situation.Step, DELAYS, rounds)))
        for steps in range(4)
        for rounds in product((1, 2), repeat=steps)
    ]
    for policy in policies:
        events = [
            *(
                situation.Found(severity, level, policy, new_sign)
                for severity, level, new_sign in product(Severity, LADDER, (False, True))
            ),
            *(
                says(seen)
                for says in (situation.Acknowledged, situation.HandedOver, situation.Released)
                for seen in (GENERATION - 1, GENERATION, GENERATION + 1)
            ),
            *(
                situation.Due(),
                situation.Unreachable(),
                situation.Escalated(),
                situation.Resolved(),
            ),
            situation.Restored(),
        ]
        for before, event in product(_open_states(rules, policy), events):
            for hours in _hours(rules, before, event):
                try:
                    after, effects = rules.decide(before, event, NOW, policy, hours)
                except situation.SituationChanged:
                    after, effects = None, ()
                yield Case(before, event, NOW, policy, hours, after, effects)


def _hours(rules: Any, before: Any, event: Any) -> list[Any]:
    """Always staffed; and closed until soon or for a long time, or open, where that matters."""
    severity = max(before.severity, getattr(event, "severity", LOW))
    if severity is not MODERATE or before.suicidality:
        # One case of a grave and one of a mild alert at night is enough.
        at_night = situation.Hours(False, NOW + 3 * MINUTE)
        return [situation.ALWAYS] if before.suicidality else [situation.ALWAYS, at_night]
    return [
        situation.ALWAYS,
        situation.Hours(False, NOW + 3 * MINUTE),
        situation.Hours(False, NOW + 3 * DAY),
        situation.Hours(False, None),
        situation.Hours(True, NOW + 20 * 60 * MINUTE),
    ]


def _open_states(rules: Any, policy: Any) -> list[Any]:
    places = [
        (step, number)
        for step, rung in enumerate(policy.steps)
        for number in range(1, rung.rounds + 1)
    ]
    found = [
        situation.State(status, severity, level, GENERATION, *place, exhausted, NOW)
        for status, severity, level, place, exhausted in product(
            (situation.Status.TRIGGERED, situation.Status.ACKNOWLEDGED),
            Severity,
            LADDER,
            places or [(0, 1)],
            (False, True),
        )
    ]
    waiting = [
        replace(state, people_from=moment)
        for state in found
        if state.severity is MODERATE and state.status == "triggered" and not state.suicidality
        for moment in (NOW, NOW + 4 * MINUTE)
    ]
    return found + waiting


def broken_laws(rules: Any, *, at_most: int | None = None) -> dict[str, Case]:
    """The laws that do not hold, each with the first case that shows it."""
    broken: dict[str, Case] = {}
    for case in every_case(rules):
        for name, holds in LAWS.items():
            if name not in broken and not holds(case):
                broken[name] = case
                if len(broken) == at_most:
                    return broken
    return broken


def test_every_decision_keeps_every_law() -> None:
    assert broken_laws(rules_in_force) == {}
