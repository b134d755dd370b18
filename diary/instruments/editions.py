"""The versions that a clinic brought, as they are asked and scored.

A version never changes, so a process keeps the ones it has read.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, select

from diary.instruments import library
from diary.instruments.fhir.documents import Refusal
from diary.instruments.fhir.model import Item, Questionnaire
from diary.instruments.fhir.reading import read
from diary.instruments.matching import Match, from_document
from diary.instruments.model import instruments
from diary.logs import logger
from diary.work import Work

_log = logger("instruments")
_KEPT: Final = 64
_HEAVY: Final = ("document", "matching", "report")
_LIGHT = [column for column in instruments.c if column.name not in _HEAVY]


@dataclass(frozen=True, slots=True)
class Edition:
    """One document: a version in its language, and in those that it was translated to within.

    match: how its answers are scored; those that are nothing but texts differ by language.
    licensed: the clinic may use its words. readable: False where the document cannot be read any
    more; its questionnaire then has the linkIds alone. It is scored all the same, and never shown.
    """

    id: UUID
    locale: str
    document: dict[str, Any]
    questionnaire: Questionnaire
    match: Match
    licensed: bool
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Imported:
    """One version. editions: at least one, the first imported first; they differ in words alone.

    shortest_interval_hours: between two administrations, None where none is known.
    """

    slug: str
    version: str
    url: str | None
    profile: str | None
    shortest_interval_hours: int | None
    editions: tuple[Edition, ...]

    @property
    def licensed(self) -> bool:
        """Whether the clinic may use it in one language at least."""
        return any(each.licensed for each in self.editions)

    @property
    def readable(self) -> "Imported | None":
        """With the editions that can be shown; None where there is none."""
        return self._with(lambda edition: edition.readable)

    @property
    def offered(self) -> "Imported | None":
        """With the editions that may be put before a patient; None where there is none."""
        return self._with(lambda edition: edition.readable and edition.licensed)

    @property
    def locales(self) -> tuple[str, ...]:
        """Every language that it can be shown in."""
        return tuple(
            dict.fromkeys(
                each for edition in self.editions for each in edition.questionnaire.locales
            )
        )

    def in_locale(self, locale: str) -> tuple[Edition, str]:
        """The edition that has the closest language, and that language."""
        to = library.closest(self.locales, locale)
        of_its_own = [each for each in self.editions if each.locale == to]
        return next(
            (each, to) for each in (*of_its_own, *self.editions) if to in each.questionnaire.locales
        )

    def _with(self, fits: Callable[[Edition], bool]) -> "Imported | None":
        editions = tuple(edition for edition in self.editions if fits(edition))
        return replace(self, editions=editions) if editions else None


def find(work: Work, clinic_id: UUID, slug: str, version: str) -> Imported | None:
    """A version that the clinic brought; None for one that it did not."""
    found = _put_together(work, clinic_id, work.rows(versions(clinic_id, slug, version)))
    return found[0] if found else None


def find_by_slug(work: Work, clinic_id: UUID, slug: str) -> list[Imported]:
    """Every version of one instrument that the clinic brought, the newest last."""
    rows = work.rows(_light(clinic_id).where(instruments.c.slug == slug))
    return _put_together(work, clinic_id, rows)


def find_all(work: Work, clinic_id: UUID) -> list[Imported]:
    """Every version that the clinic brought, by slug, the first imported first."""
    return _put_together(work, clinic_id, work.rows(_light(clinic_id)))


def versions(clinic_id: UUID, slug: str, version: str) -> Select[Any]:
    """Selects the rows of one version, one for each language, without their documents."""
    return _light(clinic_id).where(instruments.c.slug == slug, instruments.c.version == version)


def _light(clinic_id: UUID) -> Select[Any]:
    return (
        select(*_LIGHT)
        .where(instruments.c.clinic_id == clinic_id)
        .order_by(instruments.c.slug, instruments.c.id)
    )


def _put_together(work: Work, clinic_id: UUID, rows: Sequence[Row[Any]]) -> list[Imported]:
    found: dict[tuple[str, str], list[Row[Any]]] = {}
    for row in rows:
        found.setdefault((row.slug, row.version), []).append(row)
    return [
        Imported(
            slug,
            version,
            first.url,
            first.profile,
            first.shortest_interval_hours,
            tuple(_edition(work, clinic_id, row) for row in (first, *others)),
        )
        for (slug, version), (first, *others) in found.items()
    ]


class _Kept:
    """The editions that were used last; safe for threads."""

    def __init__(self) -> None:
        self._editions: OrderedDict[UUID, Edition] = OrderedDict()
        self._lock = Lock()

    def get(self, id: UUID) -> Edition | None:
        with self._lock:
            if id in self._editions:
                self._editions.move_to_end(id)
            return self._editions.get(id)

    def put(self, edition: Edition) -> None:
        with self._lock:
            self._editions[edition.id] = edition
            if len(self._editions) > _KEPT:
                self._editions.popitem(last=False)


_known = _Kept()


def _edition(work: Work, clinic_id: UUID, row: Row[Any]) -> Edition:
    licensed = row.licence is not None
    known = _known.get(row.id)
    if known is None:
        stored = work.row(
            select(instruments.c.document, instruments.c.matching).where(
                instruments.c.clinic_id == clinic_id, instruments.c.id == row.id
            )
        )
        assert stored is not None
        known = _read(row, stored.document, from_document(row.profile, stored.matching), licensed)
        _known.put(known)
    # A licence may be attested later, and by another process.
    return known if known.licensed == licensed else replace(known, licensed=licensed)


def _read(row: Row[Any], document: dict[str, Any], match: Match, licensed: bool) -> Edition:
    try:
        questionnaire = read(document, language=row.locale)
    except Refusal as refusal:
        # It was read once. Whoever answers it must not be kept from being heard.
        codes = sorted({fault.code for fault in refusal.faults})
        _log.error("instruments.unreadable", instrument_id=str(row.id), faults=codes)
        bare = _bare(row, match)
        return Edition(row.id, row.locale, document, bare, match, licensed, readable=False)
    return Edition(row.id, row.locale, document, questionnaire, match, licensed)


def _bare(row: Row[Any], match: Match) -> Questionnaire:
    """What scoring needs of a questionnaire: which items there are."""
    return Questionnaire(
        url=row.url,
        version=row.version,
        title={row.locale: row.title},
        language=row.locale,
        copyright={},
        codes=(),
        identifiers=(),
        items=tuple(
            Item(
                pointer="",
                link_id=link_id,
                within=None,
                kind="other",
                codes=(),
                text={},
                required=False,
                repeats=False,
                open=False,
                askable=False,
                low=None,
                high=None,
                options=(),
                gates=(),
            )
            for link_id in (*match.items, *match.unscored)
        ),
        remarks=(),
    )
