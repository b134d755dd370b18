"""What judging found: the only thing that can open or worsen an alert."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diary.severity import Severity

InputValue = int | str | bool | None

# Signs beside the ladder: the first time an open alert shows one, it is worse than it was.
HELP = "help"
_ACUTE = {("si_act", "yes"), ("safe_now", "no"), (HELP, True)}
_UNREADABLE = "unreadable"


def signs_in(inputs: Mapping[str, InputValue]) -> frozenset[str]:
    """The acute signs among a finding's inputs: an act, not being safe, a call for help, an
    answer that could not be read."""
    signs = {name for name, value in inputs.items() if (name, value) in _ACUTE}
    return frozenset(signs | {_UNREADABLE} if _UNREADABLE in inputs.values() else signs)


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
