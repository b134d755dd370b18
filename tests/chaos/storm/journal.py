"""What the storm did, and when, in the machine's time."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

# A fault of these kinds can keep an engine from writing down that a message arrived.
CRASHES: Final = ("kill", "doom", "restart", "terminate")


@dataclass(slots=True)
class Fault:
    """Something that went wrong on purpose.

    kind: kill, doom, restart, terminate, clock, or the receiver's mode. until: None while it
    lasts. clinic: of the endpoint that it strikes; None where it strikes all.
    """

    kind: str
    detail: str
    at: float
    until: float | None = None
    clinic: int | None = None

    def meets(self, begin: float, end: float) -> bool:
        """Whether it lay within this stretch of time, or part of it did."""
        return self.at <= end and (self.until is None or self.until >= begin)


@dataclass(slots=True)
class Journal:
    """Every fault, and what was unexpected on the way."""

    faults: list[Fault] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def begin(self, kind: str, detail: str = "", clinic: int | None = None) -> Fault:
        """A fault begins now."""
        fault = Fault(kind, detail, time.time(), clinic=clinic)
        self.faults.append(fault)
        return fault

    def end(self, fault: Fault) -> None:
        """It is over."""
        fault.until = time.time()

    def counted(self) -> Counter[str]:
        """How many there were of each."""
        return Counter(f"{each.kind} {each.detail}".strip() for each in self.faults)

    def is_near(self, kinds: tuple[str, ...], begin: float, end: float) -> bool:
        """Whether one of these kinds met this stretch of time."""
        return any(each.kind in kinds and each.meets(begin, end) for each in self.faults)
