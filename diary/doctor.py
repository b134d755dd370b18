"""`python -m diary doctor`: what would keep this installation from serving."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import ColumnElement, exists, literal_column, select, union_all
from sqlalchemy.exc import DBAPIError

import migrations
from diary import rotation
from diary.access.model import clinics as clinic_rows
from diary.alerts import readiness
from diary.callers import OPERATOR
from diary.commands import FAULT, NOT_MIGRATED, OK, UNREACHABLE, WARNING, Line, opened, printed
from diary.database import UnsafeDatabase
from diary.erasure import ledger
from diary.erasure import restore as erasures
from diary.erasure.errors import NoErasureLedger
from diary.patients.model import ERASED, patients
from diary.settings import Settings, SettingsFault, load_settings
from diary.trail import seal
from diary.trail.chain import Broken
from diary.vault import WrongMasterKey
from diary.watch import canary, figures
from diary.watch.verdict import UNSEALED, verdict
from diary.work import House
from diary.wrapped import data_keys

_OWNERS = union_all(
    select(clinic_rows.c.id.label("clinic_id"), clinic_rows.c.id),
    select(patients.c.clinic_id, patients.c.id).where(patients.c.state != ERASED),
).subquery()
_WITHOUT_A_KEY: Final = select(_OWNERS.c.id).where(
    ~exists().where(
        data_keys.c.clinic_id == _OWNERS.c.clinic_id,
        data_keys.c.id == _OWNERS.c.id,
        data_keys.c.wrapped.is_not(None),
    )
)


def run() -> int:
    """Print what was found; 1 where there is a fault."""
    return printed(_examine())


def _examine() -> Iterator[Line]:
    zones = len(available_timezones())
    if zones:
        yield OK, f"time zones: {zones} known"
    else:
        yield FAULT, "time zones: no data; add tzdata"
    try:
        settings = load_settings()
    except SettingsFault as fault:
        for line in str(fault).splitlines():
            yield FAULT, f"settings: {line}"
        return
    yield OK, "settings: complete"
    try:
        yield from _examine_database(settings)
    except WrongMasterKey as fault:
        yield FAULT, f"keys: {fault}"
    except UnsafeDatabase as fault:
        yield FAULT, f"database: {fault}"
    except (DBAPIError, sqlite3.Error):
        # The driver's own words may carry the address and the password.
        yield FAULT, f"database: {UNREACHABLE}"


def _examine_database(settings: Settings) -> Iterator[Line]:
    if not migrations.is_current(settings.database_url):
        yield FAULT, f"schema: {NOT_MIGRATED}"
        return
    with opened(settings) as house:
        with house.work(OPERATOR, write=False) as work:
            on = house.database
            version: ColumnElement[str] = literal_column(
                "sqlite_version()" if on.is_sqlite else "version()"
            )
            row = work.row(select(version.label("version")))
            real = select(clinic_rows.c.id).where(clinic_rows.c.id != canary.CLINIC)
            founded = work.rows(real.order_by(clinic_rows.c.id))
        release = str(row.version).split(" (")[0] if row is not None else "?"
        yield OK, f"database: {'SQLite ' if house.database.is_sqlite else ''}{release}"
        yield OK, "schema: the newest"
        apart = migrations.isolation_faults(settings.database_url)
        for sentence in apart:
            yield FAULT, f"isolation: {sentence}"
        if not apart and not house.database.is_sqlite:
            yield OK, "isolation: PostgreSQL keeps the clinics apart"
        yield from _examine_keys(house)
        yield from _examine_erasures(house)
        if not founded:
            yield OK, "clinics: none yet; `python -m diary clinic` founds one"
        for one in founded:
            yield from _examine_clinic(house, one.id)
        yield from _examine_escalation(house)


def _examine_clinic(house: House, clinic_id: UUID) -> Iterator[Line]:
    caller = OPERATOR.within(clinic_id)
    with house.work(caller, write=False) as work:
        found = readiness.report(work)
    if found.ready:
        yield OK, f"clinic {clinic_id}: ready"
    else:
        missing = ", ".join(found.missing)
        yield FAULT, f"clinic {clinic_id}: alerts would reach nobody; missing: {missing}"
    with house.work(caller, write=False) as work:
        try:
            seal.check(work, clinic_id)
        except Broken as broken:
            text = f"the audit trail is broken at sequence {broken.sequence}: {broken.why}"
            yield WARNING, f"clinic {clinic_id}: {text}; run `python -m diary audit verify`"
            return
        oldest = seal.oldest_unsealed(work, clinic_id)
        if oldest is not None and work.now - oldest > UNSEALED:
            minutes = (work.now - oldest) // timedelta(minutes=1)
            yield WARNING, f"clinic {clinic_id}: the audit trail is unsealed for {minutes} minutes"


def _examine_escalation(house: House) -> Iterator[Line]:
    with house.work(OPERATOR, write=False) as work:
        seen = figures.read(work)
    if not seen.engines:
        yield OK, "escalation: no engine runs now, so there is nothing to look at"
        return
    judged = verdict(seen)
    for reason in judged.reasons:
        yield FAULT, f"escalation: {reason.text}"
    for warning in judged.warnings:
        yield WARNING, f"escalation: {warning.text}"
    if not judged.reasons:
        yield OK, f"escalation: {len(seen.engines)} engines alive, nothing is late"


def _examine_keys(house: House) -> Iterator[Line]:
    with house.work(OPERATOR, write=False) as work:
        found = rotation.look(work)
        without = len(work.rows(_WITHOUT_A_KEY))
    if without:
        yield FAULT, f"keys: {without} clinics or patients have none; restore a backup"
    if not found.all_anew:
        yield (
            WARNING,
            f"keys: {found.clinics} clinics' are still under a former master key; "
            "`python -m diary rotate-master-key` brings them over",
        )
    elif house.settings.former_master_keys:
        yield WARNING, "keys: nothing needs INTERLUDE_FORMER_MASTER_KEYS any more; take it away"
    else:
        yield OK, "keys: all under the master key"


def _examine_erasures(house: House) -> Iterator[Line]:
    if house.settings.erasure_ledger is None:
        yield OK, "erasures: refused; INTERLUDE_ERASURE_LEDGER is not set"
        return
    try:
        said = ledger.Ledger.of(house).read()
    except NoErasureLedger as fault:
        yield FAULT, f"erasures: {fault.detail}"
        return
    with house.work(OPERATOR, write=False) as work:
        back = erasures.back(work, said.done)
    if back:
        yield FAULT, f"erasures: {back} patients are back; run `python -m diary restored`"
    if said.broken:
        yield FAULT, f"erasures: {said.broken} lines of the ledger cannot be read"
    if said.cut_off:
        yield WARNING, f"erasures: {len(said.cut_off)} were cut off; the next one settles them"
    if not back and not said.broken:
        yield OK, f"erasures: {len(said.done)} in the ledger, nobody is back"
