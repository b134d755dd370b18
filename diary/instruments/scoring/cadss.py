"""The Clinician-Administered Dissociative States Scale: CADSS, and its short form CADSS-6.

At this time; 23 items from 0 to 4, six of them in the short form.
"""

from typing import Final

from diary.instruments.profiles import Answers, Band, Profile, Score
from diary.instruments.scoring.sums import band_of, given, numbered

_ITEMS = numbered(23, 4)
_KEYS = tuple(item.key for item in _ITEMS)
_SHORT = tuple(f"item{number}" for number in (1, 2, 6, 7, 15, 22))
_BANDS = (Band("absent", 0), Band("present", 5))


def _cadss(answers: Answers) -> Score:
    """0 to 92, and 0 to 24 for the six items of the short form.

    No rule for missing items is published: with one missing of the 23, or of the six, there is no
    such sum. A form of nothing but the six has them as its measure, and no total and no band: the
    border above 4 is of the 23.
    """
    keys = _SHORT if answers and answers.keys() <= set(_SHORT) else _KEYS
    answered, short = given(answers, _KEYS), given(answers, _SHORT)
    missing = len(keys) - len(answered)
    measures: dict[str, int | str] = {}
    if len(short) == len(_SHORT):
        measures["cadss6"] = sum(short)
    if len(answered) < len(_KEYS):
        return Score(measures, None, None, missing)
    total = sum(answered)
    measures["cadss"] = total
    return Score(measures, total, band_of(total, _BANDS), missing)


CADSS: Final = Profile(
    slug="cadss",
    title="CADSS",
    items=_ITEMS,
    bands=_BANDS,
    panel_codes=frozenset(),
    total_codes=frozenset(),
    unscored_codes=frozenset(),
    risk_items=frozenset(),
    recall_hours=1,
    shortest_interval_hours=1,
    score=_cadss,
    source=(
        "Bremner, Krystal, Putnam et al. J Trauma Stress 1998;11:125–136. CADSS-6: Rodrigues, "
        "McIntyre, Lipsitz et al. J Affect Disord 2021;282:160–164. Above 4 as present: Chen, "
        "Chen, Zhang et al. Int J Neuropsychopharmacol 2022;25:269–279."
    ),
    short_form=frozenset(_SHORT),
)
