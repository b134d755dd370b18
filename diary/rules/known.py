"""A known baseline: a low level of suicidality that a clinician knows of a patient, for a time.

What is no worse than it, and tells of nothing else, is a list entry and pages nobody. It changes
how loudly the answer is told, and nothing besides: what was found of it stays on record, is what
the next answer is compared with, and is waited on as before.

A worse answer still weighs no less. An answer is covered only where every milder one is covered as
well, and what is not covered weighs what the rules find. Of two answers with all else equal: if the
worse one is covered, so is the other, and both are list entries; if it is not, it weighs what the
rules find, and those were checked when they were published. `tests/unit/test_known.py` goes through
all pairs of answers.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from diary.alerts.findings import Finding
from diary.instruments.measures import SUICIDALITY
from diary.rules.facts import Facts
from diary.rules.ruleset import RuleSet, judge
from diary.severity import Severity

LEVELS: Final = (1, 2)
"""The levels that can be known: thoughts of being better off dead, and of ending one's life. Who
thinks of how is never a list entry. Design judgement."""
_LADDER: Final = ("si_gate", "si")
_CALM: Final[Mapping[str, int | str]] = {"si_act": "no", "safe_now": "yes"}


@dataclass(frozen=True, slots=True)
class Known:
    """A known baseline whose time is not over. level: of the daily check-in's ladder. lapsed: its
    review is long overdue, so that it covers nothing until there is one."""

    level: int
    lapsed: bool = False


def covers(rules: RuleSet, facts: Facts, level: int) -> bool:
    """Whether the answers are no worse than the level and tell of nothing else.

    So it is where the ladder is answered, at the level or below, its gate is not withheld, there
    was no act and the patient is safe right now; where the note holds no phrase; and where the
    rules on suicidality find nothing in it, or in a milder answer in its place, above moderate or
    beside what they find in those four items alone: no change, nothing after an infusion, no other
    measure.
    """
    said = facts.measures
    if facts.phrases or not facts.declined.isdisjoint(SUICIDALITY) or facts.unreadable:
        return False
    if any(said.get(name) != calm for name, calm in _CALM.items()):
        return False
    ladder = said.get("si")
    if not isinstance(ladder, int) or ladder > level:
        return False
    for milder in _no_worse(ladder):
        measures = {name: each for name, each in said.items() if name not in _LADDER} | milder
        alone = {name: each for name, each in measures.items() if name in SUICIDALITY}
        expected = {each.rule for each in _found(rules, Facts(alone, prior=facts.prior))}
        for each in _found(rules, replace(facts, measures=measures)):
            if each.severity > Severity.MODERATE or each.rule not in expected:
                return False
    return True


def listed(findings: Iterable[Finding], rules: RuleSet, known: Known) -> tuple[Finding, ...]:
    """What was found of an answer that is covered: on suicidality a list entry, which says so."""
    told = [
        each if each.rule in rules.apart else replace(each, severity=Severity.LOW, because=because)
        for each in findings
        for because in [(*each.because, _covered(each, known))]
    ]
    return tuple(sorted(told, key=lambda each: each.rank, reverse=True))


def ended(findings: Iterable[Finding], rules: RuleSet, known: Known) -> tuple[Finding, ...]:
    """What was found of an answer that ends a known baseline: on suicidality it says so."""
    rose = {"kind": "above_known_level", "level": known.level}
    return tuple(
        each if each.rule in rules.apart else replace(each, because=(*each.because, rose))
        for each in findings
    )


def _covered(finding: Finding, known: Known) -> dict[str, int | str]:
    return {"kind": "known_level", "level": known.level, "found": finding.severity.word}


def _no_worse(ladder: int) -> Iterator[dict[str, int | str]]:
    """The ladder's answer itself and every one below it, under each gate: a gate takes nothing away
    from a ladder of 1 or more, and a 0 below a positive one is judged as 1."""
    for level in range(max(ladder, 1) + 1):
        for opened in ("yes", "no"):
            yield {"si_gate": opened, "si": level}
        yield {"si": level}


def _found(rules: RuleSet, facts: Facts) -> list[Finding]:
    found = judge(rules, facts, explained=False)
    return [each for each in found if each.rule not in rules.apart]
