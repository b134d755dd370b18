"""The Columbia Suicide Severity Rating Scale's screener, with its triage.

Ideation over the past month, behaviour over a lifetime and over the past three months. Each no (0)
or yes (1). Questions 3 to 5 are asked after a yes to question 2 only. Its use in electronic form
needs a licence of its own.
"""

from typing import Final

from diary.instruments.profiles import Answers, Band, Profile, Score, ScoredItem
from diary.instruments.scoring.sums import YES_NO, given

_LADDER = (
    "wish_to_be_dead",
    "suicidal_thoughts",
    "thoughts_of_method",
    "some_intent",
    "plan_and_intent",
)
_EVER, _RECENTLY = "behaviour_ever", "behaviour_past_3_months"
_CODES = ("93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9")
_ITEMS = tuple(
    ScoredItem(key, 0, 1, frozenset({code}), YES_NO)
    for key, code in zip((*_LADDER, _EVER, _RECENTLY), _CODES, strict=True)
)
_BANDS = (Band("none"), Band("low"), Band("moderate"), Band("high"))


def _cssrs(answers: Answers) -> Score:
    """The highest step of ideation with a yes, 0 to 5; behaviour never, lifetime or recent; no
    total. The band is the triage.

    What was answered decides, and is never taken for less than it says. Ideation is 0 only when
    questions 1 and 2 are both answered no; behaviour is never only when that is answered no.
    """
    measures: dict[str, int | str] = {}
    ideation, behaviour = _ideation(answers), _behaviour(answers)
    if ideation is not None:
        measures["cssrs_ideation"] = ideation
    if behaviour is not None:
        measures["cssrs_behaviour"] = behaviour
    return Score(measures, None, _triage(ideation, behaviour), _missing(answers))


def _ideation(answers: Answers) -> int | None:
    steps = [step for step, key in enumerate(_LADDER, start=1) if answers.get(key)]
    if steps:
        return max(steps)
    return 0 if len(given(answers, _LADDER[:2])) == 2 else None


def _behaviour(answers: Answers) -> str | None:
    if answers.get(_RECENTLY):
        return "recent"
    if answers.get(_EVER):
        return "lifetime"
    return "never" if answers.get(_EVER) is not None else None


def _triage(ideation: int | None, behaviour: str | None) -> str | None:
    """high: some intent, a plan, or behaviour within three months; moderate: a method, or older
    behaviour; low: a wish or thoughts (Columbia Lighthouse Project). Guides that grade older
    behaviour or a method otherwise are in circulation.
    """
    reached = ideation or 0
    if reached >= 4 or behaviour == "recent":
        return "high"
    if reached == 3 or behaviour == "lifetime":
        return "moderate"
    if reached >= 1:
        return "low"
    return "none" if ideation == 0 and behaviour == "never" else None


def _missing(answers: Answers) -> int:
    asked = [*_LADDER[:2], _EVER]
    if answers.get("suicidal_thoughts"):
        asked += _LADDER[2:]
    if answers.get(_EVER):
        asked.append(_RECENTLY)
    return len(asked) - len(given(answers, asked))


CSSRS_SCREENER: Final = Profile(
    slug="c-ssrs-screener",
    title="C-SSRS screener",
    items=_ITEMS,
    bands=_BANDS,
    panel_codes=frozenset({"93373-9"}),
    total_codes=frozenset(),
    # The triage as whoever administers it writes it down; here it follows from the answers.
    unscored_codes=frozenset({"93374-7"}),
    risk_items=frozenset(item.key for item in _ITEMS),
    recall_hours=30 * 24,
    shortest_interval_hours=24,
    score=_cssrs,
    source=(
        "Posner, Brown, Stanley et al. Am J Psychiatry 2011;168:1266–1277. Triage: the Columbia "
        "Lighthouse Project's screener with triage points, cssrs.columbia.edu."
    ),
)
