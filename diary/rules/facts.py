"""What one check-in says, read for judging."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from diary.instruments.measures import MEASURES, group_of
from diary.severity import Severity

DECLINED = "declined"
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Entry:
    """An earlier check-in of the same instrument. day: the diary's, from 04:00 to 04:00."""

    recorded_at: datetime
    day: date
    measures: Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class History:
    """What was known of the same instrument when this check-in came, as far as the rules look back.

    recorded_at and day: of this check-in. entries: none recorded after it, the newest first.
    baselines: the measures of the last whole answer before the first infusion; treated_since: when
    that began. What is told against a baseline is told of answers since then.
    """

    recorded_at: datetime
    day: date
    entries: tuple[Entry, ...] = ()
    baselines: Mapping[str, int] = field(default_factory=dict)
    treated_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class AfterInfusion:
    """Where a check-in lies after the last infusion that began before it.

    days: the patient's own calendar days, 0 on the infusion's. hours: since its end, fractions
    included; since its beginning where no end is recorded.
    """

    number: int
    days: int
    hours: float


@dataclass(frozen=True, slots=True)
class Silence:
    """No check-in came. hours: since the last one. missed: days since then on which one was due.
    not_reminded: of these, those on which no reminder is known to have been delivered."""

    hours: float
    missed: int
    not_reminded: int = 0


@dataclass(frozen=True, slots=True)
class Newer:
    """The newest check-in recorded after this one and known before it came. level: its ladder
    level 0–5, None where none was read. hours: its age when this one came."""

    level: int | None
    hours: float


@dataclass(frozen=True, slots=True)
class Late:
    """A check-in that came long after it was recorded. hours: its age when it came."""

    hours: float
    newer: Newer | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """One check-in as the rules see it, or a silence, which has no answers.

    measures: the answers; an absent name was not answered. declined: items the patient chose not
    to answer. unreadable: suicidality items that were sent and cannot be read. prior: the
    suicidality severity of the check-in before this one (before a silence: of the last one), None
    where there was none. phrases: those of the rule set's list that the note holds. late: where
    it came late.

    An impossible answer is a ValueError: whoever reads the check-in names such a suicidality
    item in `unreadable` instead, so it can be neither silent nor mistaken for a level.
    """

    measures: Mapping[str, int | str]
    declined: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()
    prior: Severity | None = None
    history: History | None = None
    infusion: AfterInfusion | None = None
    silence: Silence | None = None
    phrases: tuple[str, ...] = ()
    late: Late | None = None

    def __post_init__(self) -> None:
        for name, value in self.measures.items():
            measure = MEASURES.get(name)
            if measure is None or not measure.allows(value):
                # The value stays out of the message: it is a patient's answer.
                raise ValueError(f"not a measure with a possible answer: {name}")

    def state(self, measure: str) -> int | str | None:
        """The answer, `declined`, `unreadable`, or None for not answered."""
        answer = self.measures.get(measure)
        if answer is not None:
            return answer
        if measure in self.unreadable:
            return UNREADABLE
        return DECLINED if measure in self.declined else None

    @property
    def groups(self) -> frozenset[str]:
        """What gave the answers, as far as they tell it; empty where nothing was answered."""
        given = (*self.measures, *self.declined, *self.unreadable)
        return frozenset(group_of(name) for name in given if name in MEASURES)

    @property
    def level(self) -> int | None:
        """The ladder level that was read, None where none was."""
        answer = self.measures.get("si")
        return answer if isinstance(answer, int) else None


def readings(facts: Facts) -> tuple[Facts, ...]:
    """The facts with one state an item: itself, or each way to read a body that contradicts itself.

    An item both answered and declined must not be judged by whichever is milder, and rule sets
    are only proven for items in one state; so each reading is judged and all findings count.
    """
    if not facts.declined and not facts.unreadable:
        return (facts,)
    answered, declined, unreadable = facts.measures.keys(), facts.declined, facts.unreadable
    if answered.isdisjoint(declined | unreadable) and declined.isdisjoint(unreadable):
        return (facts,)
    silent = declined | unreadable
    spoken = {name: value for name, value in facts.measures.items() if name not in silent}
    return (
        replace(facts, declined=declined - answered, unreadable=unreadable - answered - declined),
        replace(facts, measures=spoken, unreadable=unreadable - declined),
        replace(facts, measures=spoken, declined=declined - unreadable),
    )
