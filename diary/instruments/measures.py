"""Every measure that a check-in can give, and what it can be. The one place where they are named.

A measure is what rules look at and charts show: an answer, the worst of several or a score.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


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


Measure = Scale | Choices
_NO_YES: Final = Choices(("no", "yes"))

DAILY: Final = "daily-check-in"
"""What gives the daily measures, of all the groups below the one that every day asks for."""

WEEKLY: Final = "weekly-check-in"
"""What gives the measures that change slowly."""

SUICIDALITY: Final = ("si_gate", "si", "si_act", "safe_now")
"""The suicidality items of the daily check-in, in the order they are asked."""

# What one check-in can give together, by what gives it. No measure is given by two.
GROUPS: Final[Mapping[str, Mapping[str, Measure]]] = {
    DAILY: {
        "mood": Scale(0, 10),
        "anxiety": Scale(0, 10),
        "dissociation": Scale(0, 4),
        "dissociation_total": Scale(0, 16),
        "nausea": Scale(0, 4),
        "headache": Scale(0, 4),
        "bladder_discomfort": Scale(0, 4),
        "craving": Scale(0, 4),
        "drove_before_next_morning": _NO_YES,
        "used_ketamine_elsewhere": _NO_YES,
        "si_gate": _NO_YES,
        "si": Scale(0, 5),
        "si_act": _NO_YES,
        "safe_now": Choices(("yes", "unsure", "no")),
    },
    WEEKLY: {
        "elevated_energy": Scale(0, 4),
        "little_need_for_sleep": Scale(0, 4),
        "unusual_perceptions": Scale(0, 4),
        "suspiciousness": Scale(0, 4),
        "bladder_symptoms": Scale(0, 4),
        "ketamine_craving": Scale(0, 4),
        "ketamine_use_elsewhere": _NO_YES,
    },
    "phq-9": {"phq9": Scale(0, 27), "phq9_item9": Scale(0, 3)},
    "phq-8": {"phq8": Scale(0, 24)},
    "phq-2": {"phq2": Scale(0, 6)},
    "gad-7": {"gad7": Scale(0, 21)},
    "qids-sr16": {"qids": Scale(0, 27), "qids_item12": Scale(0, 3)},
    "madrs-s": {"madrs_s": Scale(0, 54), "madrs_s_item9": Scale(0, 6)},
    "asq": {"asq": Choices(("negative", "non_acute", "acute"))},
    "c-ssrs-screener": {
        "cssrs_ideation": Scale(0, 5),
        "cssrs_behaviour": Choices(("never", "lifetime", "recent")),
    },
    "sidas": {"sidas": Scale(0, 50)},
    "cadss": {"cadss": Scale(0, 92), "cadss6": Scale(0, 24)},
}

MEASURES: Final[Mapping[str, Measure]] = {
    name: measure for group in GROUPS.values() for name, measure in group.items()
}

FLOORS: Final[Mapping[str, int | str]] = {
    "phq9_item9": 1,
    "qids_item12": 1,
    "madrs_s_item9": 2,
    "asq": "non_acute",
    "cssrs_ideation": 1,
    "cssrs_behaviour": "lifetime",
    "sidas": 1,
}
"""The measures of other instruments that tell of suicidality, each with its mildest answer that no
rule set may be silent about. MADRS-S item 9 asks for the zest for life; its anchors are even."""

RISKS: Final = frozenset((*SUICIDALITY, *FLOORS))
"""Every measure that tells of suicidality."""

TRACED: Final = frozenset(
    name
    for name, measure in MEASURES.items()
    if isinstance(measure, Scale)
    and (name not in GROUPS[DAILY] or name in ("mood", "anxiety", "dissociation", "si"))
) | {"dissociation_total"}
"""The measures whose earlier values are looked back at."""


_GROUP_OF: Final = {name: group for group, given in GROUPS.items() for name in given}


def group_of(measure: str) -> str:
    """What gives the measure."""
    return _GROUP_OF[measure]


def steps_to(measure: str, value: int | str) -> tuple[int | str, ...]:
    """The values of a measure on suicidality from its floor to this one; none below the floor."""
    scale = MEASURES[measure]
    if isinstance(scale, Choices):
        options = scale.options
        floor = options.index(str(FLOORS.get(measure, options[1])))
        return options[floor : options.index(str(value)) + 1]
    return tuple(range(int(FLOORS.get(measure, 1)), int(value) + 1))


def worse(measure: str, value: int | str, other: int | str) -> bool:
    """Whether a value of a measure on suicidality is worse than another."""
    scale = MEASURES[measure]
    if isinstance(scale, Choices):
        return scale.options.index(str(value)) > scale.options.index(str(other))
    return int(value) > int(other)
