"""Everything that can be said at once: the states of several axes, each combination of them one bit
of a Python integer.

A set of combinations is an integer; and, or, not are its operators. A combination's bit is its
place in the order of `itertools.product`, so the last axis changes fastest, and two combinations
that differ on one axis alone stand a fixed distance apart.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from math import prod
from typing import TypeAlias

from diary.rules.conditions import Around, Traced
from diary.severity import Severity

Key: TypeAlias = str | Traced | Around
"""An axis: a measure, `prior`, `silent_hours`, `missed`, or a condition that is an axis itself."""

State: TypeAlias = int | str | Severity | None
"""Of a measure: its answer, `declined`, `unreadable`, None for left. Of a condition that looks
back: its threshold, None for never. Of any other condition: 1 where it holds, else None."""

Axes: TypeAlias = Mapping[Key, tuple[State, ...]]

SILENT_HOURS = "silent_hours"
MISSED = "missed"
PRIOR = "prior"


class Combinations:
    """All combinations of the axes' states. An axis that is not there is in no state at all.

    Nothing is laid out before it is asked for: there may be too many. total: how many.
    """

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        self.total = prod(len(states) for states in axes.values())
        self._strides: dict[Key, int] = {}
        stride = self.total
        for axis, states in axes.items():
            stride //= len(states)
            self._strides[axis] = stride

    @cached_property
    def everything(self) -> int:
        """The set of all of them."""
        return (1 << self.total) - 1

    @property
    def of_silence(self) -> bool:
        """Whether they tell of a check-in that did not come."""
        return SILENT_HOURS in self.axes

    def where(self, axis: Key, allowed: Callable[[State], bool]) -> int:
        """Those in which the axis is in an allowed state."""
        states = self.axes.get(axis, ())
        if not any(map(allowed, states)):
            return 0
        stride = self._strides[axis]
        run, block = (1 << stride) - 1, 0
        for position, state in enumerate(states):
            if allowed(state):
                block |= run << (position * stride)
        period = stride * len(states)
        return _repeated(block, period, self.total // period)

    def distance(self, axis: Key, start: State, end: State) -> int:
        """How many places further the combination stands once `start` has become `end`."""
        states = self.axes[axis]
        return (states.index(end) - states.index(start)) * self._strides[axis]

    def states(self, place: int) -> dict[Key, State]:
        """The combination at a place, by axis."""
        return {
            axis: states[place // self._strides[axis] % len(states)]
            for axis, states in self.axes.items()
        }


def first(combinations: int) -> int:
    """The place of the first combination in a set that is not empty."""
    return (combinations & -combinations).bit_length() - 1


def without(combinations: int, others: int) -> int:
    """Those of the first set that are not in the second."""
    return combinations ^ (combinations & others)


def moved(combinations: int, distance: int) -> int:
    """Every one of them so many places further."""
    return combinations << distance if distance >= 0 else combinations >> -distance


def _repeated(block: int, period: int, times: int) -> int:
    """The block of so many bits, so many times in a row; by doubling."""
    repeated, filled = 0, 0
    while times:
        if times & 1:
            repeated |= block << filled
            filled += period
        times >>= 1
        if times:
            block |= block << period
            period *= 2
    return repeated
