"""Judging every combination at once finds what the judge finds of each."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.instruments.measures import GROUPS, MEASURES, TRACED, Scale
from diary.rules.conditions import (
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Condition,
    DaysAfterInfusion,
    Declined,
    Emerges,
    Falls,
    HadNoRisk,
    HoursAfterInfusion,
    InfusionNumber,
    Is,
    Missed,
    Not,
    NotAnswered,
    Phrase,
    Rises,
    Silent,
    Unreadable,
    WasAtLeast,
)
from diary.rules.publishing.combinations import (
    Axes,
    Combinations,
    Key,
    State,
    first,
    moved,
    without,
)
from diary.rules.publishing.example import combination, severity_in
from diary.rules.publishing.groups import axes_of, axes_to_order
from diary.rules.publishing.holding import judged
from diary.rules.ruleset import Prior, Raised, Rule
from diary.severity import Severity

EXAMPLE: Axes = {"a": (None, 1), "b": (None, 1, 2), "c": ("x", "y")}
# Of every group one or two, so that most conditions tell something apart.
NAMED = ("si", "si_gate", "safe_now", "mood", "phq9_item9", "phq9", "asq", "cssrs_behaviour")
SCALES = [name for name in NAMED if isinstance(MEASURES[name], Scale)]
LOOKED_BACK_AT = [name for name in SCALES if name in TRACED]


def test_a_place_is_that_of_the_product() -> None:
    among = Combinations(EXAMPLE)
    expected = [dict(zip(EXAMPLE, states, strict=True)) for states in product(*EXAMPLE.values())]
    assert [among.states(place) for place in range(among.total)] == expected


@given(st.sampled_from(["a", "b", "c", "d"]), st.sets(st.sampled_from([None, 1, 2, "x", "y"])))
def test_those_where_an_axis_is_so(axis: Key, allowed: set[State]) -> None:
    among = Combinations(EXAMPLE)
    found = among.where(axis, allowed.__contains__)
    for place in range(among.total):
        states = among.states(place)
        assert bool(found >> place & 1) is (axis in states and states[axis] in allowed)
    assert found <= among.everything


def test_one_axis_changed_is_a_fixed_distance() -> None:
    among = Combinations(EXAMPLE)
    start, distance = among.where("b", lambda state: state == 2), among.distance("b", 2, None)
    assert moved(start, distance) == among.where("b", lambda state: state is None)
    assert moved(moved(start, distance), -distance) == start
    assert (first(start), without(among.everything, among.everything)) == (4, 0)


def comparing(name: str) -> st.SearchStrategy[Condition]:
    measure = MEASURES[name]
    if isinstance(measure, Scale):
        values = st.integers(measure.low, measure.high)
        return st.builds(AtLeast, st.just(name), values) | st.builds(AtMost, st.just(name), values)
    return st.builds(Is, st.just(name), st.sampled_from(measure.options))


names, traced = st.sampled_from(NAMED), st.sampled_from(LOOKED_BACK_AT)
leaves: st.SearchStrategy[Condition] = st.one_of(
    names.flatmap(comparing),
    st.builds(Declined, names),
    st.builds(NotAnswered, names),
    st.just(Unreadable()),
    st.builds(Rises, traced, st.integers(1, 2), st.just(72)),
    st.builds(Falls, traced, st.just(1), st.just(72)),
    st.builds(Emerges, traced, st.integers(1, 2), st.just(7), st.just(5)),
    st.builds(WasAtLeast, traced, st.just(2), st.just(7)),
    st.sampled_from(
        [
            InfusionNumber(4, 6),
            HoursAfterInfusion(24),
            DaysAfterInfusion(0, 1),
            HadNoRisk(),
            Phrase(),
            Missed(3),
            Silent("moderate", 36),
            Silent("critical", 12),
        ]
    ),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
levels = st.sampled_from(Severity)
rules = st.lists(
    st.builds(
        Rule,
        st.sampled_from(["A1", "A2", "A3", "A4"]),
        st.just("a_title"),
        trees,
        levels | st.builds(Prior, levels) | st.builds(Raised, levels),
        st.booleans(),
    ),
    max_size=4,
    unique_by=lambda rule: rule.code,
)


@given(st.sampled_from(["daily-check-in", "phq-9", "asq", "silence"]), rules, st.data())
def test_all_at_once_agrees_with_the_judge(
    group: str, ruleset: list[Rule], data: st.DataObject
) -> None:
    among = Combinations(axes_to_order(group, ruleset))
    found = judged(ruleset, among)
    places = st.integers(0, among.total - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=20)):
        severity = severity_in(ruleset, among.states(place))
        reached = [level for level in Severity if found[level] >> place & 1]
        assert reached == [level for level in Severity if level <= (severity or 0)]


def test_every_answer_of_a_risk_measure_is_tried() -> None:
    for group in GROUPS:
        axes = axes_to_order(group, [])
        for name in (name for name in axes if name != "prior"):
            assert axes[name][-2:] == ("declined", "unreadable")
            assert axes[name][0] is None
    assert list(axes_to_order("daily-check-in", [])) == [
        "prior",
        "safe_now",
        "si_act",
        "si_gate",
        "si",
    ]


def test_one_answer_stands_for_all_that_nothing_tells_apart() -> None:
    condition = All((AtLeast("mood", 8), AtMost("mood", 9), Rises("mood", 3, 72)))
    axes = axes_of("daily-check-in", condition)
    assert axes["mood"] == (None, 0, 3, 8, 10)
    assert axes[Rises("mood", 3, 72)] == (None, 3)
    assert axes_of("daily-check-in", Declined("mood"))["mood"] == (None, 0, "declined")
    assert axes_of("phq-9", condition).keys() == {"prior"}


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        ({"prior": None, "si": None}, {}),
        ({"prior": Severity.HIGH, "si": 0}, {"si": 0, "prior": "high"}),
        ({Rises("si", 2, 72): 4}, {"rises si by 2 within_hours 72": "from 4"}),
        ({Falls("si", 2, 72): 1}, {"falls si by 2 within_hours 72": "up to 1"}),
        ({Phrase(): 1, HoursAfterInfusion(4): None}, {"phrase": "holds"}),
    ],
)
def test_a_combination_is_shown_in_plain_words(
    states: dict[Key, State], shown: dict[str, object]
) -> None:
    assert combination(states) == shown
