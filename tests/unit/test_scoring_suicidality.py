"""ASQ, the C-SSRS screener and SIDAS: what was told is never taken for less."""

import pytest

from diary.instruments.profiles import Score
from diary.instruments.scoring import PROFILES

NO, YES, LEFT = 0, 1, None


def asq(*said: int | None) -> Score:
    return PROFILES["asq"].score(dict(zip(("q1", "q2", "q3", "q4", "q5"), said, strict=False)))


@pytest.mark.parametrize(
    ("said", "result", "missing"),
    [
        ((NO, NO, NO, NO), "negative", 0),
        ((NO, NO, NO, NO, NO), "negative", 0),
        ((YES, NO, NO, NO, NO), "non_acute", 0),
        ((NO, YES, NO, NO, NO), "non_acute", 0),
        ((NO, NO, YES, NO, NO), "non_acute", 0),
        ((NO, NO, NO, YES, NO), "non_acute", 0),
        ((NO, NO, NO, YES, YES), "acute", 0),
        # The fifth was not answered: a positive screen stays one.
        ((YES, NO, NO, NO, LEFT), "non_acute", 1),
        # Whoever refuses has screened positive.
        ((NO, NO, NO, LEFT, NO), "non_acute", 1),
        ((NO, NO, NO), "non_acute", 2),
        ((YES, LEFT, LEFT, LEFT, YES), "acute", 3),
        ((LEFT, LEFT, LEFT, LEFT, LEFT), "non_acute", 5),
        ((), "non_acute", 5),
        # A yes to the fifth, against four times no.
        ((NO, NO, NO, NO, YES), "acute", 0),
        ((LEFT, LEFT, LEFT, LEFT, YES), "acute", 4),
    ],
)
def test_asq(said: tuple[int | None, ...], result: str, missing: int) -> None:
    score = asq(*said)
    assert score.measures == {"asq": result}
    assert (score.total, score.band, score.missing) == (None, result, missing)


CSSRS = tuple(item.key for item in PROFILES["c-ssrs-screener"].items)


def cssrs(*said: int | None) -> tuple[int | str | None, int | str | None, str | None, int]:
    """Ideation, behaviour, triage, and how many are missing."""
    score = PROFILES["c-ssrs-screener"].score(dict(zip(CSSRS, said, strict=True)))
    assert score.total is None
    ideation = score.measures.get("cssrs_ideation")
    return ideation, score.measures.get("cssrs_behaviour"), score.band, score.missing


SKIPPED = (LEFT, LEFT, LEFT)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((NO, NO, *SKIPPED, NO, LEFT), (0, "never", "none", 0)),
        ((YES, NO, *SKIPPED, NO, LEFT), (1, "never", "low", 0)),
        ((NO, YES, NO, NO, NO, NO, LEFT), (2, "never", "low", 0)),
        ((YES, YES, YES, NO, NO, NO, LEFT), (3, "never", "moderate", 0)),
        ((YES, YES, NO, YES, NO, NO, LEFT), (4, "never", "high", 0)),
        ((YES, YES, YES, YES, YES, NO, LEFT), (5, "never", "high", 0)),
        ((NO, NO, *SKIPPED, YES, NO), (0, "lifetime", "moderate", 0)),
        ((NO, NO, *SKIPPED, YES, YES), (0, "recent", "high", 0)),
        ((YES, YES, NO, NO, NO, YES, NO), (2, "lifetime", "moderate", 0)),
        ((YES, YES, YES, NO, NO, YES, YES), (3, "recent", "high", 0)),
    ],
)
def test_cssrs_answered_as_the_screener_asks(
    said: tuple[int | None, ...], expected: tuple[int | str, ...]
) -> None:
    assert cssrs(*said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # Ideation is 0 only when both of the first two are answered no.
        ((NO, LEFT, *SKIPPED, NO, LEFT), (None, "never", None, 1)),
        ((LEFT, NO, *SKIPPED, NO, LEFT), (None, "never", None, 1)),
        ((YES, LEFT, *SKIPPED, NO, LEFT), (1, "never", "low", 1)),
        # After a yes to the second, the next three are asked for.
        ((NO, YES, *SKIPPED, NO, LEFT), (2, "never", "low", 3)),
        ((NO, YES, LEFT, YES, LEFT, NO, LEFT), (4, "never", "high", 2)),
        # An answer that the screener would not have asked for still counts.
        ((NO, NO, NO, NO, YES, NO, LEFT), (5, "never", "high", 0)),
        ((NO, NO, *SKIPPED, NO, YES), (0, "recent", "high", 0)),
        ((NO, NO, *SKIPPED, LEFT, YES), (0, "recent", "high", 1)),
        # Nothing is known of behaviour.
        ((NO, NO, *SKIPPED, LEFT, LEFT), (0, None, None, 1)),
        ((NO, NO, *SKIPPED, LEFT, NO), (0, None, None, 1)),
        ((NO, NO, *SKIPPED, YES, LEFT), (0, "lifetime", "moderate", 1)),
        ((LEFT, LEFT, *SKIPPED, LEFT, LEFT), (None, None, None, 3)),
    ],
)
def test_cssrs_with_something_missing_or_contradicting(
    said: tuple[int | None, ...], expected: tuple[int | str | None, ...]
) -> None:
    assert cssrs(*said) == expected


def sidas(*said: int | None) -> Score:
    keys = (f"item{number}" for number in range(1, 6))
    return PROFILES["sidas"].score(dict(zip(keys, said, strict=True)))


@pytest.mark.parametrize(
    ("said", "total", "band"),
    [
        ((0, 10, 0, 0, 0), 0, "none"),
        ((1, 10, 0, 0, 0), 1, "any"),
        ((5, 5, 3, 4, 3), 20, "any"),
        ((5, 5, 3, 4, 4), 21, "high"),
        ((10, 0, 10, 10, 10), 50, "high"),
        # Never to the first ends it.
        ((0, LEFT, LEFT, LEFT, LEFT), 0, "none"),
        ((0, 0, 0, 0, 0), 0, "none"),
        # But for an answer that speaks against it.
        ((0, 10, 1, 0, 0), 1, "any"),
        ((0, 0, 8, 7, 6), 31, "high"),
    ],
)
def test_sidas(said: tuple[int | None, ...], total: int, band: str) -> None:
    score = sidas(*said)
    assert score.measures == {"sidas": total}
    assert (score.total, score.band, score.missing) == (total, band, 0)


@pytest.mark.parametrize(
    ("said", "measures", "missing"),
    [
        ((6, LEFT, LEFT, LEFT, LEFT), {"sidas": 6}, 4),
        ((LEFT, LEFT, 9, 9, 9), {"sidas": 27}, 2),
        ((LEFT, 8, LEFT, LEFT, LEFT), {"sidas": 2}, 4),
        ((0, LEFT, 5, LEFT, LEFT), {"sidas": 5}, 3),
        ((LEFT, 10, 0, 0, 0), {}, 1),
        ((LEFT, LEFT, LEFT, LEFT, LEFT), {}, 5),
    ],
)
def test_sidas_with_something_missing_counts_what_was_told(
    said: tuple[int | None, ...], measures: dict[str, int], missing: int
) -> None:
    score = sidas(*said)
    assert score.measures == measures
    assert (score.total, score.band, score.missing) == (None, None, missing)
