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
    high: the values that there are. high_is_better: the item is turned round when it is scored.
    """

    key: str
    low: int
    high: int
    codes: frozenset[str] = frozenset()
    answers: Mapping[str, int] | None = None
    high_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """One step of an instrument's result.

    code: a stable word. low: the lowest total that is in it, None where no total decides.
    """

    code: str
    low: int | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What answers come to.

    measures: by name of `diary.instruments.measures`; one that cannot be told is absent. total:
    None where too much is missing, or where the instrument has none. band: the code of the `Band`
    that the answers are in, None where it cannot be told. missing: how many items should have been
    answered and were not; one that the instrument itself skips is not missing. prorated: whether
    the total makes up for missing items.
    """

    measures: Mapping[str, int | str]
    total: int | None
    band: str | None
    missing: int
    prorated: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """How one instrument is scored.

    bands: what a result can be, mildest first. panel_codes, total_codes and unscored_codes: LOINC
    codes of the whole, of its total and of items that belong to it and are never scored.
    risk_items: the keys of items that tell of suicidality. recall_hours: how far back the items
    ask. shortest_interval_hours: between two administrations, a matter of judgement. source: where
    all this is published. short_form: the keys of the items that a published short form consists
    of, and that a file may bring alone. score: takes values within their items' ranges.
    """

    slug: str
    title: str
    items: tuple[ScoredItem, ...]
    bands: tuple[Band, ...]
    panel_codes: frozenset[str]
    total_codes: frozenset[str]
    unscored_codes: frozenset[str]
    risk_items: frozenset[str]
    recall_hours: int
    shortest_interval_hours: int
    score: Callable[[Answers], Score]
    source: str
    short_form: frozenset[str] = frozenset()
