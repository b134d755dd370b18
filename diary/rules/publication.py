"""The check before a rule set goes live: no answer on suicidality may weigh less for being worse.

It judges every combination of the suicidality items' states and the prior severity, times both
sides of every threshold on another measure that a rule on suicidality names. The order it holds
a rule set to, one item changed and all else equal:

- Choices and ladder levels in their order; a worse prior is worse.
- No answer (left, declined, unreadable) is never less than the best answer, nor more than the
  worst: reassurance weighs least, and silence never weighs more than saying it. Between the two
  it is not compared: a `Prior` may make it graver than a mild answer. A declined or unreadable
  gate is not held to the second half, since it may stand above a ladder that was answered.
- After a positive gate, a ladder without an answer, or with a 0 that contradicts the gate, is
  never less than level 1. With a level of 1 or more the gate takes nothing away, even "no".
- Another measure may add to a suicidality answer but never excuse it, and never be what makes
  it critical: whatever is critical with it is critical without it.

The floor: level 1, a positive gate, an act, not surely safe, or any item declined or unreadable
is never silent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod
from typing import NamedTuple, TypeAlias

from diary.instruments.measures import MEASURES, SUICIDALITY, Scale
from diary.rules.conditions import AtLeast, AtMost, nodes
from diary.rules.documents import Fault
from diary.rules.facts import DECLINED, UNREADABLE, Facts
from diary.rules.ruleset import Rule, RuleSet, RuleSetFaults, judge, severity_of
from diary.severity import Severity

# Combinations times condition nodes: well below 10 s (measured: 0.2 to 0.7 µs each). Judging a
# combination costs what a dozen nodes cost before a rule is looked at.
MAX_WORK = 10_000_000
_NODES_OF_ITS_OWN = 12

State: TypeAlias = int | str | Severity | None
Axes: TypeAlias = Mapping[str, tuple[State, ...]]
Combination: TypeAlias = Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a rule set may not go live, with the combination that shows it.

    lighter: the combination that weighs too little, by item; what was left is absent, `declined`
    and `unreadable` stand as such, `prior` is a severity's word. heavier: the one that it may not
    weigh less than and does; None where the gap is silence at the floor.
    """

    lighter: Combination
    lighter_severity: Severity | None
    heavier: Combination | None
    heavier_severity: Severity | None
    sentence: str


class _Step(NamedTuple):
    """On this axis `graver` may not weigh less than `milder`, where `beside` is so."""

    axis: str
    milder: State
    graver: State
    beside: tuple[str, tuple[State, ...]] | None = None


def check(ruleset: RuleSet) -> Gap | None:
    """The first gap, or None where the rule set may go live.

    RuleSetFaults where it names so many thresholds, in so many conditions, that judging every
    combination would take too long.
    """
    # Rules that look at no suicidality item weigh the same whatever the suicidality answers are:
    # they can open no gap, and must not be what fills one.
    rules = tuple(rule for rule in ruleset.rules if rule.names_suicidality)
    axes = _axes(rules)
    total = prod(len(states) for states in axes.values())
    size = _NODES_OF_ITS_OWN + sum(1 for rule in rules for _ in nodes(rule.when))
    if total * size > MAX_WORK:
        detail = (
            f"Rules on suicidality name so many thresholds of other measures that {total} "
            f"combinations would have to be judged; at most {MAX_WORK // size} can be, by "
            f"conditions of so many nodes."
        )
        raise RuleSetFaults([Fault("/rules", "too_many_combinations", detail)])
    judged = RuleSet(rules)
    table = bytearray(total)
    for index, states in enumerate(product(*axes.values())):
        facts = _facts(axes, states)
        severity = severity_of(judge(judged, facts)) or 0
        table[index] = severity
        if not severity and _at_floor(facts):
            silent = _combination(axes, states)
            return Gap(silent, None, None, None, f"{_said(silent)}: no rule fires.")
    return _lowered(axes, table)


def _axes(rules: tuple[Rule, ...]) -> Axes:
    """The states of everything that varies. The ladder is last and left comes first everywhere,
    so that the first gap found is the plainest one."""
    axes: dict[str, tuple[State, ...]] = {}
    for node in (node for rule in rules for node in nodes(rule.when)):
        name = getattr(node, "measure", None)
        if name is None or name in SUICIDALITY:
            continue
        measure = MEASURES[name]
        answers = _answers(name)
        if isinstance(measure, Scale):
            # Conditions only compare, so one value between each two thresholds stands for all.
            sides = {measure.low, *axes.get(name, ())}
            if isinstance(node, AtLeast | AtMost):
                sides |= {node.value, node.value + (1 if isinstance(node, AtMost) else -1)}
            answers = tuple(value for value in answers if value in sides)
        axes[name] = (None, *answers, DECLINED)
    axes["prior"] = (None, *Severity)
    for name in ("safe_now", "si_act", "si_gate", "si"):
        axes[name] = (None, *_answers(name), DECLINED, UNREADABLE)
    return axes


def _answers(name: str) -> tuple[State, ...]:
    measure = MEASURES[name]
    if isinstance(measure, Scale):
        return tuple(range(measure.low, measure.high + 1))
    return measure.options


def _steps(axes: Axes) -> Iterator[_Step]:
    for name in axes:
        if name in MEASURES and name not in SUICIDALITY:
            yield from (_Step(name, None, state) for state in axes[name][1:])
    silent = (None, DECLINED, UNREADABLE)
    for name in SUICIDALITY:
        yield from (_Step(name, *pair) for pair in pairwise(_answers(name)))
    positive = ("si_gate", ("yes",))
    yield from (_Step("si", 1, state, positive) for state in (0, *silent))
    yield _Step("si_gate", "yes", "no", ("si", (1, 2, 3, 4, 5)))
    for name in SUICIDALITY:
        best, *_, worst = _answers(name)
        yield from (_Step(name, best, state) for state in silent)
        held = (None,) if name == "si_gate" else silent
        yield from (_Step(name, state, worst) for state in held)
    yield from (_Step("prior", *pair) for pair in pairwise(axes["prior"]))


def _lowered(axes: Axes, table: bytearray) -> Gap | None:
    for step in _steps(axes):
        other = step.axis in MEASURES and step.axis not in SUICIDALITY
        for milder, graver in _pairs(axes, step):
            low, high = table[graver], table[milder]
            if low < high:
                return _gap(axes, table, graver, milder)
            if other and low == Severity.CRITICAL != high:
                return _gap(axes, table, milder, graver)
    return None


def _pairs(axes: Axes, step: _Step) -> Iterator[tuple[int, int]]:
    """Where in the table the step's two states stand, for everything else that can be so."""
    names = tuple(axes)
    axis = names.index(step.axis)
    parts = [range(len(states)) for states in axes.values()]
    strides = [prod(len(part) for part in parts[i + 1 :]) for i in range(len(parts))]
    offsets: list[tuple[int, ...]] = [
        tuple(position * stride for position in part)
        for part, stride in zip(parts, strides, strict=True)
    ]
    if step.beside is not None:
        name, states = step.beside
        beside = names.index(name)
        offsets[beside] = tuple(axes[name].index(each) * strides[beside] for each in states)
    offsets[axis] = (0,)
    milder, graver = (axes[step.axis].index(s) * strides[axis] for s in (step.milder, step.graver))
    for place in map(sum, product(*offsets)):
        yield place + milder, place + graver


def _gap(axes: Axes, table: bytearray, lighter: int, heavier: int) -> Gap:
    light = _combination(axes, _states(axes, lighter))
    heavy = _combination(axes, _states(axes, heavier))
    less, more = _severity(table[lighter]), _severity(table[heavier])
    sentence = (
        f"{_said(light)}: {less.word if less else 'silent'}; which may not be less than "
        f"{_said(heavy)}: {more.word if more else 'silent'}."
    )
    return Gap(light, less, heavy, more, sentence)


def _states(axes: Axes, index: int) -> tuple[State, ...]:
    states: list[State] = []
    for axis in reversed(list(axes.values())):
        index, position = divmod(index, len(axis))
        states.append(axis[position])
    return tuple(reversed(states))


def _severity(entry: int) -> Severity | None:
    return Severity(entry) if entry else None


def _facts(axes: Axes, states: tuple[State, ...]) -> Facts:
    measures: dict[str, int | str] = {}
    marked: dict[State, list[str]] = {DECLINED: [], UNREADABLE: []}
    prior: Severity | None = None
    for name, state in zip(axes, states, strict=True):
        if isinstance(state, Severity):
            prior = state
        elif state in marked:
            marked[state].append(name)
        elif state is not None:
            measures[name] = state
    declined, unreadable = frozenset(marked[DECLINED]), frozenset(marked[UNREADABLE])
    return Facts(measures, declined, unreadable, prior)


def _at_floor(facts: Facts) -> bool:
    answer = facts.measures.get
    return (
        bool(facts.unreadable)
        or not facts.declined.isdisjoint(SUICIDALITY)
        or bool(facts.level)
        or "yes" in (answer("si_gate"), answer("si_act"))
        or answer("safe_now") in ("unsure", "no")
    )


def _combination(axes: Axes, states: tuple[State, ...]) -> Combination:
    return {
        name: state.word if isinstance(state, Severity) else state
        for name, state in reversed(list(zip(axes, states, strict=True)))
        if state is not None
    }


def _said(combination: Combination) -> str:
    return ", ".join(f"{name} {state}" for name, state in combination.items()) or "No answer"
