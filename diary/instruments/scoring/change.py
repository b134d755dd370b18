"""What became of a score since the baseline. Pure, and for measures of which less is better."""

from collections.abc import Mapping
from typing import Final

RESPONSE_PERCENT: Final = 50
"""A fall by half is a response (for the PHQ-9: Kroenke et al. J Gen Intern Med 2001;16:606–613)."""

REMISSION: Final[Mapping[str, int]] = {"phq9": 4, "qids": 5}
"""By measure, the highest total that is remission. PHQ-9 below 5: Kroenke et al. 2001. QIDS-SR16 up
to 5: Trivedi et al. Am J Psychiatry 2006;163:28–40. Of the other instruments none is taken: those
published for the MADRS are the clinician's, and disagree."""

MEANINGFUL: Final[Mapping[str, int]] = {"phq9": 5, "gad7": 4}
"""By measure, the smallest change of clinical importance in points. PHQ-9: Löwe et al. Med Care
2004;42:1194–1201. GAD-7: Toussaint et al. J Affect Disord 2020;265:395–401."""


def percent_improvement(baseline: int, now: int) -> float | None:
    """How far a score fell, in percent of the baseline, unrounded; negative for a rise. None for a
    baseline of 0, which nothing can improve on."""
    return 100 * (baseline - now) / baseline if baseline else None


def is_response(baseline: int, now: int) -> bool:
    """Whether a score fell by half or more. Never from a baseline of 0."""
    return baseline > 0 and 100 * (baseline - now) >= RESPONSE_PERCENT * baseline


def is_remission(measure: str, now: int) -> bool | None:
    """Whether a total is remission, None for a measure that no cut-off is published for."""
    cut_off = REMISSION.get(measure)
    return None if cut_off is None else now <= cut_off


def is_meaningful(measure: str, before: int, now: int) -> bool | None:
    """Whether a change, either way, is of clinical importance; None where nobody says how much."""
    points = MEANINGFUL.get(measure)
    return None if points is None else abs(now - before) >= points
