"""A document on its way to be an instrument: examined, then named. Pure; may take a while."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Final

import orjson

from diary.errors import FieldFault, Invalid
from diary.instruments import library
from diary.instruments.fhir import documents
from diary.instruments.fhir.model import ASSUMED, Questionnaire, Remark
from diary.instruments.fhir.parts import LANGUAGE
from diary.instruments.fhir.reading import read
from diary.instruments.matching import Match, match, report
from diary.instruments.recognising import Profiles

SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", re.ASCII)
_DIGITS_OF_SHA: Final = 12


@dataclass(frozen=True, slots=True)
class Examined:
    """What a document is. sha256: of the document as `documents.canonical` writes it."""

    document: Mapping[str, Any]
    questionnaire: Questionnaire
    match: Match
    sha256: str
    report: tuple[Remark, ...]

    @property
    def locale(self) -> str:
        """The language that it is in."""
        return self.questionnaire.language or ASSUMED


@dataclass(frozen=True, slots=True)
class Prepared:
    """What can be stored. fingerprint: of all but the words; equal in every language."""

    examined: Examined
    slug: str
    version: str
    title: str
    shortest_interval_hours: int | None
    fingerprint: str


def examine(
    document: object,
    profiles: Profiles,
    *,
    locale: str | None = None,
    profile: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Examined:
    """Read a document and match it with a profile.

    locale: its language, where the document does not say. Raises Refusal for the document, and
    Invalid for what was said beside it.
    """
    if locale is not None and not (len(locale) <= 16 and LANGUAGE.fullmatch(locale)):
        raise _beside("/locale", "invalid_format", "a language tag is needed")
    if mapping is not None and not all(isinstance(key, str) for key in mapping.values()):
        raise _beside("/mapping", "wrong_type", "it leads from linkIds to item keys")
    checked = documents.checked(document)
    questionnaire = read(checked, language=locale)
    if locale is not None and locale != questionnaire.language:
        raise _beside("/locale", "language_differs", "the document says another language")
    found = match(questionnaire, profiles, profile=profile, mapping=mapping)
    return Examined(
        checked,
        questionnaire,
        found,
        sha256(documents.canonical(checked)).hexdigest(),
        tuple(report(questionnaire, found)),
    )


def prepare(
    examined: Examined,
    profiles: Profiles,
    *,
    slug: str | None = None,
    version: str | None = None,
) -> Prepared:
    """Name what was examined; raises Invalid.

    slug: that of the profile by default. version: the document's own, or the first digits of its
    digest where it has none.
    """
    questionnaire, profile = examined.questionnaire, examined.match.profile
    slug = slug or profile
    if slug is None:
        raise _beside("/slug", "required", "what no profile fits needs a name")
    if not SLUG.fullmatch(slug):
        raise _beside("/slug", "invalid_format", "small letters, digits and hyphens are needed")
    if any(own.slug == slug for own in library.published()):
        raise _beside("/slug", "reserved", "an instrument of the product has this name")
    version = version or questionnaire.version or examined.sha256[:_DIGITS_OF_SHA]
    if not VERSION.fullmatch(version):
        raise _beside("/version", "invalid_format", "this cannot stand in an address; give another")
    said = questionnaire.title.get(examined.locale)
    return Prepared(
        examined,
        slug,
        version,
        said or (profiles[profile].title if profile else slug),
        profiles[profile].shortest_interval_hours if profile else None,
        _fingerprint(questionnaire, examined.match),
    )


def _fingerprint(questionnaire: Questionnaire, found: Match) -> str:
    """A digest of what is asked and how it is scored, whatever the language.

    An answer that is nothing but a text counts by its place: it is translated. Gates count at the
    item that has them.
    """
    gates = {item.link_id: item.gates for item in questionnaire.items}
    items = [
        (
            item.link_id,
            item.within,
            item.kind,
            item.required,
            item.repeats,
            item.open,
            [
                (place if option.kind == "text" else option.code, option.system, option.weight)
                for place, option in enumerate(item.options)
            ],
            [asdict(gate) for gate in item.gates[len(gates.get(item.within or "", ())) :]],
        )
        for item in questionnaire.items
    ]
    texts = {
        (item.link_id, option.code): place
        for item in questionnaire.items
        for place, option in enumerate(item.options)
        if option.kind == "text"
    }
    answers = sorted(
        (link_id, str(texts.get((link_id, code), code)), value)
        for (link_id, code), value in found.answers.items()
    )
    scored = [found.profile, sorted(found.items.items()), answers]
    return sha256(orjson.dumps([items, scored])).hexdigest()


def _beside(pointer: str, code: str, detail: str) -> Invalid:
    return Invalid(errors=[FieldFault(pointer, code, detail)])
