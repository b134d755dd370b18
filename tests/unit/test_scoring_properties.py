"""Whatever is answered: in range, never an exception, and a worse answer never looks better."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from diary.instruments.measures import GROUPS, MEASURES, RISKS, Choices, Scale
from diary.instruments.profiles import Profile, ScoredItem
from diary.instruments.scoring import PROFILES

Given = dict[str, int | None]

every_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda one: one.slug)


def answers_to(profile: Profile) -> st.SearchStrategy[Given]:
    """Every item answered, declined, or not in the answers at all."""
    return st.fixed_dictionaries(
        {}, optional={item.key: st.none() | values(item) for item in profile.items}
    )


def complete(profile: Profile) -> st.SearchStrategy[Given]:
    """Every item answered."""
    return st.fixed_dictionaries({item.key: values(item) for item in profile.items})


def values(item: ScoredItem) -> st.SearchStrategy[int | None]:
    return st.integers(item.low, item.high)


def gravity(name: str, value: int | str) -> int:
    """A value of a measure as a number that grows with what it means."""
    measure = MEASURES[name]
    if isinstance(measure, Choices):
        return measure.options.index(str(value))
    assert isinstance(value, int)
    return value


def worsened(data: st.DataObject, profile: Profile, said: Given) -> Given:
    """The answers with one of them made worse."""
    room = {
        item.key: (item.low, worth - 1) if item.high_is_better else (worth + 1, item.high)
        for item in profile.items
        if (worth := said.get(item.key)) is not None
    }
    room = {key: (low, high) for key, (low, high) in room.items() if low <= high}
    assume(room)
    key = data.draw(st.sampled_from(sorted(room)))
    return said | {key: data.draw(st.integers(*room[key]))}


@every_profile
@given(data=st.data())
def test_a_score_is_in_range_for_any_answers(profile: Profile, data: st.DataObject) -> None:
    said = data.draw(answers_to(profile))
    score = profile.score(said)
    for name, value in score.measures.items():
        assert GROUPS[profile.slug][name].allows(value)
    assert score.band in {None, *(band.code for band in profile.bands)}
    assert 0 <= score.missing <= len(profile.items)
    if score.total is not None:
        assert score.total in score.measures.values()
        assert score.band is not None
        assert score.prorated == (score.missing > 0)


@every_profile
@given(data=st.data())
def test_everything_answered_gives_every_measure(profile: Profile, data: st.DataObject) -> None:
    score = profile.score(data.draw(complete(profile)))
    assert set(score.measures) == set(GROUPS[profile.slug])
    assert score.band is not None
    assert not score.prorated


@every_profile
@given(data=st.data(), whole=st.booleans())
def test_a_worse_answer_never_looks_better(
    profile: Profile, data: st.DataObject, whole: bool
) -> None:
    said = data.draw(complete(profile) if whole else answers_to(profile))
    before, after = profile.score(said), profile.score(worsened(data, profile, said))
    for name, value in before.measures.items():
        if name in RISKS:
            assert name in after.measures
        if name in after.measures:
            assert gravity(name, after.measures[name]) >= gravity(name, value)
    if before.total is not None and after.total is not None:
        assert after.total >= before.total
    codes = [band.code for band in profile.bands]
    if before.band is not None and after.band is not None:
        assert codes.index(after.band) >= codes.index(before.band)


@every_profile
@given(data=st.data())
def test_answering_more_never_loses_a_measure_of_risk(
    profile: Profile, data: st.DataObject
) -> None:
    more = data.draw(answers_to(profile))
    dropped = data.draw(st.sets(st.sampled_from([item.key for item in profile.items])))
    fewer = {key: value for key, value in more.items() if key not in dropped}
    assert set(profile.score(fewer).measures) & RISKS <= set(profile.score(more).measures)


@every_profile
@settings(max_examples=20)
@given(data=st.data())
def test_the_order_of_the_answers_says_nothing(profile: Profile, data: st.DataObject) -> None:
    said = data.draw(answers_to(profile))
    mixed = data.draw(st.permutations(list(said.items())))
    assert profile.score(dict(mixed)) == profile.score(said)


@every_profile
@settings(max_examples=10)
@given(data=st.data())
def test_an_answer_to_something_else_changes_nothing(profile: Profile, data: st.DataObject) -> None:
    said = data.draw(complete(profile))
    assert profile.score(said | {"difficulty": 3}) == profile.score(said)


@pytest.mark.parametrize(
    ("slug", "key", "name"),
    [
        ("phq-9", "item9", "phq9_item9"),
        ("qids-sr16", "item12", "qids_item12"),
        ("madrs-s", "item9", "madrs_s_item9"),
    ],
)
@given(data=st.data())
def test_a_measure_that_is_one_item_is_its_answer_or_absent(
    slug: str, key: str, name: str, data: st.DataObject
) -> None:
    profile = PROFILES[slug]
    said = data.draw(answers_to(profile))
    assert profile.risk_items == {key}
    assert profile.score(said).measures.get(name) == said.get(key)


@every_profile
def test_every_code_and_key_appears_once(profile: Profile) -> None:
    keys = [item.key for item in profile.items]
    assert len(set(keys)) == len(keys)
    codes: list[str] = []
    for each in (
        *(item.codes for item in profile.items),
        *(profile.panel_codes, profile.total_codes, profile.unscored_codes),
    ):
        codes += each
    assert len(set(codes)) == len(codes)


@every_profile
def test_answer_codes_reach_every_value_of_an_item_and_no_other(profile: Profile) -> None:
    for item in profile.items:
        if item.answers is not None:
            assert set(item.answers.values()) == set(range(item.low, item.high + 1))


@every_profile
def test_a_profile_says_where_it_is_from_and_when_it_can_be_asked(profile: Profile) -> None:
    assert profile.source
    assert profile.shortest_interval_hours > 0
    assert profile.recall_hours > 0
    keys = {item.key for item in profile.items}
    assert profile.risk_items | profile.short_form <= keys
    assert bool(profile.risk_items) == bool(RISKS & set(GROUPS[profile.slug]))


@every_profile
def test_the_bands_climb_from_the_lowest_total(profile: Profile) -> None:
    lows = [band.low for band in profile.bands]
    if lows == [None] * len(lows):
        return
    assert lows[0] == 0
    assert None not in lows
    assert lows == sorted(set(lows), key=lambda low: low or 0)
    totals = [m for m in GROUPS[profile.slug].values() if isinstance(m, Scale)]
    assert (lows[-1] or 0) <= max(measure.high for measure in totals)


def test_a_profile_is_found_by_its_slug_and_its_measures_are_named() -> None:
    assert all(slug == profile.slug for slug, profile in PROFILES.items())
    assert set(PROFILES) == set(GROUPS) - {"daily-check-in", "weekly-check-in"}
