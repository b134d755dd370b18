"""The Quick Inventory of Depressive Symptomatology, self-report, 16 items: QIDS-SR16.

Over the last seven days; every item from 0 to 3. Nine domains make up the total: three of them are
the worst of several items, the others an item each.
"""

from typing import Final

from diary.instruments.profiles import Answers, Band, Profile, Score
from diary.instruments.scoring.sums import band_of, given, numbered

_ITEMS = numbered(16, 3)
_BANDS = (
    Band("none", 0),
    Band("mild", 6),
    Band("moderate", 11),
    Band("severe", 16),
    Band("very_severe", 21),
)
# What has to be answered, by domain. The form asks for less or for more appetite, and for loss or
# for gain of weight: one of each two.
_DOMAINS = (
    (("item1",), ("item2",), ("item3",), ("item4",)),  # sleep
    (("item5",),),
    (("item6", "item7"), ("item8", "item9")),  # appetite and weight
    (("item10",),),
    (("item11",),),
    (("item12",),),
    (("item13",),),
    (("item14",),),
    (("item15",), ("item16",)),  # psychomotor
)


def _qids(answers: Answers) -> Score:
    """0 to 27. No rule for missing items is published: with one missing there is no total. Items 6
    and 7, and 8 and 9, are alternatives on the form, so one of each two is enough. Item 12, of
    thoughts of death or suicide, stands for itself.
    """
    needed = [alternatives for domain in _DOMAINS for alternatives in domain]
    missing = sum(not given(answers, alternatives) for alternatives in needed)
    measures: dict[str, int | str] = {}
    item12 = answers.get("item12")
    if item12 is not None:
        measures["qids_item12"] = item12
    if missing:
        return Score(measures, None, None, missing)
    total = sum(max(given(answers, sum(domain, ()))) for domain in _DOMAINS)
    measures["qids"] = total
    return Score(measures, total, band_of(total, _BANDS), missing)


QIDS_SR16: Final = Profile(
    slug="qids-sr16",
    title="QIDS-SR16",
    items=_ITEMS,
    bands=_BANDS,
    panel_codes=frozenset(),
    total_codes=frozenset(),
    unscored_codes=frozenset(),
    risk_items=frozenset({"item12"}),
    recall_hours=7 * 24,
    shortest_interval_hours=7 * 24,
    score=_qids,
    source="Rush, Trivedi, Ibrahim et al. Biol Psychiatry 2003;54:573–583.",
)
