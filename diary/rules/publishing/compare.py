"""What one version of a rule set changes against another: rule by rule, and for the answers on
suicidality."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, TypeAlias

from diary.instruments.measures import DAILY
from diary.rules.publishing.combinations import Combinations, first, without
from diary.rules.publishing.example import Combination, combination, severity_in
from diary.rules.publishing.groups import axes_to_order
from diary.rules.publishing.holding import judged
from diary.rules.ruleset import RuleSet
from diary.severity import Severity

Document: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChangedRule:
    """A rule that both have, by its code. changes: the places that differ, each with `pointer`, a
    JSON pointer into the newer document, and what stands there `before` and `after`."""

    code: str
    changes: Sequence[Document]


@dataclass(frozen=True, slots=True)
class Differences:
    """Rules are documents, in the order of their set. phrases: by locale, those that only the one
    version has."""

    rules_added: Sequence[Document]
    rules_removed: Sequence[Document]
    rules_changed: Sequence[ChangedRule]
    phrases_added: Mapping[str, Sequence[str]]
    phrases_removed: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Shift:
    """Combinations that weigh something else than before: how many, and the plainest of them with
    what it weighed and weighs; None where there is none, or where nothing is found."""

    count: int
    example: Combination | None = None
    before: Severity | None = None
    after: Severity | None = None


@dataclass(frozen=True, slots=True)
class Shifts:
    """Of so many combinations of the daily suicidality items and the prior severity, with nothing
    else answered and nothing before: those that are now graver, and those that are milder."""

    combinations: int
    graver: Shift
    milder: Shift


def differences(before: Document, after: Document) -> Differences:
    """Where two documents of rule sets differ."""
    old = {rule["code"]: rule for rule in before["rules"]}
    new = {rule["code"]: rule for rule in after["rules"]}
    changed = [
        ChangedRule(rule["code"], changes)
        for i, rule in enumerate(after["rules"])
        if rule["code"] in old
        and (changes := list(_changes(old[rule["code"]], rule, f"/rules/{i}")))
    ]
    searched, looked_for = before.get("phrases", {}), after.get("phrases", {})
    return Differences(
        [rule for code, rule in new.items() if code not in old],
        [rule for code, rule in old.items() if code not in new],
        changed,
        _only(looked_for, searched),
        _only(searched, looked_for),
    )


def shifts(before: RuleSet, after: RuleSet) -> Shifts:
    """What the newer rules make of every combination of the daily suicidality items."""
    among = Combinations(axes_to_order(DAILY, ()))
    old, new = judged(before.rules, among), judged(after.rules, among)

    def shift(more: Mapping[Severity, int], less: Mapping[Severity, int]) -> Shift:
        found = reduce(or_, (without(more[level], less[level]) for level in Severity))
        if not found:
            return Shift(0)
        states = among.states(first(found))
        was, is_now = (severity_in(each.rules, states) for each in (before, after))
        return Shift(found.bit_count(), combination(states), was, is_now)

    return Shifts(among.total, shift(new, old), shift(old, new))


def _changes(before: Any, after: Any, pointer: str) -> Iterator[Document]:
    match before, after:
        case dict(), dict() if before.keys() == after.keys():
            for name in after:
                yield from _changes(before[name], after[name], f"{pointer}/{name}")
        case list(), list() if len(before) == len(after):
            for i, (old, new) in enumerate(zip(before, after, strict=True)):
                yield from _changes(old, new, f"{pointer}/{i}")
        case _ if before != after:
            yield {"pointer": pointer, "before": before, "after": after}


def _only(
    these: Mapping[str, Sequence[str]], others: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """By locale what only the first has; a locale without any is left out."""
    apart = {
        locale: [phrase for phrase in phrases if phrase not in others.get(locale, ())]
        for locale, phrases in these.items()
    }
    return {locale: phrases for locale, phrases in apart.items() if phrases}
