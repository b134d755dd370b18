"""The order that a rule set is held to: which combination may not weigh less than which, and which
may not be silent. `publication` says it in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from diary.instruments.measures import FLOORS, SUICIDALITY
from diary.rules.conditions import Phrase, Traced
from diary.rules.facts import DECLINED, UNREADABLE
from diary.rules.publishing.combinations import (
    MISSED,
    PRIOR,
    SILENT_HOURS,
    Combinations,
    Key,
    State,
)
from diary.rules.publishing.groups import Infused, answers, risks_of

_FLOORS: Final = {**FLOORS, "si_gate": "yes", "si": 1, "si_act": "yes", "safe_now": "unsure"}
_NO_ANSWER: Final = (None, DECLINED, UNREADABLE)


@dataclass(frozen=True, slots=True)
class Step:
    """On this axis `graver` may not weigh less than `milder`, where the `beside` axes are so.

    may_be_critical: else whatever is critical with `graver` is so with `milder`. but_the_prior:
    `graver` may weigh less where the prior severity is as grave as `milder` is found.
    """

    axis: Key
    milder: State
    graver: State
    beside: tuple[tuple[Key, tuple[State, ...]], ...] = ()
    may_be_critical: bool = True
    but_the_prior: bool = False


def floor(group: str, among: Combinations) -> int:
    """The combinations that may not be silent: a risk measure at its floor or worse, declined or
    unreadable."""
    heard = 0
    for name in risks_of(group):
        possible = answers(name)
        loud = {*possible[possible.index(_FLOORS[name]) :], DECLINED, UNREADABLE}
        heard |= among.where(name, loud.__contains__)
    return heard


def steps(group: str, among: Combinations) -> Iterator[Step]:
    """Every step that a rule set is held to in the group."""
    axes, risks = among.axes, risks_of(group)
    for axis, states in axes.items():
        if isinstance(axis, Traced):
            # The last threshold has all the answers that any other has.
            if len(states) > 1:
                yield Step(axis, None, states[-1], may_be_critical=axis.measure in risks)
        elif isinstance(axis, Infused | Phrase):
            yield Step(axis, None, 1, may_be_critical=isinstance(axis, Phrase))
        elif axis not in (*risks, PRIOR, SILENT_HOURS, MISSED):
            yield from (Step(axis, None, each, may_be_critical=False) for each in states[1:])
    for name in risks:
        yield from (Step(name, *pair) for pair in pairwise(answers(name)))
    if SUICIDALITY[0] in risks:
        yield from _ladder_and_gate(among)
    for name in risks:
        yield from _without_answer(name)
    for axis in (PRIOR, SILENT_HOURS, MISSED):
        yield from (Step(axis, *pair) for pair in pairwise(axes.get(axis, ())))


def _ladder_and_gate(among: Combinations) -> Iterator[Step]:
    # What looks back at the ladder needs an answer on it: level 1 is compared without.
    never = tuple(
        (axis, (None,)) for axis in among.axes if isinstance(axis, Traced) and axis.measure == "si"
    )
    positive = (("si_gate", ("yes",)), *never)
    yield from (Step("si", 1, state, positive) for state in (0, *_NO_ANSWER))
    yield Step("si_gate", "yes", "no", (("si", (1, 2, 3, 4, 5)),))


def _without_answer(name: str) -> Iterator[Step]:
    best, *_, worst = answers(name)
    yield from (Step(name, best, state) for state in _NO_ANSWER)
    daily = name in SUICIDALITY
    held = (None,) if name == "si_gate" else _NO_ANSWER
    yield from (Step(name, state, worst, but_the_prior=not daily) for state in held)
