"""QIDS-SR16: nine domains out of sixteen items."""

import pytest

from diary.instruments.profiles import Score
from diary.instruments.scoring import PROFILES


def scored(**said: int | None) -> Score:
    """All items 0, but for those that are said."""
    return PROFILES["qids-sr16"].score({f"item{n}": 0 for n in range(1, 17)} | said)


@pytest.mark.parametrize(
    ("said", "total"),
    [
        ({}, 0),
        ({"item1": 3, "item2": 3, "item3": 2, "item4": 1}, 3),
        ({"item6": 1, "item7": 0, "item8": 0, "item9": 2}, 2),
        ({"item15": 1, "item16": 2}, 2),
        ({"item5": 2, "item10": 1, "item11": 3, "item12": 1, "item13": 2, "item14": 1}, 10),
        ({f"item{number}": 3 for number in range(1, 17)}, 27),
    ],
)
def test_a_domain_of_several_items_counts_as_its_worst(said: dict[str, int], total: int) -> None:
    assert scored(**said).total == total
    assert scored(**said).measures["qids"] == total


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (5, "none"),
        (6, "mild"),
        (10, "mild"),
        (11, "moderate"),
        (15, "moderate"),
        (16, "severe"),
        (20, "severe"),
        (21, "very_severe"),
        (27, "very_severe"),
    ],
)
def test_the_edges_of_bands(total: int, band: str) -> None:
    said, left = {}, total
    for number in (1, 5, 6, 10, 11, 12, 13, 14, 15):
        said[f"item{number}"] = min(3, left)
        left -= said[f"item{number}"]
    assert scored(**said).total == total
    assert scored(**said).band == band


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16])
def test_with_an_item_missing_there_is_no_total(number: int) -> None:
    score = scored(**{f"item{number}": None})
    assert (score.total, score.band, score.missing) == (None, None, 1)
    assert "qids" not in score.measures


def test_one_of_two_alternatives_is_enough_and_neither_is_not() -> None:
    score = scored(item6=None, item7=2, item8=1, item9=None)
    assert (score.total, score.missing) == (2, 0)
    assert scored(item6=None, item7=None).missing == 1
    assert scored(item6=None, item7=None).total is None
    assert scored(item8=None, item9=None).total is None


def test_item_twelve_stands_for_itself() -> None:
    assert scored(item12=3, item1=None).measures == {"qids_item12": 3}
    assert scored(item12=None).measures == {}
    assert scored(item12=0).measures == {"qids": 0, "qids_item12": 0}
