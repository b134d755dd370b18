"""The self-rated Montgomery–Åsberg Depression Rating Scale, MADRS-S.

Over the last three days; every item from 0 to 6, with words at the even values.
"""

from typing import Final

from diary.instruments.profiles import Answers, Band, Profile, Score
from diary.instruments.scoring.sums import by_sum, numbered

_ITEMS = numbered(9, 6)
_BANDS = (Band("minimal", 0), Band("mild", 13), Band("moderate", 20), Band("severe", 35))


def _madrs_s(answers: Answers) -> Score:
    """0 to 54. No rule for missing items is published: with one missing there is no total. Item 9,
    of the zest for life, tells of suicidality and stands for itself.
    """
    return by_sum(answers, _ITEMS, _BANDS, "madrs_s", alone={"item9": "madrs_s_item9"})


MADRS_S: Final = Profile(
    slug="madrs-s",
    title="MADRS-S",
    items=_ITEMS,
    bands=_BANDS,
    panel_codes=frozenset(),
    total_codes=frozenset(),
    unscored_codes=frozenset(),
    risk_items=frozenset({"item9"}),
    recall_hours=3 * 24,
    shortest_interval_hours=3 * 24,
    score=_madrs_s,
    source=(
        "Svanborg, Åsberg. Acta Psychiatr Scand 1994;89:21–28. Bands: as on Swedish forms in use; "
        "35 as the border of severe, for the MADRS: Müller et al. J Affect Disord 2000;60:137–140."
    ),
)
