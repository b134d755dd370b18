"""The Patient Health Questionnaire's depression scales: PHQ-9, PHQ-8, PHQ-2.

Over the last two weeks; every item from 0, not at all, to 3, nearly every day.
"""

from typing import Final

from diary.instruments.profiles import Answers, Band, Profile, Score, ScoredItem
from diary.instruments.scoring.sums import DIFFICULTY, FREQUENCY, by_sum

_CODES = (
    *("44250-9", "44255-8", "44259-0", "44254-1", "44251-7"),
    *("44258-2", "44252-5", "44253-3", "44260-8"),
)
_ITEMS = tuple(
    ScoredItem(f"item{number}", 0, 3, frozenset({code}), FREQUENCY)
    for number, code in enumerate(_CODES, start=1)
)
_BANDS = (
    Band("minimal", 0),
    Band("mild", 5),
    Band("moderate", 10),
    Band("moderately_severe", 15),
    Band("severe", 20),
)
_SCREEN = (Band("negative", 0), Band("positive", 3))
_MISSING = "Missing items: The IAPT Data Handbook, version 2.0.1 (2011), its scoring of the PHQ-9."


def _phq9(answers: Answers) -> Score:
    """0 to 27. With one or two items missing the total is prorated, with more there is none
    (The IAPT Data Handbook, 2011). Item 9, of thoughts of death and of self-harm, stands for
    itself: missing, it is absent, also beside a prorated total.
    """
    alone = {"item9": "phq9_item9"}
    return by_sum(answers, _ITEMS, _BANDS, "phq9", may_miss=2, alone=alone)


def _phq8(answers: Answers) -> Score:
    """0 to 24: the PHQ-9 without item 9, with the PHQ-9's rule for missing items."""
    return by_sum(answers, _ITEMS[:8], _BANDS, "phq8", may_miss=2)


def _phq2(answers: Answers) -> Score:
    """0 to 6: the PHQ-9's first two items. No rule for missing items is published: no total."""
    return by_sum(answers, _ITEMS[:2], _SCREEN, "phq2")


PHQ_9: Final = Profile(
    slug="phq-9",
    title="PHQ-9",
    items=_ITEMS,
    bands=_BANDS,
    panel_codes=frozenset({"44249-1"}),
    total_codes=frozenset({"44261-6"}),
    unscored_codes=frozenset({DIFFICULTY}),
    risk_items=frozenset({"item9"}),
    recall_hours=14 * 24,
    shortest_interval_hours=7 * 24,
    score=_phq9,
    source=f"Kroenke, Spitzer, Williams. J Gen Intern Med 2001;16:606–613. {_MISSING}",
)

PHQ_8: Final = Profile(
    slug="phq-8",
    title="PHQ-8",
    items=_ITEMS[:8],
    bands=_BANDS,
    panel_codes=frozenset(),
    total_codes=frozenset(),
    unscored_codes=frozenset({DIFFICULTY}),
    risk_items=frozenset(),
    recall_hours=14 * 24,
    shortest_interval_hours=7 * 24,
    score=_phq8,
    source=f"Kroenke, Strine, Spitzer et al. J Affect Disord 2009;114:163–173. {_MISSING}",
)

PHQ_2: Final = Profile(
    slug="phq-2",
    title="PHQ-2",
    items=_ITEMS[:2],
    bands=_SCREEN,
    panel_codes=frozenset({"55757-9"}),
    total_codes=frozenset({"55758-7"}),
    unscored_codes=frozenset(),
    risk_items=frozenset(),
    recall_hours=14 * 24,
    shortest_interval_hours=7 * 24,
    score=_phq2,
    source="Kroenke, Spitzer, Williams. Med Care 2003;41:1284–1292.",
)
