"""Questionnaires that are a sum: worked examples, the edges of bands, and missing items."""

from collections.abc import Sequence

import pytest

from diary.instruments.profiles import Score
from diary.instruments.scoring import PROFILES


def scored(slug: str, answers: Sequence[int | None]) -> Score:
    """The score of item1, item2 and so on."""
    keys = [item.key for item in PROFILES[slug].items]
    return PROFILES[slug].score(dict(zip(keys, answers, strict=True)))


def adding_up_to(slug: str, total: int) -> Score:
    """The score of answers with this sum."""
    answers = []
    left = total
    for item in PROFILES[slug].items:
        answers.append(min(item.high, left))
        left -= answers[-1]
    assert left == 0
    return scored(slug, answers)


@pytest.mark.parametrize(
    ("slug", "measure", "answers", "total", "band"),
    [
        ("phq-9", "phq9", (2, 2, 2, 1, 0, 1, 1, 1, 0), 10, "moderate"),
        ("phq-9", "phq9", (3,) * 9, 27, "severe"),
        ("phq-8", "phq8", (2, 2, 2, 1, 0, 1, 1, 1), 10, "moderate"),
        ("phq-2", "phq2", (1, 2), 3, "positive"),
        ("gad-7", "gad7", (3, 2, 2, 1, 0, 1, 1), 10, "moderate"),
        ("madrs-s", "madrs_s", (4, 2, 3, 0, 2, 4, 3, 2, 1), 21, "moderate"),
    ],
)
def test_a_total_is_the_sum(
    slug: str, measure: str, answers: tuple[int, ...], total: int, band: str
) -> None:
    score = scored(slug, answers)
    assert (score.total, score.band, score.missing, score.prorated) == (total, band, 0, False)
    assert score.measures[measure] == total


@pytest.mark.parametrize(
    ("slug", "edges"),
    [
        ("phq-9", {4: "minimal", 5: "mild", 9: "mild", 10: "moderate", 14: "moderate"}),
        ("phq-9", {15: "moderately_severe", 19: "moderately_severe", 20: "severe", 27: "severe"}),
        ("phq-8", {4: "minimal", 5: "mild", 9: "mild", 10: "moderate", 14: "moderate"}),
        ("phq-8", {15: "moderately_severe", 19: "moderately_severe", 20: "severe", 24: "severe"}),
        ("phq-2", {0: "negative", 2: "negative", 3: "positive", 6: "positive"}),
        ("gad-7", {0: "minimal", 4: "minimal", 5: "mild", 9: "mild", 10: "moderate"}),
        ("gad-7", {14: "moderate", 15: "severe", 21: "severe"}),
        ("madrs-s", {0: "minimal", 12: "minimal", 13: "mild", 19: "mild", 20: "moderate"}),
        ("madrs-s", {34: "moderate", 35: "severe", 54: "severe"}),
        ("cadss", {0: "absent", 4: "absent", 5: "present", 92: "present"}),
    ],
)
def test_the_edges_of_bands(slug: str, edges: dict[int, str]) -> None:
    assert {total: adding_up_to(slug, total).band for total in edges} == edges


@pytest.mark.parametrize(
    ("slug", "answers", "total"),
    [
        # One or two are made up for, to the nearest whole number and halves up.
        ("phq-9", (1, 1, 1, 1, 1, 1, 1, 1, None), 9),
        ("phq-9", (1, 0, 0, 0, 0, 0, 0, 0, None), 1),  # 1.125
        ("phq-9", (1, 1, 1, 1, 0, 0, 0, 0, None), 5),  # 4.5
        ("phq-9", (3, 3, 3, 3, 3, 3, 3, None, None), 27),
        ("phq-9", (1, 1, 0, 0, 0, 0, 0, None, None), 3),  # 2.57
        ("phq-9", (0, 0, 0, 0, 0, 0, 0, None, None), 0),
        ("phq-9", (3, 3, 3, 3, 3, 3, None, None, None), None),
        ("phq-8", (1, 1, 1, None, 1, None, 1, 1), 8),
        ("phq-8", (1, 1, 1, None, 1, None, None, 1), None),
        ("gad-7", (1, 1, 1, 1, 1, None, None), 7),
        ("gad-7", (2, 1, 1, 1, 0, None, None), 7),
        ("gad-7", (3, 3, 3, 3, None, None, None), None),
        # No rule is published for these.
        ("phq-2", (3, None), None),
        ("madrs-s", (6, 6, 6, 6, 6, 6, 6, 6, None), None),
    ],
)
def test_missing_items(slug: str, answers: tuple[int | None, ...], total: int | None) -> None:
    score = scored(slug, answers)
    assert score.total == total
    assert score.missing == answers.count(None)
    assert score.prorated == (total is not None)
    assert (score.band is None) == (total is None)


def test_an_item_of_suicidality_is_never_made_up_for() -> None:
    without = scored("phq-9", (3, 3, 3, 3, 3, 3, 3, 3, None))
    assert without.measures == {"phq9": 27}
    assert scored("phq-9", (None,) * 8 + (1,)).measures == {"phq9_item9": 1}
    assert scored("madrs-s", (None,) * 8 + (4,)).measures == {"madrs_s_item9": 4}


def test_both_codes_for_more_than_half_the_days_are_a_two() -> None:
    second = PROFILES["gad-7"].items[1]
    assert second.codes == {"68509-9"}
    assert second.answers is not None
    assert second.answers["LA18938-3"] == second.answers["LA6570-1"] == 2


SHORT = ("item1", "item2", "item6", "item7", "item15", "item22")


def test_the_whole_cadss_gives_its_short_form_too() -> None:
    score = scored("cadss", (1,) * 23)
    assert score.measures == {"cadss": 23, "cadss6": 6}
    assert score.total == 23


def test_a_form_of_only_the_six_gives_the_six() -> None:
    score = PROFILES["cadss"].score(dict.fromkeys(SHORT, 4))
    assert PROFILES["cadss"].short_form == set(SHORT)
    assert score.measures == {"cadss6": 24}
    assert (score.total, score.band, score.missing) == (None, None, 0)


def test_a_cadss_with_an_item_missing_has_no_sum_that_needs_it() -> None:
    one_of_the_six = PROFILES["cadss"].score(dict.fromkeys(SHORT, 1) | {"item22": None})
    assert (one_of_the_six.measures, one_of_the_six.missing) == ({}, 1)
    another = scored("cadss", (1, 1, None, *(1,) * 20))
    assert (another.measures, another.total, another.missing) == ({"cadss6": 6}, None, 1)
