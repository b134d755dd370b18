"""`python -m diary instruments`: bring a clinic's questionnaires, or look what they are."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from diary.access import clinics
from diary.callers import OPERATOR
from diary.commands import FAULT, NOTE, OK, WARNING, Line, migrated_house, plainly, printed
from diary.errors import Fault, FieldFault, Invalid, NotFound
from diary.instruments import service
from diary.instruments.fhir import documents
from diary.instruments.fhir.documents import LARGEST, Refusal
from diary.instruments.matching import Match
from diary.instruments.preparing import Examined, examine, prepare
from diary.instruments.responses import answers_of
from diary.instruments.scoring import PROFILES
from diary.work import House

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FILES = click.argument("files", nargs=-1, required=True, type=_FILE)
_PROFILE = click.option("--profile", help="What scores it, where its items have no codes.")
_LOCALE = click.option("--locale", help="Its language, where the file does not say; else English.")


@click.group()
def instruments() -> None:
    """Bring questionnaires as FHIR files (JSON, R4 or R5)."""


@instruments.command()
@_FILES
@_PROFILE
@_LOCALE
@click.option("--response", type=_FILE, help="Score this QuestionnaireResponse by each of them.")
@plainly
def check(files: tuple[Path, ...], response: Path | None, **beside: str | None) -> None:
    """Say what an import would find, with no database; exit 1 where a file would be refused."""
    sys.exit(printed(line for path in files for line in _looked_at(path, response, beside)))


@instruments.command("import")
@_FILES
@click.option("--clinic", "clinic_id", required=True, type=click.UUID)
@_PROFILE
@_LOCALE
@click.option("--slug", help="Its name; that of the profile by default.")
@click.option("--version", help="The file's own by default, or made of its digest.")
@click.option("--licence", help="Attest that the clinic may use it: which licence, from whom.")
@click.option("--source", help="Where it came from.")
@plainly
def bring(files: tuple[Path, ...], clinic_id: UUID, **said: str | None) -> None:
    """Keep files as versions of a clinic's instruments; exit 1 where one is refused.

    Each file is kept by itself. The same file again is the version that is there.
    """
    with migrated_house() as house:
        with house.work(OPERATOR.within(clinic_id), write=False) as work:
            try:
                clinics.get(work)
            except NotFound:
                raise click.BadParameter("there is no such clinic", param_hint="--clinic") from None
        code = printed(line for path in files for line in _brought(house, clinic_id, path, said))
    sys.exit(code)


def _looked_at(path: Path, response: Path | None, beside: dict[str, str | None]) -> Iterator[Line]:
    def look() -> list[Line]:
        examined = _examined(path, beside)
        scored = [] if response is None else [_scored(response, examined.match)]
        return _lines(path, examined) + scored

    yield from _refused_in_words(path, look)


def _scored(path: Path, match: Match) -> Line:
    answered = answers_of(_read(path), match)
    if match.profile is None:
        return WARNING, f"  {path.name}: nothing scores it"
    score = PROFILES[match.profile].score(answered.answers)
    stated = answered.stated_total
    said = f"total {score.total} ({score.band}), {score.missing} missing"
    differs = stated is not None and stated != score.total
    beside = "" if stated is None else f"; it states {stated:g} itself"
    return WARNING if differs or answered.faults else OK, f"  {path.name}: {said}{beside}"


def _brought(
    house: House, clinic_id: UUID, path: Path, said: dict[str, str | None]
) -> Iterator[Line]:
    def bring() -> list[Line]:
        examined = _examined(path, said)
        prepared = prepare(examined, PROFILES, slug=said["slug"], version=said["version"])
        with house.work(OPERATOR.within(clinic_id)) as work:
            row, is_new = service.bring(
                work, prepared, source=said["source"], licence=said["licence"]
            )
        kept = "kept" if is_new else "was there"
        lines = _lines(path, examined)
        lines.append((OK, f"  {kept} as {row.slug} {row.version} ({row.locale})"))
        if row.licence is None:
            lines.append((WARNING, "  no licence is attested: it cannot be scheduled"))
        return lines

    yield from _refused_in_words(path, bring)


def _refused_in_words(path: Path, read: Callable[[], list[Line]]) -> Iterator[Line]:
    try:
        yield from read()
    except Refusal as refusal:
        yield from _faults(path, refusal.faults)
    except Invalid as invalid:
        yield from _faults(path, invalid.errors)
    except Fault as fault:
        yield FAULT, f"{path.name}: {fault.title}"


def _examined(path: Path, said: dict[str, str | None]) -> Examined:
    return examine(_read(path), PROFILES, profile=said["profile"], locale=said["locale"])


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        document: dict[str, Any] = documents.parsed(file.read(LARGEST + 1))
    return document


def _lines(path: Path, examined: Examined) -> list[Line]:
    match = examined.match
    asking = len(examined.questionnaire.asking)
    what = match.profile or "no profile"
    said = f"{path.name}: {what}, {len(match.items)} of {asking} items scored, {examined.locale}"
    return [
        (WARNING if match.profile is None else OK, said),
        *(
            (
                WARNING if remark.warning else NOTE,
                f"  {remark.code}: {remark.text} ({_where(remark.pointer, remark.count)})",
            )
            for remark in examined.report
        ),
    ]


def _where(pointer: str, count: int) -> str:
    place = pointer or "the whole"
    return place if count == 1 else f"{count} times, first at {place}"


def _faults(path: Path, faults: tuple[FieldFault, ...]) -> Iterator[Line]:
    yield FAULT, f"{path.name}: refused"
    for fault in faults:
        yield FAULT, f"  {fault.code}: {fault.detail} ({fault.pointer or 'the whole'})"
