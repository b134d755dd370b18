"""Conditions: the typed tree that says when a rule fires. Data alone: what they mean is in
`evaluation`, how they are written as JSON in `documents`.

An item without an answer has no level: no condition on a measure but `Declined` and `NotAnswered`
holds for it, whatever came before. Windows end at the moment of the check-in that is judged and
look at its own instrument alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from diary.instruments.measures import SUICIDALITY


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The measure was answered with the value or more."""

    measure: str
    value: int


@dataclass(frozen=True, slots=True)
class AtMost:
    """The measure was answered with the value or less."""

    measure: str
    value: int


@dataclass(frozen=True, slots=True)
class Is:
    """The measure was answered with this choice."""

    measure: str
    choice: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The patient chose not to answer."""

    measure: str


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """The item was left: no answer, not declined, nothing unreadable sent for it."""

    measure: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Some suicidality item was sent and cannot be read."""


@dataclass(frozen=True, slots=True)
class Rises:
    """It is higher by so much than the lowest answer within the hours before."""

    measure: str
    by: int
    within_hours: int


@dataclass(frozen=True, slots=True)
class Falls:
    """It is lower by so much than the highest answer within the hours before."""

    measure: str
    by: int
    within_hours: int


@dataclass(frozen=True, slots=True)
class RisesInARow:
    """Each of the last so many answers, this one included, is higher than the one before it; the
    first of them all lies within the hours."""

    measure: str
    times: int
    within_hours: int


@dataclass(frozen=True, slots=True)
class Emerges:
    """It reaches the value after an unbroken run below it of so many answers or more, the first of
    them so many days ago or longer."""

    measure: str
    value: int
    after_days: int
    entries: int


@dataclass(frozen=True, slots=True)
class BelowMedian:
    """On each of the running days, today the last, the lowest answer is so far below the median of
    the days before it. That median is of the daily means of so many days, at least `entries` of
    which had an answer."""

    measure: str
    by: int
    days: int
    entries: int
    running: int


@dataclass(frozen=True, slots=True)
class AboveMedian:
    """As `BelowMedian`, with the highest answer so far above it."""

    measure: str
    by: int
    days: int
    entries: int
    running: int


@dataclass(frozen=True, slots=True)
class WasAtLeast:
    """It is answered now, and some earlier answer within the days was the value or more."""

    measure: str
    value: int
    within_days: int


@dataclass(frozen=True, slots=True)
class WasAtMost:
    """It is answered now, and some earlier answer within the days was the value or less."""

    measure: str
    value: int
    within_days: int


@dataclass(frozen=True, slots=True)
class WasImproved:
    """It is answered now, and some earlier answer within the days and since the first infusion was
    lower than the baseline by so many percent of it or more. The baseline is the last whole answer
    before that infusion; the two kinds below look at answers since it alone, too."""

    measure: str
    percent: int
    within_days: int


@dataclass(frozen=True, slots=True)
class ImprovedLessThan:
    """Each of the last so many answers, this one included, is lower than the baseline by less than
    so many percent of it, or not lower."""

    measure: str
    percent: int
    in_a_row: int


@dataclass(frozen=True, slots=True)
class NearBaseline:
    """Each of the last so many answers, this one included, is so many percent of the baseline or
    more."""

    measure: str
    percent: int
    in_a_row: int


@dataclass(frozen=True, slots=True)
class InfusionNumber:
    """The last infusion was one of these, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class HoursAfterInfusion:
    """More hours than this have passed since the end of the last infusion."""

    more_than: int


@dataclass(frozen=True, slots=True)
class DaysAfterInfusion:
    """The last infusion was so many of the patient's own days ago, both included; 0 is its day."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Silent:
    """No check-in for so many hours after one whose suicidality was found this grave or graver."""

    after: str
    hours: int


@dataclass(frozen=True, slots=True)
class Missed:
    """So many check-ins that were due, or more, did not come; suicidality had been found before
    or not."""

    at_least: int


@dataclass(frozen=True, slots=True)
class HadNoRisk:
    """The check-in before this one, or before the silence, found nothing on suicidality."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """The note holds a phrase of the rule set's list."""


@dataclass(frozen=True, slots=True)
class All:
    """Every one of them holds."""

    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of them holds."""

    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold; so it is true of an item that was not answered, too."""

    of: "Condition"


Change: TypeAlias = Rises | Falls | RisesInARow | Emerges | BelowMedian | AboveMedian
Past: TypeAlias = WasAtLeast | WasAtMost | WasImproved | ImprovedLessThan | NearBaseline
Traced: TypeAlias = Change | Past
"""Those that look back, each at the earlier answers of one measure."""

Answered: TypeAlias = AtLeast | AtMost | Is | Declined | NotAnswered
Around: TypeAlias = (
    InfusionNumber | HoursAfterInfusion | DaysAfterInfusion | Silent | Missed | HadNoRisk | Phrase
)
"""Those that look at no measure."""

Condition: TypeAlias = Answered | Unreadable | Traced | Around | All | AnyOf | Not

KINDS: Final[Mapping[str, type[Condition]]] = {
    "at_least": AtLeast,
    "at_most": AtMost,
    "is": Is,
    "declined": Declined,
    "not_answered": NotAnswered,
    "unreadable": Unreadable,
    "rises": Rises,
    "falls": Falls,
    "rises_in_a_row": RisesInARow,
    "emerges": Emerges,
    "below_median": BelowMedian,
    "above_median": AboveMedian,
    "was_at_least": WasAtLeast,
    "was_at_most": WasAtMost,
    "was_improved": WasImproved,
    "improved_less_than": ImprovedLessThan,
    "near_baseline": NearBaseline,
    "infusion_number": InfusionNumber,
    "hours_after_infusion": HoursAfterInfusion,
    "days_after_infusion": DaysAfterInfusion,
    "silent": Silent,
    "missed": Missed,
    "had_no_risk": HadNoRisk,
    "phrase": Phrase,
    "all": All,
    "any": AnyOf,
    "not": Not,
}


def nodes(condition: Condition) -> Iterator[Condition]:
    """The condition and everything below it, as read from left to right."""
    yield condition
    if isinstance(condition, Not):
        yield from nodes(condition.of)
    elif isinstance(condition, All | AnyOf):
        for part in condition.of:
            yield from nodes(part)


def measures_of(condition: Condition) -> tuple[str, ...]:
    """The measures it looks at, each once, in the order it names them."""
    named: dict[str, None] = {}
    for node in nodes(condition):
        if isinstance(node, Unreadable):
            named.update(dict.fromkeys(SUICIDALITY))
        elif isinstance(node, Answered | Traced):
            named[node.measure] = None
    return tuple(named)
