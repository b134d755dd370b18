"""Conditions that never hold, and rules that always do.

Each rule is looked at for itself, in every group and in the silence, over what it names alone. A
part of an `any` has to hold somewhere beside its siblings in every `all` above it. A rule that
holds whatever is answered in some group, such as a `not` on an item that the group does not have,
is alarm about nothing. A part of an `all` may always hold.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import and_

from diary.instruments.measures import GROUPS
from diary.rules.conditions import All, AnyOf, Condition, Not, measures_of
from diary.rules.documents import Fault
from diary.rules.publishing.combinations import Combinations
from diary.rules.publishing.groups import SILENCE, axes_of
from diary.rules.publishing.holding import holding
from diary.rules.publishing.limits import Budget
from diary.rules.ruleset import Rule


def unreachable(rules: Sequence[Rule], budget: Budget) -> list[Fault]:
    """Every place with a condition that never holds, and every rule that always does.

    RuleSetFaults where a rule would take too long to look at.
    """
    return [
        fault
        for i, rule in enumerate(rules)
        for fault in _faults(rule.when, f"/rules/{i}/when", budget)
    ]


def _faults(condition: Condition, pointer: str, budget: Budget) -> list[Fault]:
    everywhere: list[str] = []
    live: dict[str, bool] = {}
    for group in _groups(condition):
        among = Combinations(axes_of(group, condition))
        budget.take(among, (condition,), pointer)
        if holding(condition, among) == among.everything:
            everywhere.append(group)
        for place, holds in _places(AnyOf((condition,)), "", among.everything, among):
            live[place] = live.get(place, False) or holds
    dead = [pointer + place.removeprefix("/of/0") for place, holds in live.items() if not holds]
    faults = [
        Fault(place, "never_holds", "Whatever is answered, this does not hold.")
        for place in dead
        if not any(place.startswith(f"{above}/") for above in dead)
    ]
    if everywhere:
        detail = f"It holds whatever is answered; in {', '.join(everywhere)}."
        faults.append(Fault(pointer, "always_holds", detail))
    return faults


def _groups(condition: Condition) -> Iterator[str]:
    """Those it names a measure of, one that stands for all others, and the silence."""
    named = set(measures_of(condition))
    others = [group for group, measures in GROUPS.items() if named.isdisjoint(measures)]
    yield from (group for group in GROUPS if group not in others)
    yield from (*others[:1], SILENCE)


def _places(
    condition: Condition, pointer: str, where: int, among: Combinations
) -> Iterator[tuple[str, bool]]:
    """Each part of an `any`, and whether it holds somewhere in `where`: the combinations in which
    it matters what the condition comes to."""
    match condition:
        case Not(of):
            yield from _places(of, f"{pointer}/of", where, among)
        case All(parts):
            sets = [holding(part, among) for part in parts]
            before = accumulate(sets, and_, initial=where)
            after = [*accumulate(reversed(sets[1:]), and_, initial=among.everything)][::-1]
            for i, (part, left, right) in enumerate(zip(parts, before, after, strict=False)):
                yield from _places(part, f"{pointer}/of/{i}", left & right, among)
        case AnyOf(parts):
            for i, part in enumerate(parts):
                place = f"{pointer}/of/{i}"
                yield place, bool(holding(part, among) & where)
                yield from _places(part, place, where, among)
