"""Strategies: every kind of condition, rule sets, and diaries to judge by them."""

from dataclasses import fields
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from diary.instruments.measures import GROUPS, MEASURES, RISKS, TRACED, Scale
from diary.rules.conditions import (
    KINDS,
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Condition,
    Declined,
    Is,
    Not,
    NotAnswered,
)
from diary.rules.documents import LIMITS, MAX_TIMES
from diary.rules.facts import AfterInfusion, Entry, Facts, History, Late, Newer, Silence
from diary.rules.ruleset import Prior, Raised, Rule, RuleSet
from diary.severity import Severity
from tests.diaries import DAY_STARTS, NOW

SCALES = [name for name, measure in MEASURES.items() if isinstance(measure, Scale)]
CHOICES = [name for name in MEASURES if name not in SCALES]
LEVELS = st.sampled_from(Severity)


def scale(name: str) -> Scale:
    found = MEASURES[name]
    assert isinstance(found, Scale)
    return found


def answer(name: str) -> st.SearchStrategy[Any]:
    """Any answer the measure can have."""
    measure = MEASURES[name]
    if isinstance(measure, Scale):
        return st.integers(measure.low, measure.high)
    return st.sampled_from(measure.options)


def _member(name: str, measure: str) -> st.SearchStrategy[Any]:
    if name == "measure":
        return st.just(measure)
    if name in ("value", "choice"):
        return answer(measure)
    if name in ("by", "times") and measure in SCALES:
        most = scale(measure).high - scale(measure).low
        return st.integers(1, min(most, MAX_TIMES) if name == "times" else most)
    if name == "after":
        return LEVELS.map(lambda level: level.word)
    return st.integers(*LIMITS[name])


def _measures(shape: type[Condition]) -> list[str]:
    if shape in (AtLeast, AtMost):
        return SCALES
    if shape is Is:
        return CHOICES
    return list(MEASURES) if shape in (Declined, NotAnswered) else sorted(TRACED)


LEAVES = [shape for shape in KINDS.values() if shape not in (All, AnyOf, Not)]


@st.composite
def leaves(draw: st.DrawFn) -> Condition:
    """Any condition that holds no other."""
    shape = draw(st.sampled_from(LEAVES))
    measure = draw(st.sampled_from(_measures(shape)))
    members = {each.name: draw(_member(each.name, measure)) for each in fields(shape)}
    if "first" in members:
        members["first"], members["last"] = sorted((members["first"], members["last"]))
    if "days" in members:
        members["entries"] = min(members["entries"], members["days"])
    return shape(**members)


@st.composite
def trees(draw: st.DrawFn, depth: int = 4) -> Condition:
    """Any condition, so many levels deep or less."""
    shape = draw(st.sampled_from((None, None, All, AnyOf, Not))) if depth > 1 else None
    if shape is None:
        return draw(leaves())
    if shape is Not:
        return Not(draw(trees(depth - 1)))
    parts = tuple(draw(st.lists(trees(depth - 1), min_size=1, max_size=3)))
    return All(parts) if shape is All else AnyOf(parts)


phrases = st.text("abcxyzñé ' ", min_size=2, max_size=100).filter(
    lambda text: sum(map(str.isalpha, text)) >= 2
)
severities = st.one_of(LEVELS, st.builds(Prior, LEVELS), st.builds(Raised, LEVELS))
rulesets = st.builds(
    lambda rules, listed: RuleSet(tuple(rules), {"en": tuple(listed)}),
    st.lists(
        st.builds(
            Rule,
            st.from_regex(r"\A[A-Z][A-Z0-9_]{0,7}\Z").filter(lambda c: c not in ("R0", "U1")),
            st.from_regex(r"\A[a-z][a-z0-9_]{0,9}\Z"),
            trees(),
            severities,
            st.just(True),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda rule: rule.code,
    ),
    st.lists(phrases, min_size=1, max_size=4),
)


def some_of(group: str) -> st.SearchStrategy[dict[str, Any]]:
    """Answers to some of what a group gives."""
    return st.fixed_dictionaries({}, optional={name: answer(name) for name in GROUPS[group]})


@st.composite
def histories(draw: st.DrawFn, group: str) -> History:
    """A diary of the group: a run of days or anything within the year, for some measures, each
    told as the same every time or as it comes."""
    traced = sorted(name for name in GROUPS[group] if name in TRACED) or sorted(GROUPS[group])
    told = draw(st.lists(st.sampled_from(traced), unique=True, max_size=3))
    run = st.integers(0, 14).map(lambda days: [24 * ago for ago in range(1, days + 1)])
    sparse = st.lists(st.integers(0, 24 * 250), max_size=8).map(sorted)
    hours = draw(st.one_of(run, sparse))
    count = len(hours)
    rows = {
        name: draw(
            st.one_of(
                answer(name).map(lambda value: [value] * count),
                st.lists(answer(name), min_size=count, max_size=count),
            )
        )
        for name in told
    }
    entries = []
    for place, ago in enumerate(hours):
        recorded_at = NOW - timedelta(hours=ago)
        answers = {name: row[place] for name, row in rows.items()}
        entries.append(Entry(recorded_at, (recorded_at - DAY_STARTS).date(), answers))
    bases = {name: draw(answer(name)) for name in told if name in TRACED}
    return History(NOW, (NOW - DAY_STARTS).date(), tuple(entries), bases)


infusions = st.none() | st.builds(
    AfterInfusion, st.integers(1, 12), st.integers(0, 60), st.floats(0, 24 * 60)
)
priors = st.none() | LEVELS
lates = st.none() | st.builds(
    Late,
    st.floats(0, 24 * 30),
    st.none() | st.builds(Newer, st.none() | st.integers(0, 5), st.floats(0, 24 * 30)),
)


@st.composite
def check_ins(draw: st.DrawFn, group: str) -> Facts:
    """One check-in of the group, with everything that may be known beside it."""
    answers = draw(some_of(group))
    risks = [name for name in GROUPS[group] if name in RISKS and name not in answers]
    declined = draw(st.sets(st.sampled_from(risks))) if risks else set()
    return Facts(
        answers,
        declined=frozenset(declined),
        prior=draw(priors),
        history=draw(histories(group)),
        infusion=draw(infusions),
        phrases=draw(st.sampled_from([(), ("a phrase",)])),
        late=draw(lates),
    )


every_check_in = st.sampled_from(list(GROUPS)).flatmap(
    lambda group: st.tuples(st.just(group), check_ins(group))
)
"""A check-in of any group, with the group's name."""
silences = st.builds(
    lambda hours, missed, prior: Facts({}, silence=Silence(hours, missed), prior=prior),
    st.floats(0, 24 * 30),
    st.integers(0, 60),
    priors,
)
every_fact = st.one_of(every_check_in.map(lambda told: told[1]), silences)
