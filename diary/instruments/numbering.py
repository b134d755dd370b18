"""The numbers that stand at the answers to an item: their codes, or what is printed. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from diary.instruments.fhir.model import Option

_CODE: Final = re.compile(r"(-?\d{1,9})", re.ASCII)
_PREFIX: Final = re.compile(r"\s*\(?(-?\d{1,9})\s*[.):=]?\s*", re.ASCII)
# A number that opens a text and is set apart: neither `2 or more` nor `5-6 hours`.
_OPENING: Final = re.compile(r"\s*\(?(\d{1,3})\s*(?:[.):=–—-]\s*(?!\d).*)?", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Numbering:
    """A number for each of the answers, in their order. printed: people see it before the words."""

    numbers: tuple[int, ...]
    printed: bool = False

    def is_just(self, wanted: Sequence[int]) -> bool:
        """Whether the numbers are those, in whichever order."""
        return sorted(self.numbers) == list(wanted)

    @property
    def is_consecutive(self) -> bool:
        """Whether each number stands there once and none is left out between."""
        return self.is_just(range(min(self.numbers), min(self.numbers) + len(self.numbers)))

    @property
    def ranks(self) -> tuple[int, ...]:
        """The place of each number among them, the lowest 0."""
        ordered = sorted(self.numbers)
        return tuple(ordered.index(number) for number in self.numbers)


def numberings(options: Sequence[Option]) -> list[Numbering]:
    """Those that every answer has a number of: the codes, the prefixes, and what opens the texts.

    The last is one only where it is consecutive: words may open with a number of anything.
    """
    codes = _all(_CODE, [option.code for option in options])
    prefixes = _all(_PREFIX, [option.prefix or "" for option in options])
    texts = _all(_OPENING, [next(iter(option.text.values()), "") for option in options])
    return [
        *([Numbering(codes)] if codes else []),
        *([Numbering(prefixes, printed=True)] if prefixes else []),
        *([opening] if texts and (opening := Numbering(texts)).is_consecutive else []),
    ]


def _all(form: re.Pattern[str], texts: Sequence[str]) -> tuple[int, ...]:
    found = [form.fullmatch(text) for text in texts]
    numbers = tuple(int(match[1]) for match in found if match is not None)
    return numbers if len(numbers) == len(texts) else ()
