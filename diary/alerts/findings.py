"""What judging found: the only thing that can open or worsen an alert."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from diary.instruments.measures import RISKS, steps_to
from diary.severity import Severity

InputValue = int | str | bool | None

# Signs beside the ladder: the first time an open alert shows one, it is worse than it was.
HELP = "help"
_UNREADABLE = "unreadable"
_WITHHELD = "declined"
_PHRASE = "phrase"
# What the ladder's own rank tells, and what opens it.
_RANKED = frozenset({"si", "si_gate"})


def signs_in(
    inputs: Mapping[str, InputValue], because: Iterable[Mapping[str, Any]] | None = ()
) -> frozenset[str]:
    """The signs of suicidality among a finding's inputs and evidence: an answer at or above the
    mildest that may not be silent, and every step up to it; one that was declined or could not be
    read; a phrase in a note; a call for help."""
    signs = {HELP} if inputs.get(HELP) else set()
    for name, value in inputs.items():
        if name in RISKS and value is not None:
            if value in (_UNREADABLE, _WITHHELD):
                signs.add(str(value))
            elif name not in _RANKED:
                signs.update(f"{name} {step}" for step in steps_to(name, value))
    if any(each.get("kind") == _PHRASE for each in because or ()):
        signs.add(_PHRASE)
    return frozenset(signs)


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that fired, with what made it fire.

    rule: the rule's code, such as `R1`. title: a stable code the app and the docs name it by.
    suicidality: the ladder level 0–5 that was read, None where none was. inputs: the measures
    the rule looked at, by name, as they were at that moment. because: what made it true, as plain
    JSON values, each an object with a `kind`; nothing of the note and nobody's name.
    """

    rule: str
    title: str
    severity: Severity
    suicidality: int | None
    inputs: Mapping[str, InputValue]
    because: tuple[Mapping[str, Any], ...] = ()

    @property
    def rank(self) -> tuple[Severity, int]:
        """Severity first, then the ladder: a finding is worse when its rank is higher."""
        return (self.severity, self.suicidality or 0)
