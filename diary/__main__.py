"""`python -m diary`: what the operator does at the machine, before and beside the API."""

import re
import sys
from uuid import UUID
from zoneinfo import available_timezones

import click

import migrations
from diary import doctor, rotation
from diary.access import clinics, keys, second_factor, staff
from diary.access.permissions import Role
from diary.auditing import audit
from diary.callers import OPERATOR
from diary.commands import migrated_house, plainly
from diary.errors import NotFound
from diary.importing import instruments
from diary.rehearsing import rules
from diary.restoring import restored
from diary.settings import load_settings

# As strict as the API's own shapes, which the diary does not know.
_COUNTRY = re.compile(r"[A-Z]{2}")
_PHONE = re.compile(r"\+[1-9]\d{4,14}")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Run an Interlude installation. Every setting comes from the environment (INTERLUDE_…)."""


@cli.command()
@plainly
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
@plainly
def clinic(name: str, country: str, time_zone: str, locale: str, phone: str | None) -> None:
    """Found a clinic and print its id."""
    _require(name.strip() != "", "--name", "must not be empty")
    _require(_COUNTRY.fullmatch(country), "--country", "must be two capital letters")
    _require(time_zone in available_timezones(), "--time-zone", "is no IANA time zone")
    _require(len(locale) <= 16 and _LOCALE.fullmatch(locale), "--locale", "is no language tag")
    _require(phone is None or _PHONE.fullmatch(phone), "--phone", "must look like +12025550123")
    with migrated_house() as house, house.work(OPERATOR) as work:
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
@plainly
def administrator(clinic_id: UUID, name: str, email: str, password_stdin: bool) -> None:
    """Invite an administrator of a clinic, and print the one-time code to set a password with."""
    _require(name.strip() != "", "--name", "must not be empty")
    _require(len(email) <= 254 and _EMAIL.fullmatch(email), "--email", "is no e-mail address")
    password_hash = _password_hash() if password_stdin else None
    with migrated_house() as house:
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
@plainly
def reset_second_factor(email: str) -> None:
    """Let a member who lost the authenticator app, and the recovery codes, set up another.

    For an administrator whom no colleague can help. Ends that member's sessions.
    """
    with migrated_house() as house, house.work(OPERATOR) as work:
        member = staff.find_for_sign_in(work, email)
        _require(member is not None, "--email", "is nobody's")
        assert member is not None
        second_factor.reset(work, member.clinic_id, member.id)
    click.echo(f"{email} signs in with the password and sets up another.")


@cli.command("rotate-keys")
@plainly
def rotate_keys() -> None:
    """Make the next key to sign access tokens with, and publish it; it signs 15 minutes later.

    Tokens of the one before stay good as long as they live. Nothing has to be restarted.
    """
    with migrated_house() as house, house.work(OPERATOR) as work:
        kid, signs_from = keys.rotate(work)
    click.echo(kid)
    click.echo(f"It signs from {signs_from:%Y-%m-%d %H:%M:%S} UTC.", err=True)


@cli.command("rotate-master-key")
@plainly
def rotate_master_key() -> None:
    """Bring every key in the database under INTERLUDE_MASTER_KEY.

    The one before stands in INTERLUDE_FORMER_MASTER_KEYS, and every running process has been
    started with both. Can be cut off at any moment, and run again.
    """
    with migrated_house() as house:
        moved = rotation.rotate(house)
        with house.work(OPERATOR, write=False) as work:
            found = rotation.look(work)
        is_gone = house.database.empty_log()
    click.echo(f"{moved} data keys were wrapped anew.")
    if not found.all_anew:
        raise click.ClickException("Something is under a former master key; run this once more.")
    click.echo("Nothing is under a former master key any more.")
    if not is_gone:
        click.echo("Somebody reads: what was replaced is still in SQLite's log.", err=True)


@cli.command("doctor")
def examine() -> None:
    """Look for what would keep this installation from serving; exit 1 where something would."""
    sys.exit(doctor.run())


cli.add_command(audit)
cli.add_command(instruments)
cli.add_command(restored)
cli.add_command(rules)


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
