"""How a check-in's answers are read and scored: by the instrument that it names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from diary.checkins import answers as own_answers
from diary.checkins import scoring
from diary.checkins.brought import Brought
from diary.checkins.scoring import Scored
from diary.checkins.suicidality import suicidality_of
from diary.errors import FieldFault
from diary.instruments import library, service
from diary.instruments.library import Instrument
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

    def suicidality(self, body: object) -> Facts | None:
        """What a body with faults says of suicidality; None where it says nothing."""


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
    if _nearest(work, clinic_id, slug, locale) is not None:
        return FieldFault("/version", "unknown", "is no version of the instrument")
    return FieldFault("/instrument", "unknown", "is no instrument of the clinic's")


def said_of_suicidality(work: Work, clinic_id: UUID, body: object) -> Facts | None:
    """What a body that could not be taken says of suicidality; None where it says nothing.

    It is read as the daily check-in, and where it names another instrument as that one, in
    whichever version there is: what a phone does not know yet must not silence a patient.
    """
    daily = suicidality_of(body)
    named = body if isinstance(body, Mapping) else {}
    slug, locale = (named.get(name) for name in ("instrument", "locale"))
    form = None
    if isinstance(slug, str):
        form = _nearest(work, clinic_id, slug, locale if isinstance(locale, str) else "en")
    other = None if form is None or isinstance(form, Own) else form.suicidality(body)
    if daily is None or other is None:
        return daily or other
    return Facts(
        {**other.measures, **daily.measures},
        daily.declined | other.declined,
        daily.unreadable | other.unreadable,
    )


def _nearest(work: Work, clinic_id: UUID, slug: str, locale: str) -> Form | None:
    for instrument in library.published():
        if instrument.slug == slug:
            return Own(instrument)
    brought = [each for each in service.find_all(work, clinic_id) if each.slug == slug]
    return Brought.of(brought[-1], locale) if brought else None
