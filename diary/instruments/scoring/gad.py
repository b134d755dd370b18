"""The Generalised Anxiety Disorder scale, GAD-7.

Over the last two weeks; every item from 0, not at all, to 3, nearly every day.
"""

from typing import Final

from diary.instruments.profiles import Answers, Band, Profile, Score, ScoredItem
from diary.instruments.scoring.sums import DIFFICULTY, FREQUENCY, by_sum

_CODES = ("69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7")
# LOINC publishes the second item with an answer list of its own, files with either.
_SECOND = FREQUENCY | {"LA18938-3": 2}
_ITEMS = tuple(
    ScoredItem(
        f"item{number}", 0, 3, frozenset({code}), _SECOND if code == "68509-9" else FREQUENCY
    )
    for number, code in enumerate(_CODES, start=1)
)
_BANDS = (Band("minimal", 0), Band("mild", 5), Band("moderate", 10), Band("severe", 15))


def _gad7(answers: Answers) -> Score:
    """0 to 21. With one or two items missing the total is prorated, with more there is none
    (The IAPT Data Handbook, 2011).
    """
    return by_sum(answers, _ITEMS, _BANDS, "gad7", may_miss=2)


GAD_7: Final = Profile(
    slug="gad-7",
    title="GAD-7",
    items=_ITEMS,
    bands=_BANDS,
    panel_codes=frozenset({"69737-5"}),
    total_codes=frozenset({"70274-6"}),
    unscored_codes=frozenset({DIFFICULTY}),
    risk_items=frozenset(),
    recall_hours=14 * 24,
    shortest_interval_hours=7 * 24,
    score=_gad7,
    source=(
        "Spitzer, Kroenke, Williams, Löwe. Arch Intern Med 2006;166:1092–1097. "
        "Missing items: The IAPT Data Handbook, version 2.0.1 (2011), its scoring of the GAD-7."
    ),
)
