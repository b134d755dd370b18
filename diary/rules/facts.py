"""What one check-in says, read for judging."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from diary.severity import Severity


@dataclass(frozen=True, slots=True)
class Scale:
    """Whole numbers from low to high, both included."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"whole numbers from {self.low} to {self.high}"

    def allows(self, value: object) -> bool:
        """Whether the value can be an answer; True and 1.0 are not numbers here."""
        return type(value) is int and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Choices:
    """Words, ordered from harmless to worst."""

    options: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.options)

    def allows(self, value: object) -> bool:
        """Whether the value can be an answer."""
        return isinstance(value, str) and value in self.options


MEASURES: Mapping[str, Scale | Choices] = {
    "mood": Scale(0, 10),
    "anxiety": Scale(0, 10),
    "dissociation": Scale(0, 4),
    "dissociation_total": Scale(0, 16),
    "si_gate": Choices(("no", "yes")),
    "si": Scale(0, 5),
    "si_act": Choices(("no", "yes")),
    "safe_now": Choices(("yes", "unsure", "no")),
}
"""Every measure a rule can name. `dissociation` is the highest of its four items."""

SUICIDALITY = ("si_gate", "si", "si_act", "safe_now")
"""The suicidality items, in the order they are asked."""

DECLINED = "declined"
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Facts:
    """One check-in as the rules see it.

    measures: the answers; an absent name was not answered. declined: items the patient chose not
    to answer. unreadable: suicidality items that were sent and cannot be read. prior: the
    suicidality severity of the check-in before this one, None where there was none.

    An impossible answer is a ValueError: whoever reads the check-in names such a suicidality
    item in `unreadable` instead, so it can be neither silent nor mistaken for a level.
    """

    measures: Mapping[str, int | str]
    declined: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()
    prior: Severity | None = None

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
