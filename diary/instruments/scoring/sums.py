"""What most questionnaires have in common: items of one range, their sum, and bands of it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from diary.instruments.profiles import Answers, Band, Score, ScoredItem

FREQUENCY: Final = MappingProxyType({"LA6568-5": 0, "LA6569-3": 1, "LA6570-1": 2, "LA6571-9": 3})
"""LOINC's answer list LL358-3 of the PHQ and the GAD-7, from not at all to nearly every day."""

YES_NO: Final = MappingProxyType({"LA32-8": 0, "LA33-6": 1})
"""LOINC's answers no and yes."""

DIFFICULTY: Final = "69722-7"
"""LOINC's code of the question about difficulty that follows a PHQ or GAD-7. Never scored."""


def numbered(count: int, high: int) -> tuple[ScoredItem, ...]:
    """`item1`, `item2` and so on, from 0 to high, of an instrument that LOINC does not know."""
    return tuple(ScoredItem(f"item{number}", 0, high) for number in range(1, count + 1))


def given(answers: Answers, keys: Sequence[str]) -> list[int]:
    """The answers that are there, in the order of the keys."""
    return [value for key in keys if (value := answers.get(key)) is not None]


def band_of(total: int, bands: Sequence[Band]) -> str:
    """The code of the band that a total is in."""
    return [band.code for band in bands if band.low is not None and band.low <= total][-1]


def prorated(answered: Sequence[int], items: int) -> int:
    """The sum for all items, each missing one counted as the mean of those that were answered.

    Rounded to the nearest whole number, halves up; so it is never below the plain sum.
    """
    return (2 * sum(answered) * items + len(answered)) // (2 * len(answered))


def by_sum(
    answers: Answers,
    items: Sequence[ScoredItem],
    bands: Sequence[Band],
    measure: str,
    *,
    may_miss: int = 0,
    alone: Mapping[str, str] = MappingProxyType({}),
) -> Score:
    """Score an instrument whose total is the sum of its items.

    may_miss: so many missing items are made up for; with more there is no total. alone: by the key
    of an item, the measure that its answer is by itself, which is never made up for.
    """
    answered = given(answers, [item.key for item in items])
    missing = len(items) - len(answered)
    measures: dict[str, int | str] = {
        name: value for key, name in alone.items() if (value := answers.get(key)) is not None
    }
    if missing > may_miss:
        return Score(measures, None, None, missing)
    total = prorated(answered, len(items))
    measures[measure] = total
    return Score(measures, total, band_of(total, bands), missing, prorated=missing > 0)
