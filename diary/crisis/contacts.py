"""Whom to call, by country. Every number was looked up in its `source` on `verified_on`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

WORLD = "ZZ"


@dataclass(frozen=True, slots=True)
class CrisisContact:
    """One crisis line, as it is dialled inside its country.

    text: the number for an SMS; text_word: what to write in it first. hours: `24/7`, or the
    local hours of every day; None where they differ.
    """

    name: str
    call: str | None
    text: str | None
    text_word: str | None
    chat: str | None
    web: str | None
    hours: str | None
    languages: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class CountryContacts:
    """Emergency numbers and crisis lines of one country.

    country: the code that was asked for, `ZZ` where it was none. listed_as: the entry that
    answered it, which may be a fallback. No emergency number: call the local one.
    """

    country: str
    listed_as: str
    emergency_numbers: tuple[str, ...]
    contacts: tuple[CrisisContact, ...]
    verified_on: str
    source: str


@cache
def _document() -> Mapping[str, Any]:
    path = Path(__file__).with_name("contacts.json")
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


@cache
def _entries() -> Mapping[str, str]:
    """The entry that speaks for each country code."""
    countries: Mapping[str, Any] = _document()["countries"]
    own = {code: code for code in countries}
    also = {code: name for name, entry in countries.items() for code in entry.get("also_for", ())}
    return also | own


def contacts_for(country: str | None) -> CountryContacts:
    """The country's contacts; for an unknown country, or none, advice that holds anywhere."""
    code = (country or "").strip().upper()
    if not (len(code) == 2 and code.isascii() and code.isalpha()):
        code = WORLD
    listed_as = _entries().get(code, WORLD)
    entry = _document()["countries"][listed_as]
    return CountryContacts(
        country=code,
        listed_as=listed_as,
        emergency_numbers=tuple(entry["emergency_numbers"]),
        contacts=tuple(
            CrisisContact(**contact | {"languages": tuple(contact["languages"])})
            for contact in entry["contacts"]
        ),
        verified_on=_document()["verified_on"],
        source=entry["source"],
    )
