"""The Suicidal Ideation Attributes Scale, SIDAS.

Over the past month; five items from 0 to 10, of which the second, control, is better the higher.
"""

from typing import Final

from diary.instruments.profiles import Answers, Band, Profile, Score, ScoredItem
from diary.instruments.scoring.sums import band_of, given

_HIGH = 10
_FREQUENCY, _CONTROL = "item1", "item2"
_OTHERS = ("item3", "item4", "item5")
_ITEMS = tuple(
    ScoredItem(key, 0, _HIGH, high_is_better=key == _CONTROL)
    for key in (_FREQUENCY, _CONTROL, *_OTHERS)
)
_BANDS = (Band("none", 0), Band("any", 1), Band("high", 21))


def _sidas(answers: Answers) -> Score:
    """0 to 50, the second item turned round.

    Whoever answers never to the first skips the rest and scores 0 (PMHC Minimum Data Set, "Scoring
    the SIDAS"): so it is 0 too where the rest was asked, but for an answer that speaks against it.
    No rule for missing items is published: otherwise with one missing there is no total. What was
    answered still counts: the measure is then the sum of it, so that a thought that was told is
    not lost with the total.
    """
    if answers.get(_FREQUENCY) == 0 and not any(given(answers, _OTHERS)):
        return Score({"sidas": 0}, 0, band_of(0, _BANDS), 0)
    scored = given(answers, (_FREQUENCY, *_OTHERS))
    scored += [_HIGH - value for value in given(answers, (_CONTROL,))]
    missing, total = len(_ITEMS) - len(scored), sum(scored)
    if missing:
        return Score({"sidas": total} if total else {}, None, None, missing)
    return Score({"sidas": total}, total, band_of(total, _BANDS), 0)


SIDAS: Final = Profile(
    slug="sidas",
    title="SIDAS",
    items=_ITEMS,
    bands=_BANDS,
    panel_codes=frozenset(),
    total_codes=frozenset(),
    unscored_codes=frozenset(),
    risk_items=frozenset(item.key for item in _ITEMS),
    recall_hours=30 * 24,
    shortest_interval_hours=7 * 24,
    score=_sidas,
    source=(
        "van Spijker, Batterham, Calear et al. Suicide Life Threat Behav 2014;44:408–419. Skipped "
        'items: PMHC Minimum Data Set, "Scoring the SIDAS", docs.pmhc-mds.com.'
    ),
)
