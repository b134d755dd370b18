"""How a check-in's answers are read and scored: by the instrument that it names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from diary.checkins import answers as own_answers
from diary.checkins import scoring
from diary.checkins.scoring import Scored
from diary.errors import FieldFault
from diary.instruments import library
from diary.instruments.library import Instrument


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


def find(slug: str, version: str) -> Form | FieldFault:
    """The form of a version; what to tell a phone that names none."""
    instrument = library.find(slug, version)
    if instrument is not None:
        return Own(instrument)
    if any(known.slug == slug for known in library.published()):
        return FieldFault("/version", "unknown", "is no published version of the instrument")
    return FieldFault("/instrument", "unknown", "is no published instrument")
