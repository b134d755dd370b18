"""`python -m diary restored`: what must be done again after a restore from a backup."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import click

from diary.alerts import restore
from diary.alerts.errors import AlertResolved
from diary.callers import OPERATOR
from diary.commands import migrated_house, plainly
from diary.erasure import ledger
from diary.erasure import restore as erasures
from diary.work import House


@click.command()
@click.option(
    "--ledger",
    "ledgers",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An erasure ledger of another machine, beside INTERLUDE_ERASURE_LEDGER. Repeatable.",
)
@plainly
def restored(ledgers: tuple[Path, ...]) -> None:
    """After a restore from a backup: page every open alert again, and erase again who was erased.

    Whoever acknowledged an alert since the backup is asked anew, and each page says why it comes.
    """
    with migrated_house() as house:
        # First: nothing that is wrong with a ledger may stand between a restore and a page.
        faults = [*_page_again(house), *_erase_again(house, ledgers)]
    if faults:
        raise click.ClickException("\n".join(faults))


def _page_again(house: House) -> Iterator[str]:
    failed = paged = 0
    with house.work(OPERATOR, write=False) as work:
        found = restore.open_alerts(work)
    for clinic_id, alert_id in found:
        try:
            with house.work(OPERATOR) as work:
                restore.page_again(work, clinic_id, alert_id)
        except AlertResolved:
            continue
        except Exception as error:
            # Whatever it is, the others must be paged all the same.
            failed += 1
            _say("page", "alert", alert_id, error)
        else:
            paged += 1
    click.echo(f"{paged} open alerts are paged again.")
    if failed:
        yield f"{failed} more could not be paged again; run this once more."


def _erase_again(house: House, others: tuple[Path, ...]) -> Iterator[str]:
    own = house.settings.erasure_ledger
    paths = {*others}
    if own is not None and own.exists():
        paths.add(own)
    elif own is not None:
        yield "There is no file at INTERLUDE_ERASURE_LEDGER; right only if nobody was ever erased."
    if not paths:
        click.echo("There is no erasure ledger: nobody is erased again.")
        return
    try:
        said = ledger.read(paths, house.vault)
    except OSError:
        yield "An erasure ledger cannot be read: nobody was erased again."
        return
    again = erasures.erase_again(house, said.done)
    for erasure, error in again.failed:
        _say("erase", "patient", erasure.patient_id, error)
    click.echo(f"{again.erased} patients are erased again, {again.absent} were not there.")
    if again.failed:
        yield f"{len(again.failed)} more could not be erased again; run this once more."
    if not house.database.empty_log():
        yield "Somebody reads: a destroyed key is still in SQLite's log; run this once more."
    if said.broken:
        yield f"{said.broken} lines of the ledgers cannot be read, or are another installation's."
    for each in said.cut_off:
        yield (
            f"The erasure of patient {each.patient_id} of clinic {each.clinic_id} was cut off; "
            "it was not carried out again. Ask for it once more if it is still wanted."
        )


def _say(what: str, subject: str, which: UUID, error: Exception) -> None:
    """Its type alone: the text may be a value."""
    click.echo(f"Failed to {what} again: {subject} {which}: {type(error).__name__}", err=True)
