"""Scoring profiles: what makes a questionnaire one that the product can score. Pure.

A profile holds codes and arithmetic, never an item's words: the clinic brings the official file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Answers: TypeAlias = Mapping[str, int | None]
"""By item key: the value of the answer, None where it was left or declined."""


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """One item that a score is made of.

    key: its name within the profile. codes: the LOINC codes that it is published under, none where
    it has none. answers: the LOINC answer codes (with alternatives) and the value of each; low to
    high: the values that there are.
    """

    key: str
    low: int
    high: int
    codes: frozenset[str] = frozenset()
    answers: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What answers come to.

    measures: by name of `diary.instruments.measures`; one that cannot be told is absent. total:
    None where too much is missing. band: a stable code of the range that the total is in. prorated:
    whether the total makes up for missing items.
    """

    measures: Mapping[str, int | str]
    total: int | None
    band: str | None
    missing: int
    prorated: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """How one instrument is scored.

    panel_codes, total_codes and unscored_codes: LOINC codes of the whole, of its total and of items
    that belong to it and are never scored. risk_items: the keys of items that tell of suicidality.
    shortest_interval_hours: between two administrations. source: where all this is published.
    """

    slug: str
    title: str
    items: tuple[ScoredItem, ...]
    panel_codes: frozenset[str]
    total_codes: frozenset[str]
    unscored_codes: frozenset[str]
    risk_items: frozenset[str]
    recall_hours: int
    shortest_interval_hours: int
    score: Callable[[Answers], Score]
    source: str
