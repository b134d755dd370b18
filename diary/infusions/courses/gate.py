"""What must be known before the first infusion of a course. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from diary.instruments.measures import GROUPS, Measure, Scale


class Indication(StrEnum):
    """Why ketamine is given. trd: depression that resisted treatment; bipolar-trd: of a bipolar
    disorder; acute-suicidality: depression with suicidal thoughts that cannot wait."""

    TRD = "trd"
    BIPOLAR_TRD = "bipolar-trd"
    ACUTE_SUICIDALITY = "acute-suicidality"
    OTHER = "other"


class Outcome(StrEnum):
    """What an earlier treatment did: less than a quarter better, less than half, half or more; or
    it was not borne long enough to say."""

    NO_RESPONSE = "no-response"
    PARTIAL_RESPONSE = "partial-response"
    RESPONSE = "response"
    NOT_TOLERATED = "not-tolerated"


class Item(StrEnum):
    """What the gate asks for."""

    TRIALS = "trials"
    ASSESSMENT = "assessment"
    BASELINE = "baseline"


# Two different antidepressants, each in an adequate dose for long enough, is what makes depression
# treatment-resistant (EMA/CHMP/185423/2010).
TRIALS: Final[Mapping[Indication, int]] = {
    Indication.TRD: 2,
    Indication.BIPOLAR_TRD: 2,
    Indication.ACUTE_SUICIDALITY: 0,
    Indication.OTHER: 0,
}
# As long as a medical history and examination stand before a procedure (42 CFR 482.22(c)(5)).
ASSESSED_WITHIN: Final = timedelta(days=30)
# PHQ-9 asks about two weeks; what is older is about another time. A design value.
RATED_WITHIN: Final = timedelta(days=14)


def _total(slug: str, measure: str) -> Scale:
    scale: Measure = GROUPS[slug][measure]
    assert isinstance(scale, Scale)
    return scale


BASELINES: Final[Mapping[str, Scale]] = {
    "phq-9": _total("phq-9", "phq9"),
    "qids-sr16": _total("qids-sr16", "qids"),
    "madrs-s": _total("madrs-s", "madrs_s"),
    # Rated by a clinician: Montgomery and Åsberg, Br J Psychiatry 1979;134:382; Hamilton, J Neurol
    # Neurosurg Psychiatry 1960;23:56 (17 items, as they are scored today).
    "madrs": Scale(0, 60),
    "hamd-17": Scale(0, 52),
}
"""By which total a course's beginning can be measured."""


@dataclass(frozen=True, slots=True)
class Trial:
    """An earlier treatment. adequate: in dose and length; weeks: None where nobody knows."""

    treatment: str
    adequate: bool
    outcome: Outcome
    weeks: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A total of the baseline instrument, and when it was. check_in_id: the patient's own answer;
    None where the care team entered it."""

    total: int
    at: datetime
    check_in_id: UUID | None = None


class Known(Protocol):
    """What is known of a course."""

    @property
    def indication(self) -> Indication: ...
    @property
    def trials(self) -> Collection[Trial]: ...
    @property
    def assessed_at(self) -> datetime | None: ...
    @property
    def waived(self) -> Collection[Item]: ...


def failed(trials: Iterable[Trial]) -> int:
    """How many different treatments were adequate and did too little."""
    too_little = (Outcome.NO_RESPONSE, Outcome.PARTIAL_RESPONSE)
    return len(
        {
            " ".join(trial.treatment.casefold().split())
            for trial in trials
            if trial.adequate and trial.outcome in too_little
        }
    )


def newest(found: Iterable[Measured | None], at: datetime) -> Measured | None:
    """The last of the totals that count for a beginning at this moment; None where none does."""
    counts = [each for each in found if each is not None and stands(each.at, RATED_WITHIN, at)]
    return max(counts, key=lambda each: each.at, default=None)


def missing(course: Known, baseline: Measured | None, at: datetime) -> list[Item]:
    """What an infusion at this moment lacks and was not waived.

    baseline: of `newest`. Empty: it can begin.
    """
    assessed = course.assessed_at is not None and stands(course.assessed_at, ASSESSED_WITHIN, at)
    there = {
        Item.TRIALS: failed(course.trials) >= TRIALS[course.indication],
        Item.ASSESSMENT: assessed,
        Item.BASELINE: baseline is not None,
    }
    return [item for item, is_there in there.items() if not is_there and item not in course.waived]


def stands(then: datetime, within: timedelta, at: datetime) -> bool:
    """Whether what was then is before this moment, and near enough."""
    return timedelta(0) <= at - then <= within
