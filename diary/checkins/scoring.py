"""What the answers of a check-in come to: the measures that are kept and that rules look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from diary.checkins.answers import DECLINED
from diary.instruments.library import Instrument
from diary.instruments.measures import DAILY, GROUPS, MEASURES

COLUMNS: Final = ("mood", "anxiety", "dissociation", "dissociation_total", "si")
"""The measures that have a column of their own."""

_DISSOCIATION: Final = 4


@dataclass(frozen=True, slots=True)
class Scored:
    """What the server computes. The measures are those of `diary.instruments.measures`, absent
    where they were not answered; `dissociation` is the highest of its items, `dissociation_total`
    their sum where all four were answered. total and band: of an imported instrument."""

    measures: Mapping[str, int | str]
    declined: frozenset[str] = frozenset()
    total: int | None = None
    band: str | None = None

    def columns(self) -> dict[str, Any]:
        """The check-in's columns. A gate that was answered no is a level of 0."""
        kept: dict[str, Any] = {name: self.measures.get(name) for name in COLUMNS}
        if kept["si"] is None and self.measures.get("si_gate") == "no":
            kept["si"] = 0
        daily = GROUPS[DAILY]
        others = {name: value for name, value in self.measures.items() if name not in daily}
        return kept | {"scores": others or None, "total": self.total, "band": self.band}


def score(instrument: Instrument, answers: Mapping[str, Any]) -> Scored:
    """Score answers without faults to one of the product's own instruments."""
    measures: dict[str, int | str] = {}
    declined: set[str] = set()
    dissociation: list[int] = []
    for item in instrument.items:
        name = item.measure if item.measure in MEASURES else item.id
        answer = answers.get(item.id)
        if answer is None or name not in MEASURES:
            continue
        if answer == DECLINED:
            declined.add(name)
        elif name == "dissociation":
            dissociation.append(answer)
        else:
            measures[name] = answer
    if dissociation:
        measures["dissociation"] = max(dissociation)
        declined.discard("dissociation")
    if len(dissociation) == _DISSOCIATION:
        measures["dissociation_total"] = sum(dissociation)
    return Scored(measures, frozenset(declined))
