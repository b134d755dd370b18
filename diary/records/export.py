"""Everything that a patient gave and what was made of it, in parts of bounded size.

A part is a number of items, each of one section, in an order that does not change: whoever asks
for the part after the last one misses nothing, however long it takes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from diary.patients import service as patients
from diary.records import circumstances, sections
from diary.records.items import Found, Key
from diary.work import Work


@dataclass(frozen=True, slots=True)
class Part:
    """Some items, and where the next part begins; None after the last. A part can be short, or
    empty, before that: what is looked through for it is bounded, too."""

    items: Sequence[dict[str, Any]]
    next: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class _Section:
    name: str
    read: Callable[[Work, UUID, Key, int], Found]


# In the order of the export; each is the member of an item that holds it. At the end only: a part
# that was begun is gone on with by its number.
_SECTIONS = (
    _Section("about", sections.about),
    _Section("profile", sections.profile),
    _Section("device", sections.phones),
    _Section("consent", sections.given),
    _Section("infusion", sections.visits),
    _Section("check_in", sections.recorded),
    _Section("amendment", sections.amended),
    _Section("set_apart", sections.set_apart),
    _Section("note", sections.noted),
    _Section("alert", sections.raised),
    _Section("finding", sections.found),
    _Section("entry", sections.entered),
    _Section("disclosure", sections.disclosed),
    _Section("access", sections.accessed),
    _Section("state", circumstances.stood),
    _Section("contacts", circumstances.reached),
    _Section("location", circumstances.located),
    _Section("known_baseline", circumstances.known),
    _Section("safety_plan", circumstances.planned),
    _Section("display", circumstances.displayed),
    _Section("window", circumstances.asked),
    _Section("infusion_move", sections.moved),
    _Section("observation", sections.observed),
    _Section("departure", circumstances.left),
    _Section("course", circumstances.treated),
)
NAMES = tuple(section.name for section in _SECTIONS)


def read(work: Work, patient_id: UUID, *, limit: int, after: tuple[Any, ...] | None) -> Part:
    """The next part for a patient whom the caller can see; raises NotFound for any other.

    The patient is given no notes of the care team, and is told where there are some (ADR 0017).
    Each part leaves a trace.
    """
    number, key = (0, None) if after is None else (after[0], after[1:] or None)
    items: list[dict[str, Any]] = []
    patients.require(work, patient_id)
    work.audit("record.exported", "patient", patient_id, section=NAMES[number])
    while number < len(_SECTIONS):
        section = _SECTIONS[number]
        found = section.read(work, patient_id, key, limit - len(items))
        items += [{"section": section.name, section.name: each} for each in found.items]
        if found.next is not None:
            return Part(items, (number, *found.next))
        number, key = number + 1, None
        if len(items) == limit and number < len(_SECTIONS):
            return Part(items, (number,))
    return Part(items, None)
