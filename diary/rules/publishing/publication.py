"""The check before a rule set goes live: no answer on suicidality may weigh less for being worse.

Every group of measures that come together (`measures.GROUPS`), and the silence, is checked for
itself, over every combination of what the rules on suicidality can see in it: each risk measure
answered, left, declined or unreadable; the prior severity; both sides of every threshold on
another measure; every history there can be, as the answers from which on a condition that looks
back holds (`thresholds`); infusions and a note's phrase holding or not. A rule that says it judges
suicidality is held to this order, one thing changed and all else equal:

- Choices and levels in their order; a worse prior is worse; a longer silence is worse, and so is
  one more check-in missed.
- No answer (left, declined, unreadable) is never less than the best answer, nor more than the
  worst: reassurance weighs least, and silence never weighs more than saying it. Between the two
  it is not compared: a `Prior` may make it graver than a mild answer. A declined or unreadable
  gate is not held to the second half, since it may stand above a ladder that was answered; nor is
  the missing answer of an instrument, up to the prior, which is another check-in's and may be
  graver than the instrument's worst answer is.
- After a positive gate, a ladder without an answer, or with a 0 that contradicts the gate, is
  never less than level 1, but for what looks back at the ladder and so needs an answer. With a
  level of 1 or more the gate takes nothing away, even "no".
- What looks back takes nothing away by becoming true, not even below a `not`.
- Another measure, what was found of one before, or an infusion may add to a suicidality answer but
  never excuse it, and never be what makes it critical: whatever is critical with it is critical
  without it. A phrase may.

The floor: a risk measure at its floor or worse, declined or unreadable is never silent. What may
fill it is a rule that looks at a risk measure of the same group.

The sets are a second implementation of the judge (`holding`), so what they find is judged once
more by the first one before it is told. What they take too many of is in `groups`.
"""

from dataclasses import dataclass
from functools import partial
from operator import eq

from diary.rules.conditions import measures_of
from diary.rules.publishing.combinations import PRIOR, Combinations, first, moved, without
from diary.rules.publishing.example import Combination, States, combination, said, severity_in
from diary.rules.publishing.groups import KINDS_OF_FACTS, axes_to_order, risks_of
from diary.rules.publishing.holding import Levels, at_least, judged
from diary.rules.publishing.limits import Budget
from diary.rules.publishing.order import Step, floor, steps
from diary.rules.publishing.reachable import unreachable
from diary.rules.ruleset import Rule, RuleSet, RuleSetFaults
from diary.severity import Severity


class Disagreement(Exception):
    """What the sets found is not what the judge finds: a mistake in the product, and nothing is
    published."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a rule set may not go live, with the combination that shows it.

    lighter: the combination that weighs too little, by item; what was left is absent, `declined`
    and `unreadable` stand as such, `prior` is a severity's word, a condition that looks back says
    from or up to which answer it holds. heavier: the one that it may not weigh less than and does;
    None where the gap is silence at the floor.
    """

    lighter: Combination
    lighter_severity: Severity | None
    heavier: Combination | None
    heavier_severity: Severity | None
    sentence: str


def check(ruleset: RuleSet) -> Gap | None:
    """The first gap, or None where the rule set may go live.

    RuleSetFaults where a condition never or always holds, or where there would be so many
    combinations that trying them takes too long.
    """
    budget = Budget()
    faults = unreachable(ruleset.rules, budget)
    if faults:
        raise RuleSetFaults(faults)
    rules = [rule for rule in ruleset.rules if rule.suicidality]
    gaps = (_gap(group, rules, budget) for group in KINDS_OF_FACTS)
    return next((gap for gap in gaps if gap is not None), None)


def _gap(group: str, rules: list[Rule], budget: Budget) -> Gap | None:
    among = Combinations(axes_to_order(group, rules))
    held = list(steps(group, among))
    budget.take(among, [rule.when for rule in rules], "/rules", steps=len(held))
    # A rule that looks at none of the group's risk measures weighs the same whatever they are
    # answered with: it must not be what fills a gap, and may be critical by what it looks at.
    risks = set(risks_of(group))
    looking = [rule for rule in rules if not risks.isdisjoint(measures_of(rule.when))]
    aside = [rule for rule in rules if rule not in looking] if risks else []
    unheard = without(floor(group, among), judged(looking, among)[Severity.LOW])
    if unheard:
        return _silent(looking, among.states(first(unheard)))
    levels, apart = judged(rules, among), judged(aside, among)[Severity.CRITICAL]
    for step in held:
        pair = _lowered(step, among, levels, apart)
        if pair is not None:
            return _lighter(rules, *map(among.states, pair))
    return None


def _lowered(step: Step, among: Combinations, levels: Levels, apart: int) -> tuple[int, int] | None:
    """The places of a combination that weighs too little and of the one it is held to."""
    milder = among.where(step.axis, partial(eq, step.milder))
    for axis, states in step.beside:
        milder &= among.where(axis, states.__contains__)
    distance = among.distance(step.axis, step.milder, step.graver)
    lowered = added = 0
    for level, found in levels.items():
        less = without(found & milder, moved(found, -distance))
        if step.but_the_prior:
            less = without(less, at_least(among, PRIOR, level))
        lowered |= less
    if not step.may_be_critical:
        critical = levels[Severity.CRITICAL]
        added = without(moved(without(critical, apart), -distance) & milder, critical)
    if not lowered | added:
        return None
    place = first(lowered | added)
    return (place, place + distance) if added >> place & 1 else (place + distance, place)


def _silent(rules: list[Rule], states: States) -> Gap:
    if severity_in(rules, states) is not None:
        raise Disagreement
    shown = combination(states)
    return Gap(shown, None, None, None, f"{said(shown)}: no rule fires.")


def _lighter(rules: list[Rule], lighter: States, heavier: States) -> Gap:
    less, more = severity_in(rules, lighter), severity_in(rules, heavier)
    if (less or 0) >= (more or 0):
        raise Disagreement
    light, heavy = combination(lighter), combination(heavier)
    sentence = (
        f"{said(light)}: {less.word if less else 'silent'}; which may not be less than "
        f"{said(heavy)}: {more.word if more else 'silent'}."
    )
    return Gap(light, less, heavy, more, sentence)
