"""Conditions as plain JSON, read strictly: every fault is named with a pointer to its place.

Every node is an object with a `kind` and that kind's members, no others; docs/rules.md lists them.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, NamedTuple, get_args

from diary.instruments.measures import MEASURES, TRACED, Scale
from diary.rules.conditions import KINDS, Condition, Not, Traced
from diary.severity import Severity

MAX_DEPTH = 8
MAX_NODES = 100
MAX_TIMES = 10

LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "within_hours": (1, 366 * 24),
    "within_days": (1, 366),
    "after_days": (1, 60),
    "days": (2, 60),
    "entries": (1, 60),
    "running": (1, 7),
    "percent": (1, 100),
    "in_a_row": (1, 10),
    "first": (0, 1_000),
    "last": (0, 1_000),
    "more_than": (0, 24 * 366),
    "hours": (1, 24 * 30),
    "at_least": (1, 60),
}
"""The least and the most of each member that no measure limits."""
_WORDS = tuple(level.word for level in Severity)
KIND_OF: Final = {shape: kind for kind, shape in KINDS.items()}
"""How each shape is called in a document."""


class Fault(NamedTuple):
    """What is wrong with a document: where (a JSON pointer), a stable code, a sentence."""

    pointer: str
    code: str
    detail: str


def to_document(condition: Condition) -> dict[str, Any]:
    """The condition as plain JSON values."""
    document: dict[str, Any] = {"kind": KIND_OF[type(condition)]}
    for field in fields(condition):
        member = getattr(condition, field.name)
        if isinstance(member, tuple):
            member = [to_document(part) for part in member]
        elif field.name == "of":
            member = to_document(member)
        document[field.name] = member
    return document


def parse(document: object, pointer: str = "") -> tuple[Condition | None, list[Fault]]:
    """The condition a document describes, or None with everything that is wrong with it."""
    reader = _Reader()
    condition = reader.condition(document, pointer, depth=1)
    return (None if reader.faults else condition), reader.faults


class _Reader:
    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.seen = 0

    def fault(self, pointer: str, code: str, detail: str) -> None:
        self.faults.append(Fault(pointer, code, detail))

    def condition(self, document: object, pointer: str, depth: int) -> Condition | None:
        self.seen += 1
        if self.seen > MAX_NODES:
            # Said once: a hostile document must not buy one fault for each of its nodes.
            if self.seen == MAX_NODES + 1:
                self.fault(pointer, "too_many", f"A condition has at most {MAX_NODES} nodes.")
        elif depth > MAX_DEPTH:
            self.fault(pointer, "too_deep", f"A condition is at most {MAX_DEPTH} levels deep.")
        elif not isinstance(document, dict):
            self.fault(pointer, "not_an_object", "A condition is an object with a kind.")
        else:
            kind = document.get("kind")
            shape = KINDS.get(kind) if isinstance(kind, str) else None
            if shape is not None:
                return self.shaped(shape, document, pointer, depth)
            self.fault(f"{pointer}/kind", "unknown_kind", f"Known: {', '.join(KINDS)}.")
        return None

    def shaped(
        self, shape: type[Condition], document: dict[str, Any], pointer: str, depth: int
    ) -> Condition | None:
        members: dict[str, Any] = {name.name: document.get(name.name) for name in fields(shape)}
        if document.keys() != members.keys() | {"kind"}:
            wanted = ", ".join(["kind", *members])
            self.fault(pointer, "wrong_members", f"This kind has exactly: {wanted}.")
            return None
        fine = self.limited(members, pointer)
        if "measure" in members:
            fine &= self.measured(shape, members, pointer)
        if not fine:
            return None
        if shape is Not:
            members["of"] = self.condition(members["of"], f"{pointer}/of", depth + 1)
        elif "of" in members:
            members["of"] = self.parts(members["of"], f"{pointer}/of", depth + 1)
        return shape(**members)

    def measured(self, shape: type[Condition], members: Mapping[str, object], at: str) -> bool:
        name = members["measure"]
        measure = MEASURES.get(name) if isinstance(name, str) else None
        if measure is None:
            detail = f"Known: {', '.join(MEASURES)}."
            self.fault(f"{at}/measure", "unknown_measure", detail)
            return False
        is_scale, is_traced = isinstance(measure, Scale), issubclass(shape, get_args(Traced))
        wants_scale, wants_choice = is_traced or "value" in members, "choice" in members
        if (wants_scale and not is_scale) or (wants_choice and is_scale):
            detail = f"{name} is answered with a {'number' if is_scale else 'choice'}."
            self.fault(f"{at}/measure", "wrong_measure", detail)
            return False
        if is_traced and name not in TRACED:
            detail = f"Earlier answers are looked at for: {', '.join(sorted(TRACED))}."
            self.fault(f"{at}/measure", "wrong_measure", detail)
            return False
        for member in ("value", "choice"):
            if member in members and not measure.allows(members[member]):
                self.fault(f"{at}/{member}", "out_of_range", f"{name} takes {measure}.")
                return False
        if isinstance(measure, Scale):
            # No more than the scale has steps: it would never hold.
            steps = measure.high - measure.low
            for member, most in (("by", steps), ("times", min(steps, MAX_TIMES))):
                if member in members:
                    return self.within(f"{at}/{member}", members[member], 1, most)
        return True

    def limited(self, members: Mapping[str, object], at: str) -> bool:
        """Whether every member that is neither a measure's nor a condition is in its range."""
        fine = True
        for name, (low, high) in LIMITS.items():
            if name in members:
                fine &= self.within(f"{at}/{name}", members[name], low, high)
        if "after" in members and members["after"] not in _WORDS:
            self.fault(f"{at}/after", "unknown_severity", f"One of {', '.join(_WORDS)}.")
            fine = False
        first, last = members.get("first"), members.get("last")
        if fine and isinstance(first, int) and isinstance(last, int) and last < first:
            self.fault(f"{at}/last", "out_of_range", "It is not before the first.")
            fine = False
        days, entries = members.get("days"), members.get("entries")
        if fine and isinstance(days, int) and isinstance(entries, int) and days < entries:
            self.fault(f"{at}/entries", "out_of_range", "There are no more of them than days.")
            fine = False
        return fine

    def within(self, at: str, value: object, low: int, high: int) -> bool:
        fine = Scale(low, high).allows(value)
        if not fine:
            self.fault(at, "out_of_range", f"It takes {Scale(low, high)}.")
        return fine

    def parts(self, document: object, pointer: str, depth: int) -> tuple[Condition | None, ...]:
        if not isinstance(document, list) or not document:
            self.fault(pointer, "empty", "This kind takes a list of one or more conditions.")
            return ()
        # One past the limit is enough to find out that there are too many.
        few = document[: MAX_NODES + 1]
        return tuple(self.condition(part, f"{pointer}/{i}", depth) for i, part in enumerate(few))
