"""What a person is told in the same response as their answer, whatever delivery does."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from diary.crisis.contacts import CountryContacts, CrisisContact, contacts_for
from diary.crisis.coverage import Coverage, emergency_words, text_locale, texts
from diary.severity import Severity


class GuidanceLevel(StrEnum):
    """How urgently the text speaks."""

    NONE = "none"
    SUPPORT = "support"
    URGENT = "urgent"
    EMERGENCY = "emergency"

    @classmethod
    def of(cls, severity: Severity | None) -> "GuidanceLevel":
        """The level for what judging found; None is an answer in which no rule saw risk."""
        return _LEVELS[severity]


_LEVELS: Mapping[Severity | None, GuidanceLevel] = {
    None: GuidanceLevel.NONE,
    Severity.LOW: GuidanceLevel.SUPPORT,
    Severity.MODERATE: GuidanceLevel.SUPPORT,
    Severity.HIGH: GuidanceLevel.URGENT,
    Severity.CRITICAL: GuidanceLevel.EMERGENCY,
}


@dataclass(frozen=True, slots=True)
class Guidance:
    """Words, numbers and hours for one person now.

    Where `emergency_numbers` is empty, the text says to call the local one. no_driving_until: None
    where no infusion was given so lately.
    """

    level: GuidanceLevel
    text: str
    locale: str
    emergency_numbers: tuple[str, ...]
    contacts: tuple[CrisisContact, ...]
    clinic_name: str
    clinic_phone: str | None
    coverage: Coverage
    crisis_pack: str
    contacts_verified_on: str
    safety_plan: "PlanLink | None" = None
    no_driving_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlanLink:
    """Where the person's own safety plan is, and which version: a phone may have it already."""

    version: int
    path: str = "/v1/me/safety-plan"


@dataclass(frozen=True, slots=True)
class CrisisPack:
    """The same help for a phone without a network. `version` changes whenever any word does."""

    version: str
    country: str
    locale: str
    texts: Mapping[str, str]
    emergency_numbers: tuple[str, ...]
    contacts: tuple[CrisisContact, ...]
    contacts_verified_on: str


def guidance(
    severity: Severity | None,
    *,
    country: str | None,
    locale: str,
    clinic_name: str,
    clinic_phone: str | None,
    coverage: Coverage,
    looking: bool = False,
) -> Guidance:
    """What to say to a person whose answer was judged this grave; never that all is well.

    looking: they only look what became of it, and have answered nothing just now.
    """
    known, said = contacts_for(country), text_locale(locale)
    level = GuidanceLevel.of(severity)
    clinic = ""
    if clinic_phone:
        clinic = texts()[said]["clinic"].format(name=clinic_name, phone=clinic_phone)
    wanted = texts()[said]["looking" if looking else "level"][level]
    sentences = [_filled(each, known, said, clinic) for each in wanted]
    return Guidance(
        level=level,
        text=" ".join(filter(None, sentences)),
        locale=said,
        emergency_numbers=known.emergency_numbers,
        contacts=known.contacts,
        clinic_name=clinic_name,
        clinic_phone=clinic_phone,
        coverage=coverage,
        crisis_pack=crisis_pack_path(country, locale),
        contacts_verified_on=known.verified_on,
    )


def crisis_pack(country: str | None, locale: str) -> CrisisPack:
    """The offline help of a country; for an unknown country or locale the widest that holds."""
    known, said = contacts_for(country), text_locale(locale)
    content: dict[str, Any] = {
        "country": known.country,
        "locale": said,
        "texts": {
            name: _filled(each, known, said, "") for name, each in texts()[said]["pack"].items()
        },
        "emergency_numbers": known.emergency_numbers,
        "contacts": known.contacts,
        "contacts_verified_on": known.verified_on,
    }
    plain = content | {"contacts": [asdict(contact) for contact in known.contacts]}
    version = sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]
    return CrisisPack(version=version, **content)


def crisis_pack_path(country: str | None, locale: str) -> str:
    """Where the pack is fetched, without a token."""
    code, said = contacts_for(country).country, text_locale(locale)
    return f"/v1/crisis-pack?country={code}&locale={said}"


def _filled(sentence: str, known: CountryContacts, said: str, clinic: str) -> str:
    """The sentence with this country's numbers. What a clinic calls itself is never a template."""
    emergency = emergency_words(known.emergency_numbers, said)
    danger = texts()[said]["danger"].format(emergency=emergency)
    crisis = _crisis(known.contacts[0], said)
    return sentence.format(emergency=emergency, danger=danger, crisis=crisis, clinic=clinic)


def _crisis(contact: CrisisContact, said: str) -> str:
    """One sentence on how to reach the country's first crisis line."""
    words = texts()[said]["crisis"]
    call, text = contact.call, contact.text
    if call and contact.hours and contact.hours != "24/7":
        call = words["hours"].format(call=call, hours=contact.hours)
    if text and contact.text_word:
        text = words["word"].format(word=contact.text_word, text=text)
    way = "_".join(name for name, number in (("call", call), ("text", text)) if number) or "web"
    return str(words[way]).format(name=contact.name, call=call, text=text, web=contact.web)
