"""Conditions: a typed tree that says when a rule fires, and its plain JSON form.

As a document every node is an object with a `kind` and that kind's members, no others:

    {"kind": "at_least", "measure": "si", "value": 4}      also at_most
    {"kind": "is", "measure": "safe_now", "choice": "no"}
    {"kind": "declined", "measure": "si"}                  also not_answered
    {"kind": "unreadable"}                                 any suicidality item
    {"kind": "all", "of": [CONDITION, ...]}                also any
    {"kind": "not", "of": CONDITION}

An item without an answer has no level: neither `at_least`, `at_most` nor `is` holds for it.
A new kind is a dataclass, its row in KINDS, its case in `compiled` and, for a new member,
its row in the reader.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, TypeAlias

from diary.rules.facts import MEASURES, SUICIDALITY, Facts, Scale

MAX_DEPTH = 8
MAX_NODES = 100


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


Condition: TypeAlias = (
    AtLeast | AtMost | Is | Declined | NotAnswered | Unreadable | All | AnyOf | Not
)
Test: TypeAlias = Callable[[Facts], bool]

KINDS: Mapping[str, type[Condition]] = {
    "at_least": AtLeast,
    "at_most": AtMost,
    "is": Is,
    "declined": Declined,
    "not_answered": NotAnswered,
    "unreadable": Unreadable,
    "all": All,
    "any": AnyOf,
    "not": Not,
}
_KIND_OF = {shape: kind for kind, shape in KINDS.items()}


class Fault(NamedTuple):
    """What is wrong with a document: where (a JSON pointer), a stable code, a sentence."""

    pointer: str
    code: str
    detail: str


def compiled(condition: Condition) -> Test:
    """The condition as one callable, so that judging walks no tree."""
    match condition:
        case AtLeast(measure, value):
            return lambda facts: (
                isinstance(answer := facts.measures.get(measure), int) and answer >= value
            )
        case AtMost(measure, value):
            return lambda facts: (
                isinstance(answer := facts.measures.get(measure), int) and answer <= value
            )
        case Is(measure, choice):
            return lambda facts: facts.measures.get(measure) == choice
        case Declined(measure):
            return lambda facts: measure in facts.declined
        case NotAnswered(measure):
            return lambda facts: facts.state(measure) is None
        case Unreadable():
            return lambda facts: bool(facts.unreadable)
        case Not(of):
            inner = compiled(of)
            return lambda facts: not inner(facts)
        case All(parts):
            return _until([compiled(part) for part in parts], stop_at=False)
        case AnyOf(parts):
            return _until([compiled(part) for part in parts], stop_at=True)


def _until(tests: list[Test], stop_at: bool) -> Test:
    def test(facts: Facts) -> bool:
        for part in tests:
            if part(facts) is stop_at:
                return stop_at
        return not stop_at

    return test


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether the condition is true of the facts."""
    return compiled(condition)(facts)


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
        elif not isinstance(node, All | AnyOf | Not):
            named[node.measure] = None
    return tuple(named)


def to_document(condition: Condition) -> dict[str, Any]:
    """The condition as plain JSON values."""
    document: dict[str, Any] = {"kind": _KIND_OF[type(condition)]}
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
        if "measure" in members and not self.measured(members, pointer):
            return None
        if shape is Not:
            members["of"] = self.condition(members["of"], f"{pointer}/of", depth + 1)
        elif "of" in members:
            members["of"] = self.parts(members["of"], f"{pointer}/of", depth + 1)
        return shape(**members)

    def measured(self, members: Mapping[str, object], pointer: str) -> bool:
        name = members["measure"]
        measure = MEASURES.get(name) if isinstance(name, str) else None
        if measure is None:
            detail = f"Known: {', '.join(MEASURES)}."
            self.fault(f"{pointer}/measure", "unknown_measure", detail)
            return False
        wants_scale, wants_choices = "value" in members, "choice" in members
        is_scale = isinstance(measure, Scale)
        if (wants_scale and not is_scale) or (wants_choices and is_scale):
            detail = f"{name} is answered with a {'number' if is_scale else 'choice'}."
            self.fault(f"{pointer}/measure", "wrong_measure", detail)
            return False
        if wants_scale or wants_choices:
            member = "value" if wants_scale else "choice"
            if not measure.allows(members[member]):
                self.fault(f"{pointer}/{member}", "out_of_range", f"{name} takes {measure}.")
                return False
        return True

    def parts(self, document: object, pointer: str, depth: int) -> tuple[Condition | None, ...]:
        if not isinstance(document, list) or not document:
            self.fault(pointer, "empty", "This kind takes a list of one or more conditions.")
            return ()
        # One past the limit is enough to find out that there are too many.
        few = document[: MAX_NODES + 1]
        return tuple(self.condition(part, f"{pointer}/{i}", depth) for i, part in enumerate(few))
