"""`python -m diary`: what the operator does at the machine, before and beside the API."""

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import click
from alembic.util.exc import CommandError
from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.exc import DBAPIError

import migrations
from diary import rotation
from diary.access import clinics, keys, second_factor, staff
from diary.access.model import clinics as clinic_rows
from diary.access.permissions import Role
from diary.alerts import readiness, restore
from diary.alerts.errors import AlertResolved
from diary.callers import OPERATOR
from diary.database import UnsafeDatabase, unreachable
from diary.erasure import ledger
from diary.erasure import restore as erasures
from diary.erasure.errors import NoErasureLedger
from diary.errors import Fault, NotFound
from diary.house import open_house
from diary.settings import Settings, SettingsFault, load_settings
from diary.vault import WrongMasterKey
from diary.watch import canary, figures
from diary.watch.verdict import verdict
from diary.work import House

_UNREACHABLE = "The database cannot be reached, or did not answer in time."
_IN_WORDS = (
    SettingsFault,
    UnsafeDatabase,
    WrongMasterKey,
    migrations.BrokenReferences,
    migrations.CannotSetUp,
    CommandError,
)
_NOT_MIGRATED = "The database is not at the newest schema; run `python -m diary migrate`."
# As strict as the API's own shapes, which the diary does not know.
_COUNTRY = re.compile(r"[A-Z]{2}")
_PHONE = re.compile(r"\+[1-9]\d{4,14}")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Run an Interlude installation. Every setting comes from the environment (INTERLUDE_…)."""


def _plainly(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what can go wrong into one sentence; anything else is a defect and keeps its trace."""

    @wraps(command)
    def run(**options: Any) -> None:
        try:
            command(**options)
        except _IN_WORDS as fault:
            raise click.ClickException(str(fault)) from None
        except Fault as fault:
            said = "; ".join(filter(None, (fault.title, fault.detail)))
            raise click.ClickException(f"{said}.") from None
        except DBAPIError as error:
            if not unreachable(error):
                raise
            raise click.ClickException(_UNREACHABLE) from None

    return run


@cli.command()
@_plainly
def migrate() -> None:
    """Bring the database to the newest schema; harmless where it is there.

    On PostgreSQL also the roles, their rights and the row-level security: run it as the owner of
    the tables (INTERLUDE_OWNER_DATABASE_URL). The role of INTERLUDE_DATABASE_URL is made with the
    password in it, where it is not there yet.
    """
    settings = load_settings()
    url, owner = settings.database_url, settings.owner_database_url
    as_owner = url if owner is None else owner.get_secret_value()
    migrations.upgrade(as_owner, serving=url)
    click.echo(f"The database is at {migrations.current(as_owner)}.")
    for fault in migrations.isolation_faults(url):
        click.echo(f"Clinics would not be kept apart: {fault}.", err=True)


@cli.command()
@click.option("--name", required=True, help="As patients know it.")
@click.option("--country", required=True, help="ISO 3166, two letters: whose crisis lines apply.")
@click.option("--time-zone", required=True, help="IANA, such as Europe/Madrid.")
@click.option("--locale", default="en", show_default=True, help="BCP 47.")
@click.option("--phone", help="E.164, such as +12025550123.")
@_plainly
def clinic(name: str, country: str, time_zone: str, locale: str, phone: str | None) -> None:
    """Found a clinic and print its id."""
    _require(name.strip() != "", "--name", "must not be empty")
    _require(_COUNTRY.fullmatch(country), "--country", "must be two capital letters")
    _require(time_zone in available_timezones(), "--time-zone", "is no IANA time zone")
    _require(len(locale) <= 16 and _LOCALE.fullmatch(locale), "--locale", "is no language tag")
    _require(phone is None or _PHONE.fullmatch(phone), "--phone", "must look like +12025550123")
    with _migrated_house() as house, house.work(OPERATOR) as work:
        clinic_id = clinics.create(
            work, name=name, country=country, time_zone=time_zone, locale=locale, phone=phone
        )
    click.echo(clinic_id)


@cli.command()
@click.option("--clinic", "clinic_id", required=True, type=click.UUID)
@click.option("--name", required=True)
@click.option("--email", required=True)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input and set it now."
)
@_plainly
def administrator(clinic_id: UUID, name: str, email: str, password_stdin: bool) -> None:
    """Invite an administrator of a clinic, and print the one-time code to set a password with."""
    _require(name.strip() != "", "--name", "must not be empty")
    _require(len(email) <= 254 and _EMAIL.fullmatch(email), "--email", "is no e-mail address")
    password_hash = _password_hash() if password_stdin else None
    with _migrated_house() as house:
        with house.work(OPERATOR.within(clinic_id)) as work:
            try:
                clinics.get(work)
            except NotFound:
                raise click.BadParameter("there is no such clinic", param_hint="--clinic") from None
            invited = staff.invite(work, clinic_id, name=name, email=email, role=Role.CLINIC_ADMIN)
            if password_hash is not None:
                staff.activate(work, code=invited.code, password_hash=password_hash)
        issuer = house.settings.issuer
    if password_hash is not None:
        click.echo(f"{email} can sign in.")
        return
    click.echo(invited.code)
    click.echo(
        f"Good once, until {invited.expires_at:%Y-%m-%d %H:%M} UTC. To set a password of at least "
        f"{staff.PASSWORD_LENGTH.start} characters:\n"
        f"curl {issuer}/v1/staff/activations -H 'Content-Type: application/json' "
        f'-d \'{{"code": "{invited.code}", "password": "…"}}\'',
        err=True,
    )


@cli.command("reset-second-factor")
@click.option("--email", required=True)
@_plainly
def reset_second_factor(email: str) -> None:
    """Let a member who lost the authenticator app, and the recovery codes, set up another.

    For an administrator whom no colleague can help. Ends that member's sessions.
    """
    with _migrated_house() as house, house.work(OPERATOR) as work:
        member = staff.find_for_sign_in(work, email)
        _require(member is not None, "--email", "is nobody's")
        assert member is not None
        second_factor.reset(work, member.clinic_id, member.id)
    click.echo(f"{email} signs in with the password and sets up another.")


@cli.command("rotate-keys")
@_plainly
def rotate_keys() -> None:
    """Make the next key to sign access tokens with, and publish it; it signs 15 minutes later.

    Tokens of the one before stay good as long as they live. Nothing has to be restarted.
    """
    with _migrated_house() as house, house.work(OPERATOR) as work:
        kid, signs_from = keys.rotate(work)
    click.echo(kid)
    click.echo(f"It signs from {signs_from:%Y-%m-%d %H:%M:%S} UTC.", err=True)


@cli.command("rotate-master-key")
@_plainly
def rotate_master_key() -> None:
    """Bring every key in the database under INTERLUDE_MASTER_KEY.

    The one before stands in INTERLUDE_FORMER_MASTER_KEYS, and every running process has been
    started with both. Can be cut off at any moment, and run again.
    """
    with _migrated_house() as house:
        moved = rotation.rotate(house)
        with house.work(OPERATOR, write=False) as work:
            found = rotation.look(work)
    click.echo(f"{moved} data keys were wrapped anew.")
    if not found.all_anew:
        raise click.ClickException("Something is under a former master key; run this once more.")
    click.echo("Nothing is under a former master key any more.")


@cli.command()
@click.option(
    "--ledger",
    "ledgers",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An erasure ledger of another machine, beside INTERLUDE_ERASURE_LEDGER. Repeatable.",
)
@_plainly
def restored(ledgers: tuple[Path, ...]) -> None:
    """After a restore from a backup: page every open alert again, and erase again who was erased.

    Whoever acknowledged an alert since the backup is asked anew, and each page says why it comes.
    """
    with _migrated_house() as house:
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
        except DBAPIError:
            # The others must be paged all the same.
            failed += 1
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
    click.echo(f"{again.erased} patients are erased again, {again.absent} were not there.")
    if again.failed:
        yield f"{again.failed} more could not be erased again; run this once more."
    if said.broken:
        yield f"{said.broken} lines of the ledgers cannot be read, or are another installation's."
    for each in said.cut_off:
        yield (
            f"The erasure of patient {each.patient_id} of clinic {each.clinic_id} was cut off; "
            "it was not carried out again. Ask for it once more if it is still wanted."
        )


@cli.command()
def doctor() -> None:
    """Look for what would keep this installation from serving; exit 1 where something would."""
    faults = 0
    for fault, line in _examine():
        click.echo(f"{'FAULT' if fault else 'ok':6}{line}")
        faults += fault
    sys.exit(1 if faults else 0)


def _examine() -> Iterator[tuple[bool, str]]:
    zones = len(available_timezones())
    yield zones == 0, f"time zones: {zones} known" if zones else "time zones: no data; add tzdata"
    try:
        settings = load_settings()
    except SettingsFault as fault:
        for line in str(fault).splitlines():
            yield True, f"settings: {line}"
        return
    yield False, "settings: complete"
    try:
        yield from _examine_database(settings)
    except UnsafeDatabase as fault:
        yield True, f"database: {fault}"
    except WrongMasterKey as fault:
        yield True, f"keys: {fault}"
    except (DBAPIError, sqlite3.Error):
        # The driver's own words may carry the address and the password.
        yield True, f"database: {_UNREACHABLE}"


def _examine_database(settings: Settings) -> Iterator[tuple[bool, str]]:
    migrated = migrations.is_current(settings.database_url)
    if not migrated:
        yield True, f"schema: {_NOT_MIGRATED}"
        return
    with _house(settings) as house:
        with house.work(OPERATOR, write=False) as work:
            on = house.database
            version: ColumnElement[str] = literal_column(
                "sqlite_version()" if on.is_sqlite else "version()"
            )
            row = work.row(select(version.label("version")))
            real = select(clinic_rows.c.id).where(clinic_rows.c.id != canary.CLINIC)
            founded = work.rows(real.order_by(clinic_rows.c.id))
        release = str(row.version).split(" (")[0] if row is not None else "?"
        yield False, f"database: {'SQLite ' if house.database.is_sqlite else ''}{release}"
        yield False, "schema: the newest"
        apart = migrations.isolation_faults(settings.database_url)
        for sentence in apart:
            yield True, f"isolation: {sentence}"
        if not apart and not house.database.is_sqlite:
            yield False, "isolation: PostgreSQL keeps the clinics apart"
        yield from _examine_keys(house)
        yield from _examine_erasures(house)
        if not founded:
            yield False, "clinics: none yet; `python -m diary clinic` founds one"
        for one in founded:
            with house.work(OPERATOR.within(one.id), write=False) as work:
                found = readiness.report(work)
            missing = ", ".join(found.missing)
            state = "ready" if found.ready else f"alerts would reach nobody; missing: {missing}"
            yield not found.ready, f"clinic {one.id}: {state}"
        with house.work(OPERATOR, write=False) as work:
            seen = figures.read(work)
        if not seen.engines:
            yield False, "escalation: no engine runs now, so there is nothing to look at"
            return
        judged = verdict(seen)
        for reason in judged.reasons:
            yield True, f"escalation: {reason.text}"
        for warning in judged.warnings:
            yield False, f"escalation: {warning.text}"
        if not judged.reasons:
            yield False, f"escalation: {len(seen.engines)} engines alive, nothing is late"


def _examine_keys(house: House) -> Iterator[tuple[bool, str]]:
    with house.work(OPERATOR, write=False) as work:
        found = rotation.look(work)
    if not found.all_anew:
        yield (
            False,
            f"keys: {found.clinics} clinics' are still under a former master key; "
            "`python -m diary rotate-master-key` brings them over",
        )
    elif house.settings.former_master_keys:
        yield False, "keys: nothing needs INTERLUDE_FORMER_MASTER_KEYS any more; take it away"
    else:
        yield False, "keys: all under the master key"


def _examine_erasures(house: House) -> Iterator[tuple[bool, str]]:
    if house.settings.erasure_ledger is None:
        yield False, "erasures: refused; INTERLUDE_ERASURE_LEDGER is not set"
        return
    try:
        said = ledger.Ledger.of(house).read()
    except NoErasureLedger as fault:
        yield True, f"erasures: {fault.detail}"
        return
    with house.work(OPERATOR, write=False) as work:
        back = erasures.back(work, said.done)
    if back:
        yield True, f"erasures: {back} patients are back; run `python -m diary restored`"
    if said.broken:
        yield True, f"erasures: {said.broken} lines of the ledger cannot be read"
    if said.cut_off:
        yield False, f"erasures: {len(said.cut_off)} were cut off; the next one settles them"
    if not back and not said.broken:
        yield False, f"erasures: {len(said.done)} in the ledger, nobody is back"


@contextmanager
def _house(settings: Settings) -> Iterator[House]:
    house = open_house(settings)
    try:
        yield house
    finally:
        house.database.close()


@contextmanager
def _migrated_house() -> Iterator[House]:
    settings = load_settings()
    if not migrations.is_current(settings.database_url):
        raise click.ClickException(_NOT_MIGRATED)
    with _house(settings) as house:
        yield house


def _password_hash() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    allowed = staff.PASSWORD_LENGTH
    _require(
        len(password) in allowed,
        "--password-stdin",
        f"the password must have {allowed.start} to {allowed.stop - 1} characters",
    )
    return staff.hash_password(password)


def _require(good: object, option: str, fault: str) -> None:
    if not good:
        raise click.BadParameter(fault, param_hint=option)


if __name__ == "__main__":
    cli(prog_name="python -m diary")
