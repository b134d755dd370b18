"""The instruments that a clinic brought: stored once, and never changed.

A version never changes, so a process keeps the ones it has read.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, select, update

from diary.errors import FieldFault, Invalid, NotFound
from diary.instruments import library
from diary.instruments.errors import (
    AskedTooOften,
    LicenceNotAttested,
    LocaleDiffers,
    VersionTaken,
)
from diary.instruments.fhir.documents import Refusal
from diary.instruments.fhir.model import Questionnaire
from diary.instruments.fhir.reading import read
from diary.instruments.matching import Match, from_document
from diary.instruments.model import instruments
from diary.instruments.preparing import Prepared
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
    """

    id: UUID
    locale: str
    document: dict[str, Any]
    questionnaire: Questionnaire
    match: Match


@dataclass(frozen=True, slots=True)
class Imported:
    """One version. editions: at least one, the first imported first; they differ in words alone.

    shortest_interval_hours: between two administrations, None where none is known. licensed: the
    licence is attested for every language.
    """

    slug: str
    version: str
    url: str | None
    profile: str | None
    shortest_interval_hours: int | None
    licensed: bool
    editions: tuple[Edition, ...]

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


def bring(
    work: Work, prepared: Prepared, *, source: str | None = None, licence: str | None = None
) -> tuple[Row[Any], bool]:
    """Store a version in one language; the row, and whether it is new.

    source: where the document came from. licence: what the clinic attests. The same document
    again is the one that is there. Raises VersionTaken where the version is another, and
    LocaleDiffers where it is no translation of the version that is there.
    """
    examined = prepared.examined
    there = work.rows(_versions(work.caller.clinic, prepared.slug, prepared.version))
    for row in there:
        if row.locale == examined.locale:
            if (row.sha256, row.fingerprint) != (examined.sha256, prepared.fingerprint):
                raise VersionTaken
            if licence is not None:
                attest(work, row.slug, row.version, locale=row.locale, licence=licence)
            return _row(work, row.id), False
        if row.fingerprint != prepared.fingerprint:
            raise LocaleDiffers
    instrument_id = work.new_id()
    match = examined.match
    work.add(
        instruments,
        clinic_id=work.caller.clinic,
        id=instrument_id,
        slug=prepared.slug,
        version=prepared.version,
        locale=examined.locale,
        url=examined.questionnaire.url,
        title=prepared.title,
        profile=match.profile,
        document=examined.document,
        matching=match.to_document(),
        report=[asdict(remark) for remark in examined.report],
        fingerprint=prepared.fingerprint,
        sha256=examined.sha256,
        source=source,
        shortest_interval_hours=prepared.shortest_interval_hours,
        imported_at=work.now,
        imported_by_kind=work.caller.kind,
        imported_by=work.caller.id,
        **(_attested(work, licence) if licence is not None else {}),
    )
    work.audit(
        "instrument.imported",
        "instrument",
        instrument_id,
        slug=prepared.slug,
        version=prepared.version,
        locale=examined.locale,
        profile=match.profile,
        sha256=examined.sha256,
        licensed=licence is not None,
    )
    return _row(work, instrument_id), True


def attest(
    work: Work, slug: str, version: str, *, licence: str, locale: str | None = None
) -> Imported:
    """Say that the clinic may use a version, where nobody said so yet.

    locale: that of one document, every one by default. Raises NotFound.
    """
    rows = work.rows(_versions(work.caller.clinic, slug, version))
    meant = [row for row in rows if locale in (None, row.locale)]
    for row in meant:
        if row.licence is None:
            work.execute(
                update(instruments)
                .where(instruments.c.clinic_id == work.caller.clinic, instruments.c.id == row.id)
                .values(_attested(work, licence))
            )
            work.audit(
                "instrument.attested",
                "instrument",
                row.id,
                slug=slug,
                version=version,
                locale=row.locale,
            )
    found = find(work, work.caller.clinic, slug, version) if meant else None
    if found is None:
        raise NotFound
    return found


def schedulable(work: Work, slug: str, version: str, *, hours_between: int) -> None:
    """Return where it can be asked every so many hours, in the caller's clinic.

    Raises Invalid for what is not there, LicenceNotAttested, and AskedTooOften.
    """
    if library.find(slug, version) is not None:
        return
    found = find(work, work.caller.clinic, slug, version)
    if found is None:
        raise Invalid(errors=[FieldFault("/version", "unknown", "is no version of an instrument")])
    if not found.licensed:
        raise LicenceNotAttested
    shortest = found.shortest_interval_hours
    if shortest is not None and hours_between < shortest:
        raise AskedTooOften(f"{shortest} hours have to lie between")


def find(work: Work, clinic_id: UUID, slug: str, version: str) -> Imported | None:
    """A version that the clinic brought; None for one that it did not."""
    found = _put_together(work, clinic_id, work.rows(_versions(clinic_id, slug, version)))
    return found[0] if found else None


def find_all(work: Work, clinic_id: UUID) -> list[Imported]:
    """Every version that the clinic brought, by slug, the first imported first."""
    return _put_together(work, clinic_id, work.rows(_light(clinic_id)))


_known: dict[UUID, Edition] = {}


def _put_together(work: Work, clinic_id: UUID, rows: Sequence[Row[Any]]) -> list[Imported]:
    versions: dict[tuple[str, str], list[tuple[Row[Any], Edition]]] = {}
    for row in rows:
        edition = _edition(work, clinic_id, row)
        if edition is not None:
            versions.setdefault((row.slug, row.version), []).append((row, edition))
    return [
        Imported(
            slug,
            version,
            found[0][0].url,
            found[0][0].profile,
            found[0][0].shortest_interval_hours,
            all(row.licence is not None for row, _ in found),
            tuple(edition for _, edition in found),
        )
        for (slug, version), found in versions.items()
    ]


def _edition(work: Work, clinic_id: UUID, row: Row[Any]) -> Edition | None:
    known = _known.get(row.id)
    if known is None:
        stored = work.row(
            select(instruments.c.document, instruments.c.matching).where(
                instruments.c.clinic_id == clinic_id, instruments.c.id == row.id
            )
        )
        assert stored is not None
        try:
            questionnaire = read(stored.document, language=row.locale)
        except Refusal as refusal:
            # It was read once. Whoever answers it must not be kept from being heard.
            codes = sorted({fault.code for fault in refusal.faults})
            _log.error("instruments.unreadable", instrument_id=str(row.id), faults=codes)
            return None
        match = from_document(row.profile, stored.matching)
        known = Edition(row.id, row.locale, stored.document, questionnaire, match)
        if len(_known) >= _KEPT:
            _known.clear()
        _known[row.id] = known
    return known


def _light(clinic_id: UUID) -> Select[Any]:
    return (
        select(*_LIGHT)
        .where(instruments.c.clinic_id == clinic_id)
        .order_by(instruments.c.slug, instruments.c.id)
    )


def _versions(clinic_id: UUID, slug: str, version: str) -> Select[Any]:
    return _light(clinic_id).where(instruments.c.slug == slug, instruments.c.version == version)


def _row(work: Work, instrument_id: UUID) -> Row[Any]:
    row = work.row(
        select(instruments).where(
            instruments.c.clinic_id == work.caller.clinic, instruments.c.id == instrument_id
        )
    )
    assert row is not None
    return row


def _attested(work: Work, licence: str) -> dict[str, Any]:
    return {
        "licence": licence,
        "attested_at": work.now,
        "attested_by_kind": work.caller.kind,
        "attested_by": work.caller.id,
    }
