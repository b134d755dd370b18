"""One combination as an example: judged by the very code that judges a check-in, and in words."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import TypeAlias

from diary.instruments.measures import MEASURES
from diary.rules.conditions import All, AnyOf, AtLeast, Condition, Not, Phrase, Traced
from diary.rules.documents import KIND_OF
from diary.rules.facts import DECLINED, UNREADABLE, Facts, Silence
from diary.rules.publishing.combinations import MISSED, PRIOR, SILENT_HOURS, Key, State
from diary.rules.publishing.groups import Infused
from diary.rules.publishing.thresholds import at_threshold
from diary.rules.ruleset import Rule, RuleSet, judge, severity_of
from diary.severity import Severity

States: TypeAlias = Mapping[Key, State]
Combination: TypeAlias = Mapping[str, int | str]


def severity_in(rules: Iterable[Rule], states: States) -> Severity | None:
    """What `judge` finds. The facts have no history, no infusion and no phrase, so what is an axis
    itself holds in none; where it does in the combination, what it amounts to is put beside it."""
    settled = RuleSet(tuple(replace(rule, when=_settled(rule.when, states)) for rule in rules))
    return severity_of(judge(settled, _facts(states), explained=False))


def combination(states: States) -> Combination:
    """As it is shown: by item, the ladder first; what was left and what never holds is absent."""
    return {
        _name(axis): _state(axis, state)
        for axis, state in reversed(tuple(states.items()))
        if state is not None
    }


def said(shown: Combination) -> str:
    """As a part of a sentence."""
    return ", ".join(f"{name} {state}" for name, state in shown.items()) or "No answer"


def _settled(condition: Condition, states: States) -> Condition:
    match condition:
        case Not(of):
            return Not(_settled(of, states))
        case All(parts):
            return All(tuple(_settled(part, states) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_settled(part, states) for part in parts))
    state = states.get(condition) if isinstance(condition, Traced | Infused | Phrase) else None
    if not isinstance(state, int):
        return condition
    amounts_to = at_threshold(condition, state) if isinstance(condition, Traced) else All(())
    return AnyOf((condition, amounts_to))


def _facts(states: States) -> Facts:
    measures: dict[str, int | str] = {}
    marked: dict[State, set[str]] = {DECLINED: set(), UNREADABLE: set()}
    for axis, state in states.items():
        if isinstance(axis, str) and axis in MEASURES and state is not None:
            if state in marked:
                marked[state].add(axis)
            else:
                measures[axis] = state
    prior, silence = states.get(PRIOR), None
    if SILENT_HOURS in states:
        silence = Silence(hours=_number(states[SILENT_HOURS]), missed=_number(states[MISSED]))
    return Facts(
        measures,
        frozenset(marked[DECLINED]),
        frozenset(marked[UNREADABLE]),
        prior if isinstance(prior, Severity) else None,
        silence=silence,
    )


def _number(state: State) -> int:
    assert isinstance(state, int)
    return state


def _name(axis: Key) -> str:
    if isinstance(axis, str):
        return axis
    words = [KIND_OF[type(axis)]]
    for member in fields(axis):
        named = [] if member.name == "measure" else [member.name]
        words += [*named, str(getattr(axis, member.name))]
    return " ".join(words)


def _state(axis: Key, state: State) -> int | str:
    if isinstance(axis, Traced) and isinstance(state, int):
        return (
            f"from {state}" if isinstance(at_threshold(axis, state), AtLeast) else f"up to {state}"
        )
    if isinstance(axis, Infused | Phrase):
        return "holds"
    assert state is not None
    return state.word if isinstance(state, Severity) else state
