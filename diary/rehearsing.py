"""`python -m diary rules`: try a rule set before it is published."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import click

from diary.access import clinics
from diary.callers import OPERATOR
from diary.commands import migrated_house, plainly
from diary.errors import Invalid, NotFound
from diary.rehearsal.counts import Count
from diary.rehearsal.service import DAYS, USUALLY, Progress, Report, rehearse
from diary.rehearsal.tally import Tally
from diary.rules.publishing.publication import Gap
from diary.rules.ruleset import RuleSet
from diary.rules.service import examined
from diary.severity import Severity

_OF_RULES: Final = ("rule", "now", "would", "newly", "no longer", "patients")
_OF_SEVERITIES: Final = ("gravest", "now", "would", "patients")


@click.group()
def rules() -> None:
    """Look after rule sets."""


@rules.command("dry-run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--clinic", "clinic_id", required=True, type=click.UUID)
@click.option(
    "--days",
    type=click.IntRange(DAYS.start, DAYS.stop - 1),
    default=USUALLY,
    show_default=True,
    help="How far back.",
)
@plainly
def dry_run(file: Path, clinic_id: UUID, days: int) -> None:
    """Say what a rule set would have found in a clinic, beside the one in force; change nothing."""
    ruleset, gap = _read(file)
    caller = OPERATOR.within(clinic_id)
    with migrated_house() as house:
        with house.work(caller, write=False) as work:
            try:
                clinics.get(work)
            except NotFound:
                raise click.BadParameter("there is no such clinic", param_hint="--clinic") from None
        for found in rehearse(house, caller, ruleset, gap, days=days):
            if isinstance(found, Progress):
                done = found.patients == found.of
                click.echo(f"\r{found.patients} of {found.of} patients", err=True, nl=done)
            else:
                click.echo("\n".join(_written(found)))


def _read(file: Path) -> tuple[RuleSet, Gap | None]:
    try:
        document: Any = json.loads(file.read_text("utf-8"))
    except ValueError:
        raise click.ClickException(f"{file.name} is no JSON.") from None
    try:
        return examined(document)
    except Invalid as invalid:
        lines = [
            f"{each.pointer.removeprefix('/document') or '/'}: {each.code}: {each.detail}"
            for each in invalid.errors
        ]
        raise click.ClickException("\n".join([f"{file.name} is no rule set.", *lines])) from None


def _written(report: Report) -> Iterator[str]:
    tally = report.tally
    yield (
        f"From {report.since:%Y-%m-%d %H:%M} to {report.until:%Y-%m-%d %H:%M} UTC, beside version "
        f"{report.compared_with}: {tally.check_ins} check-ins, {tally.amendments} amendments and "
        f"{tally.set_apart} kept apart, of {tally.patient_count} patients."
    )
    if report.gap is not None:
        yield f"It could not go live: {report.gap.sentence}"
    yield ""
    yield from _table(
        [
            _OF_RULES,
            *(
                (
                    each.code,
                    *(count.times for count in (each.now, each.would, each.newly, each.no_longer)),
                    each.would.patient_count,
                )
                for each in tally.rules
            ),
        ]
    )
    yield ""
    yield from _table(
        [
            _OF_SEVERITIES,
            *(
                (each.severity.word, each.now.times, each.would.times, each.would.patient_count)
                for each in tally.severities
            ),
        ]
    )
    yield ""
    yield from _differences(tally)
    if tally.not_replayed:
        yield f"They wait for silence, and were not tried: {', '.join(tally.not_replayed)}."


def _differences(tally: Tally) -> Iterator[str]:
    yield f"Patients newly told about: {tally.newly_told.count}"
    yield from (f"  {each}" for each in tally.newly_told.patient_ids)
    yield f"Patients no longer told about: {tally.no_longer_told.count}"
    yield from (f"  {each}" for each in tally.no_longer_told.patient_ids)
    yield from _examples("Check-ins that would weigh more", tally.weigh_more)
    yield from _examples("Check-ins that would weigh less", tally.weigh_less)


def _examples(what: str, count: Count) -> Iterator[str]:
    yield f"{what}: {count.times}"
    for each in count.examples:
        change = f"{_word(each.severity_now)} → {_word(each.severity)}"
        yield f"  {each.check_in_id} of {each.patient_id}, {change}: {each.explanation}"


def _word(severity: Severity | None) -> str:
    return "nothing" if severity is None else severity.word


def _table(rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Lined up: the first column to the left, the others to the right."""
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = [f"{cell!s:>{width}}" for cell, width in zip(rest, widths[1:], strict=True)]
        yield "  ".join([f"{first!s:<{widths[0]}}", *cells])
