"""A questionnaire as the product understands it, whichever release of FHIR it was written in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"

Texts: TypeAlias = Mapping[str, str]
"""One text by language: the document's own, and those of its translations."""

Kind: TypeAlias = Literal[
    "group",
    "display",
    "choice",
    "yes-no",
    "whole-number",
    "number",
    "text",
    "date",
    "date-time",
    "time",
    "other",
]
"""What an item is. group and display ask nothing; other cannot be asked by the product."""

Answer: TypeAlias = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Remark:
    """One line of what was found. warning: somebody has to know of it; count: how often.

    pointer: a JSON pointer to the first place. text: a sentence that repeats nothing of the file.
    """

    pointer: str
    code: str
    text: str
    warning: bool = False
    count: int = 1


@dataclass(frozen=True, slots=True)
class Coding:
    """A code. system: None where the document has none and none can be told."""

    system: str | None
    code: str


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that is offered.

    code: as an answer names it; a number or a text stands for itself. weight: its ordinalValue or
    itemWeight. prefix: what is printed before it. absent: it means that there is no answer.
    """

    pointer: str
    kind: Literal["coding", "number", "text"]
    code: str
    system: str | None
    text: Texts
    weight: float | None
    prefix: str | None
    absent: bool

    @property
    def has_words(self) -> bool:
        """Whether it is said otherwise in another language; a code that is shown itself is not."""
        return self.kind == "text" or set(self.text.values()) != {self.code}


@dataclass(frozen=True, slots=True)
class Condition:
    """Another item's answer is compared. operator: FHIR's, such as `=` or `exists`."""

    item: str
    operator: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Gate:
    """Asked only if every condition holds, or any of them."""

    every: bool
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One item, in the order of the document. within: the linkId of the one around it.

    open: an answer in one's own words is taken as well. askable: neither it nor what is around it
    is hidden or read-only. low, high: what a number is held to. gates: those of whatever is around
    it, and its own.
    """

    pointer: str
    link_id: str
    within: str | None
    kind: Kind
    codes: tuple[Coding, ...]
    text: Texts
    required: bool
    repeats: bool
    open: bool
    askable: bool
    low: float | None
    high: float | None
    options: tuple[Option, ...]
    gates: tuple[Gate, ...]

    @property
    def asks(self) -> bool:
        """Whether it can have an answer at all."""
        return self.kind not in ("group", "display")


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """What a document says. language: its own, None where it does not say."""

    url: str | None
    version: str | None
    title: Texts
    language: str | None
    copyright: Texts
    codes: tuple[Coding, ...]
    identifiers: tuple[str, ...]
    items: tuple[Item, ...]
    remarks: tuple[Remark, ...]

    @property
    def asking(self) -> tuple[Item, ...]:
        """The items that can have an answer."""
        return tuple(item for item in self.items if item.asks)

    @property
    def locales(self) -> tuple[str, ...]:
        """The languages that all that is shown has its words in, the document's own first."""
        own = self.language or ASSUMED
        shown = [item for item in self.items if item.askable]
        options = (option for item in shown for option in item.options)
        worded = (option.text for option in options if option.has_words)
        texts = [text for text in (*(item.text for item in shown), *worded) if text]
        others = set.intersection(*(set(text) for text in texts)) if texts else set()
        return (own, *sorted(others - {own}))


ASSUMED: Final = "en"
"""The language of a document that does not say: published ones are English."""
