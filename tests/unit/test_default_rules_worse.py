"""A worse answer never finds less: over the whole default set, whatever came before."""

from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diary.instruments.measures import FLOORS, MEASURES, SUICIDALITY, Scale, group_of
from diary.rules.default import DEFAULT
from diary.rules.facts import Facts, Silence
from diary.rules.ruleset import judge, severity_of
from diary.severity import Severity
from tests.conditions import check_ins, priors
from tests.diaries import daily, days_ago, history, hours_ago

BETTER_WHEN_HIGHER = ("mood",)


def answers_of(name: str) -> list[Any]:
    """From the best to the worst."""
    measure = MEASURES[name]
    if not isinstance(measure, Scale):
        return list(measure.options)
    values = list(range(measure.low, measure.high + 1))
    return values[::-1] if name in BETTER_WHEN_HIGHER else values


def weight(facts: Facts) -> int:
    return severity_of(judge(DEFAULT, facts, explained=False)) or 0


def answering(facts: Facts, name: str, answer: Any) -> Facts:
    return replace(
        facts, measures={**facts.measures, name: answer}, declined=facts.declined - {name}
    )


PASTS = {
    "nothing": None,
    "a week without": history(*daily(10, si=0, mood=6)),
    "ideation": history(*daily(10, si=2, mood=6)),
    "a plan, and less": history(hours_ago(5, si=1), hours_ago(30, si=5), days_ago(5, si=0)),
    "rising": history(days_ago(1, si=1), days_ago(2, si=0)),
    "falling": history(days_ago(1, si=3), days_ago(2, si=5)),
}


@pytest.mark.parametrize("past", PASTS)
def test_every_answer_to_the_suicidality_items_after_every_past(past: str) -> None:
    every = [(None, *answers_of(name)) for name in SUICIDALITY]
    for prior in (None, *Severity):
        weights: dict[tuple[Any, ...], int] = {}
        for said in product(*every):
            told = {
                name: each for name, each in zip(SUICIDALITY, said, strict=True) if each is not None
            }
            weights[said] = weight(Facts(told, prior=prior, history=PASTS[past]))
        for said, found in weights.items():
            for place, states in enumerate(every):
                if said[place] is None or said[place] == states[-1]:
                    continue
                worse = states[states.index(said[place]) + 1]
                assert weights[(*said[:place], worse, *said[place + 1 :])] >= found, said


@pytest.mark.parametrize("name", FLOORS)
def test_every_answer_of_an_instrument_on_suicidality(name: str) -> None:
    for better, worse in pairwise(answers_of(name)):
        assert weight(Facts({name: better})) <= weight(Facts({name: worse}))


@pytest.mark.parametrize("name", MEASURES)
@settings(max_examples=25)
@given(data=st.data())
def test_a_worse_answer_never_finds_less_whatever_came_before(
    name: str, data: st.DataObject
) -> None:
    facts = data.draw(check_ins(group_of(name)))
    weights = [weight(answering(facts, name, answer)) for answer in answers_of(name)]
    assert weights == sorted(weights)


@given(check_ins("daily-check-in"), priors, priors)
def test_a_worse_prior_never_finds_less(
    facts: Facts, one: Severity | None, other: Severity | None
) -> None:
    better, worse = sorted((one, other), key=lambda prior: prior or 0)
    assert weight(replace(facts, prior=worse)) >= weight(replace(facts, prior=better))


@given(priors, priors, st.floats(0, 200), st.floats(0, 200))
def test_a_longer_silence_after_a_graver_answer_never_finds_less(
    one: Severity | None, other: Severity | None, hours: float, more: float
) -> None:
    better, worse = sorted((one, other), key=lambda prior: prior or 0)

    def silent(prior: Severity | None, hours: float) -> Facts:
        return Facts({}, silence=Silence(hours, missed=int(hours // 24)), prior=prior)

    assert weight(silent(worse, hours + more)) >= weight(silent(better, hours))


@given(check_ins("daily-check-in"))
def test_a_phrase_never_takes_weight_away(facts: Facts) -> None:
    assert weight(replace(facts, phrases=("a phrase",))) >= weight(replace(facts, phrases=()))


@given(check_ins("daily-check-in"))
def test_what_looks_back_only_adds(facts: Facts) -> None:
    assert weight(facts) >= weight(replace(facts, history=None))
