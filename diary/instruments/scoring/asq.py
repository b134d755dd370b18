"""The Ask Suicide-Screening Questions, ASQ.

Four questions about the past few weeks, one of them about a whole life, and a fifth about right now
that is asked after a positive screen only. Each no (0) or yes (1).
"""

from typing import Final

from diary.instruments.profiles import Answers, Band, Profile, Score, ScoredItem
from diary.instruments.scoring.sums import YES_NO, given

_SCREEN = ("q1", "q2", "q3", "q4")
_ACUITY = "q5"
_ITEMS = tuple(ScoredItem(key, 0, 1, answers=YES_NO) for key in (*_SCREEN, _ACUITY))
_BANDS = (Band("negative"), Band("non_acute"), Band("acute"))


def _asq(answers: Answers) -> Score:
    """negative, non_acute or acute; no total.

    Whoever refuses to answer one of the four has screened positive (NIMH): so a missing one is,
    also when nothing was answered. Only four times no is negative. A yes to the fifth is acute
    whatever the four say; without an answer to it a positive screen is what the four make it.
    """
    screen = given(answers, _SCREEN)
    unanswered = len(_SCREEN) - len(screen)
    positive = unanswered > 0 or any(screen)
    acuity = answers.get(_ACUITY)
    result = "non_acute" if positive else "negative"
    if acuity:
        result = "acute"
    missing = unanswered + (positive and acuity is None)
    return Score({"asq": result}, None, result, missing)


ASQ: Final = Profile(
    slug="asq",
    title="ASQ",
    items=_ITEMS,
    bands=_BANDS,
    panel_codes=frozenset(),
    total_codes=frozenset(),
    unscored_codes=frozenset(),
    risk_items=frozenset(item.key for item in _ITEMS),
    recall_hours=21 * 24,
    shortest_interval_hours=24,
    score=_asq,
    source=(
        "Horowitz, Bridge, Teach et al. Arch Pediatr Adolesc Med 2012;166:1170–1176; for adults "
        "Horowitz, Snyder, Boudreaux et al. Psychosomatics 2020;61:713–722. Refusals: the tool of "
        "the National Institute of Mental Health, www.nimh.nih.gov/asq."
    ),
)
