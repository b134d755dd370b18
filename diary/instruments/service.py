"""The instruments that a clinic brought: stored once, and never changed."""

from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select, update

from diary.errors import FieldFault, Invalid, NotFound
from diary.instruments import library
from diary.instruments.editions import (
    Edition,
    Imported,
    find,
    find_all,
    find_by_slug,
    versions,
)
from diary.instruments.errors import (
    AskedTooOften,
    LicenceNotAttested,
    LocaleDiffers,
    VersionTaken,
)
from diary.instruments.model import instruments
from diary.instruments.preparing import Prepared
from diary.work import Work

__all__ = [
    "LONGEST_LICENCE",
    "SHORTEST_LICENCE",
    "Edition",
    "Imported",
    "attest",
    "bring",
    "find",
    "find_all",
    "find_by_slug",
    "schedulable",
]


SHORTEST_LICENCE: Final = 10
LONGEST_LICENCE: Final = 4_000
"""Characters of what a person attests."""


def bring(
    work: Work, prepared: Prepared, *, source: str | None = None, licence: str | None = None
) -> tuple[Row[Any], bool]:
    """Store a version in one language; the row, and whether it is new.

    source: where the document came from. licence: what the clinic attests. The same document
    again is the one that is there. Raises VersionTaken where the version is another,
    LocaleDiffers where it is no translation of the version that is there, and Invalid for a
    licence that says nothing.
    """
    if licence is not None:
        _check(licence)
    examined = prepared.examined
    there = work.rows(versions(work.caller.clinic, prepared.slug, prepared.version))
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

    locale: that of one document, every one by default. Raises NotFound, and Invalid for a licence
    that says nothing.
    """
    _check(licence)
    rows = work.rows(versions(work.caller.clinic, slug, version))
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

    Raises Invalid for what is not there, or cannot be shown any more, LicenceNotAttested where no
    language has a licence, and AskedTooOften.
    """
    if library.find(slug, version) is not None:
        return
    found = find(work, work.caller.clinic, slug, version)
    if found is None:
        raise Invalid(errors=[FieldFault("/version", "unknown", "is no version of an instrument")])
    if not found.licensed:
        raise LicenceNotAttested
    if found.offered is None:
        raise Invalid(errors=[FieldFault("/version", "unknown", "cannot be shown any more")])
    shortest = found.shortest_interval_hours
    if shortest is not None and hours_between < shortest:
        raise AskedTooOften(f"{shortest} hours have to lie between")


def _row(work: Work, instrument_id: UUID) -> Row[Any]:
    row = work.row(
        select(instruments).where(
            instruments.c.clinic_id == work.caller.clinic, instruments.c.id == instrument_id
        )
    )
    assert row is not None
    return row


def _check(licence: str) -> None:
    fault = None
    if len(licence) < SHORTEST_LICENCE:
        fault = ("too_short", f"at least {SHORTEST_LICENCE} characters")
    elif len(licence) > LONGEST_LICENCE:
        fault = ("too_long", f"at most {LONGEST_LICENCE} characters")
    if fault is not None:
        raise Invalid(errors=[FieldFault("/licence", *fault)])


def _attested(work: Work, licence: str) -> dict[str, Any]:
    return {
        "licence": licence,
        "attested_at": work.now,
        "attested_by_kind": work.caller.kind,
        "attested_by": work.caller.id,
    }
