"""How a check-in's answers are read and scored: by the instrument that it names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from diary.checkins import answers as own_answers
from diary.checkins import scoring
from diary.checkins.brought import Brought
from diary.checkins.scoring import Scored
from diary.checkins.suicidality import suicidality_of
from diary.errors import FieldFault
from diary.instruments import library, service
from diary.instruments.library import Instrument
from diary.instruments.measures import worse
from diary.instruments.service import Imported
from diary.rules.facts import Facts
from diary.work import Work


class Form(Protocol):
    """One version of an instrument, as recording needs it.

    group: what gives its measures (`diary.instruments.measures`), None where nothing is scored.
    chained_to: the version that its scores are compared within, None where any will do.
    """

    @property
    def group(self) -> str | None: ...

    @property
    def chained_to(self) -> str | None: ...

    def faults(self, answers: Mapping[str, Any]) -> list[FieldFault]:
        """Everything in the answers that the instrument does not offer, or misses."""

    def score(self, answers: Mapping[str, Any]) -> Scored:
        """What answers without faults come to."""

    def open_and_words(self, answers: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
        """What of answers without faults may stand in the open, and what has to be sealed."""

    def suicidality(self, body: object) -> Facts | None:
        """What a body with faults says of suicidality, at its worst; None where it says nothing."""


@dataclass(frozen=True, slots=True)
class Own:
    """One of the product's own: its measures mean the same in every version."""

    instrument: Instrument

    @property
    def group(self) -> str:
        """The instrument's."""
        return self.instrument.slug

    @property
    def chained_to(self) -> None:
        """Any version."""

    def faults(self, answers: Mapping[str, Any]) -> list[FieldFault]:
        """See `Form`."""
        return own_answers.faults_in(self.instrument, answers)

    def score(self, answers: Mapping[str, Any]) -> Scored:
        """See `Form`."""
        return scoring.score(self.instrument, answers)

    def open_and_words(self, answers: Mapping[str, Any]) -> tuple[Mapping[str, Any], None]:
        """See `Form`. Nothing of it is free text."""
        return answers, None

    def suicidality(self, body: object) -> Facts | None:
        """See `Form`."""
        return suicidality_of(body)


def find(work: Work, clinic_id: UUID, slug: str, version: str, locale: str) -> Form | FieldFault:
    """The form of a version, as it was shown; what to tell a phone that names none."""
    own = library.find(slug, version)
    if own is not None:
        return Own(own)
    imported = service.find(work, clinic_id, slug, version)
    if imported is not None:
        return Brought.of(imported, locale)
    if _is_own(slug) or service.find_by_slug(work, clinic_id, slug):
        return FieldFault("/version", "unknown", "is no version of the instrument")
    return FieldFault("/instrument", "unknown", "is no instrument of the clinic's")


class Pinned(NamedTuple):
    """Which form was shown, where it is known otherwise than by the body."""

    instrument: str
    version: str
    locale: str


def said_of_suicidality(
    work: Work, clinic_id: UUID, body: object, pinned: Pinned | None = None
) -> Facts | None:
    """What a body that could not be taken says of suicidality; None where it says nothing.

    It is read as the daily check-in and as the form that it names. Where there is none such, as
    every version of that instrument, or every instrument of the clinic, whatever its name: what a
    phone gets wrong must not silence a patient.
    """
    readings = [suicidality_of(body)]
    readings += [form.suicidality(body) for form in _meant(work, clinic_id, body, pinned)]
    found = [each for each in readings if each is not None]
    return reduce(_graver, found) if found else None


def _meant(work: Work, clinic_id: UUID, body: object, pinned: Pinned | None) -> Iterable[Brought]:
    named = body if isinstance(body, Mapping) else {}
    slug, version, locale = pinned or (
        named.get("instrument"),
        named.get("version"),
        named.get("locale"),
    )
    shown = locale if isinstance(locale, str) else "en"
    found: Sequence[Imported] = ()
    if isinstance(slug, str):
        if _is_own(slug):
            return ()
        exact = service.find(work, clinic_id, slug, version) if isinstance(version, str) else None
        found = [exact] if exact else service.find_by_slug(work, clinic_id, slug)
    return [Brought.of(each, shown) for each in found or service.find_all(work, clinic_id)]


def _graver(one: Facts, other: Facts) -> Facts:
    """Two readings of one body as one, each measure at its worse."""
    measures = dict(one.measures)
    for name, value in other.measures.items():
        known = measures.get(name)
        if known is None or worse(name, value, known):
            measures[name] = value
    return Facts(measures, one.declined | other.declined, one.unreadable | other.unreadable)


def _is_own(slug: str) -> bool:
    return any(known.slug == slug for known in library.published())
