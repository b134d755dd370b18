"""Phrases of a clinic's list, looked for in a note.

Case, accents, punctuation, the shape of quotation marks and apostrophes, and runs of white space
do not matter. Words are whole: `die` is not found in `diet`. Every locale's list is looked at,
since people write in their own language whatever their phone is set to.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from diary.rules.documents import Fault

Phrases: TypeAlias = Mapping[str, Sequence[str]]
"""Phrases by the locale they are written in."""

MAX_LOCALES: Final = 20
MAX_PHRASES: Final = 200
"""In one locale."""
MIN_LENGTH: Final = 2
MAX_LENGTH: Final = 100
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_NOTHING: Final = dict.fromkeys(map(ord, "'’‘‛ʼʹ′`´＇"), "")
_GAP: Final = dict.fromkeys(_NOTHING, " ")


def found(note: str, phrases: Phrases) -> tuple[str, ...]:
    """Those that the note holds, as the list has them, each once."""
    if not phrases:
        return ()
    texts = _forms(note)
    every = dict.fromkeys(phrase for listed in phrases.values() for phrase in listed)
    return tuple(
        phrase
        for phrase in every
        if any(form in text for form, text in zip(_searched(phrase), texts, strict=True))
    )


@lru_cache(maxsize=4_096)
def _searched(phrase: str) -> tuple[str, str]:
    return _forms(phrase)


def _forms(text: str) -> tuple[str, str]:
    """The text's words in plain letters with a space around each, an apostrophe being nothing or
    a gap: "don't" is written "dont", and "l'aube" holds "aube"."""
    joined, apart = text.translate(_NOTHING), text.translate(_GAP)
    return _words(joined), _words(apart)


def _words(text: str) -> str:
    return f" {' '.join(''.join(map(_plain, text)).split())} "


@lru_cache(maxsize=4_096)
def _plain(character: str) -> str:
    """A character without case and accent; a space for what is no letter.

    One by one: normalising a whole text sorts its accents, and a hostile note can make that slow.
    """
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(map(_kept, letters))


def _kept(character: str) -> str:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return ""
    is_letter = character.isalnum() or unicodedata.category(character).startswith("M")
    return character if is_letter else " "


def parse(document: object, pointer: str) -> tuple[dict[str, tuple[str, ...]], list[Fault]]:
    """The lists a document holds, and everything that is wrong with them."""
    if not isinstance(document, dict) or len(document) > MAX_LOCALES:
        detail = f"An object of up to {MAX_LOCALES} lists of phrases, each under its locale."
        return {}, [Fault(pointer, "malformed", detail)]
    faults: list[Fault] = []
    read: dict[str, tuple[str, ...]] = {}
    for locale, listed in document.items():
        at = f"{pointer}/{locale}"
        if not isinstance(locale, str) or not _LOCALE.fullmatch(locale):
            detail = "Phrases stand under a locale, such as en or pt-BR."
            faults.append(Fault(pointer, "malformed", detail))
        elif not isinstance(listed, list) or not 1 <= len(listed) <= MAX_PHRASES:
            detail = f"A locale lists 1 to {MAX_PHRASES} phrases."
            faults.append(Fault(at, "wrong_length", detail))
        else:
            wrong = [i for i, phrase in enumerate(listed) if not _is_phrase(phrase)]
            detail = f"{MIN_LENGTH} to {MAX_LENGTH} characters, two of them letters."
            faults += [Fault(f"{at}/{i}", "malformed", detail) for i in wrong]
            read[locale] = tuple(listed)
    return read, faults


def _is_phrase(phrase: object) -> bool:
    return (
        isinstance(phrase, str)
        and MIN_LENGTH <= len(phrase) <= MAX_LENGTH
        and sum(map(str.isalpha, _forms(phrase)[0])) >= 2
    )
