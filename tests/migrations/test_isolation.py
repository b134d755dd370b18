"""PostgreSQL keeps the clinics apart by itself, whatever a statement leaves out.

Set up as docs/operations.md says: a plain owner that migrates, and a role that serves. The guard
of `diary/guard.py` is not asked here: what is sent is the driver's own SQL.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import errors, sql
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    LargeBinary,
    String,
    Table,
    TypeDecorator,
    Uuid,
    make_url,
)

import migrations
from diary.__main__ import cli
from diary.database import UnsafeDatabase
from diary.isolation import RIGHTS, SETTING, Command, Door, clinic_column
from diary.tables import metadata
from migrations.roles import owned_tables
from tests.conftest import MASTER_KEY
from tests.postgresql import Server

pytestmark = pytest.mark.postgresql
OURS, THEIRS = UUID(int=0xA), UUID(int=0xB)
OWNER, SERVES = "interlude_owner", "interlude"
OWNED = owned_tables()


class Installation:
    """A database on a server of its own, set up by the commands of the handbook."""

    def __init__(self, server: Server) -> None:
        self.superuser = server.create_database("apart")
        with self.as_(self.superuser) as connection:
            connection.execute(
                f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD 'owns';"
                f"ALTER DATABASE {make_url(self.superuser).database} OWNER TO {OWNER}"
            )
        self.owner = self._url(OWNER, "owns")
        self.serving = self._url(SERVES, "serves")

    def _url(self, role: str, password: str) -> str:
        url = make_url(self.superuser).set(username=role, password=password)
        return url.render_as_string(hide_password=False)

    @contextmanager
    def as_(self, url: str, *settings: str) -> Iterator[psycopg.Connection[Any]]:
        """A transaction in the driver's own words, undone where it raises."""
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            for setting in settings:
                connection.execute(f"SET LOCAL {setting}".encode())
            yield connection

    def fill(self) -> None:
        """A row of each of two clinics in every table, whatever the tables ask of it."""
        with self.as_(self.superuser) as connection:
            checks = connection.execute(
                "SELECT conrelid::regclass::text, conname FROM pg_constraint "
                "WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
            ).fetchall()
            for table, name in checks:
                connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
            connection.execute("SET LOCAL session_replication_role = replica")
            for table in OWNED:
                for clinic in (OURS, THEIRS):
                    insert(connection, table, clinic)


def insert(connection: psycopg.Connection[Any], table: Table, clinic: UUID) -> None:
    row = {c.name: value_of(c.type) for c in table.c if not c.nullable or c.primary_key}
    row[clinic_column(table) or ""] = clinic
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table.name),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join([sql.Placeholder()] * len(row)),
        ),
        list(row.values()),
    )


def value_of(kind: Any) -> Any:
    """Something of that type; different each time where it may be a key."""
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    made = {
        Uuid: uuid4(),
        LargeBinary: uuid4().bytes,
        DateTime: datetime(2026, 3, 2, 9, tzinfo=UTC),
        Date: date(2026, 3, 2),
        Boolean: False,
        JSON: "{}",
        String: uuid4().hex[: getattr(kind, "length", None) or 32],
    }
    return next((value for each, value in made.items() if isinstance(kind, each)), 0)


def seen(connection: psycopg.Connection[Any], table: Table) -> set[UUID]:
    rows = connection.execute(f"SELECT {clinic_column(table)} FROM {table.name}".encode())
    return {row[0] for row in rows.fetchall()}


@pytest.fixture(scope="module")
def installed() -> Iterator[Installation]:
    with Server() as server:
        installation = Installation(server)
        migrations.upgrade(installation.owner, serving=installation.serving)
        installation.fill()
        yield installation


@pytest.fixture
def within(installed: Installation) -> Iterator[psycopg.Connection[Any]]:
    """A transaction of the serving role, within our clinic."""
    with installed.as_(installed.serving, f"{SETTING} = '{OURS}'") as connection:
        yield connection


def test_as_the_handbook_says_nothing_is_wanting(installed: Installation) -> None:
    assert migrations.isolation_faults(installed.serving) == []
    migrations.require_isolation(installed.serving)


def test_without_a_clinic_there_is_no_row_in_any_table(installed: Installation) -> None:
    with installed.as_(installed.superuser) as connection:
        assert [table.name for table in OWNED if len(seen(connection, table)) < 2] == []
    for setting in ((), (f"{SETTING} = ''",)):
        with installed.as_(installed.serving, *setting) as connection:
            assert {table.name: seen(connection, table) for table in OWNED} == {
                table.name: set() for table in OWNED
            }


def test_a_clinic_meets_its_own_rows_alone(within: psycopg.Connection[Any]) -> None:
    assert {table.name: seen(within, table) for table in OWNED} == {
        table.name: {OURS} for table in OWNED
    }
    for table in OWNED:
        own = clinic_column(table)
        done = within.execute(f"UPDATE {table.name} SET {own} = {own}".encode())
        assert done.rowcount == 1, table.name


@pytest.mark.parametrize("clinic", [OURS, None], ids=["of another clinic", "of none"])
def test_no_row_is_written_for_another_clinic(installed: Installation, clinic: UUID | None) -> None:
    with installed.as_(installed.serving, f"{SETTING} = '{clinic or ''}'") as connection:
        for table in OWNED:
            with (
                pytest.raises(errors.InsufficientPrivilege, match="row-level security"),
                connection.transaction(),
            ):
                insert(connection, table, THEIRS)


def test_no_row_is_given_away(within: psycopg.Connection[Any]) -> None:
    for table in OWNED:
        give = f"UPDATE {table.name} SET {clinic_column(table)} = '{THEIRS}'"
        with (
            pytest.raises(errors.InsufficientPrivilege, match="row-level security"),
            within.transaction(),
        ):
            within.execute(give.encode())


@pytest.mark.parametrize("door", Door)
def test_a_door_crosses_on_its_tables_and_on_no_other(installed: Installation, door: Door) -> None:
    everything = {table.name: frozenset(Command) for table in metadata.sorted_tables}
    rights = RIGHTS.get(door, everything)
    with installed.as_(installed.serving, f"ROLE {door}") as connection:
        for table in OWNED:
            if Command.SELECT in rights.get(table.name, ()):
                assert seen(connection, table) == {OURS, THEIRS}, table.name
            else:
                with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
                    seen(connection, table)
        for table in metadata.sorted_tables:
            for command in Command:
                may = connection.execute(
                    "SELECT has_table_privilege(%s, %s)", (table.name, command)
                ).fetchone()
                assert may == (command in rights.get(table.name, ()),), (table.name, command)


def test_a_door_that_only_reads_locks_nothing(installed: Installation) -> None:
    with (
        installed.as_(installed.serving, f"ROLE {Door.ANONYMOUS}") as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT id FROM staff FOR UPDATE")


def test_the_owner_is_held_as_well_unless_it_migrates(installed: Installation) -> None:
    with installed.as_(installed.owner) as connection:
        assert seen(connection, metadata.tables["patients"]) == set()
    with migrations.exclusive(installed.owner) as connection:
        rows = connection.exec_driver_sql("SELECT clinic_id FROM patients").scalars()
        assert set(rows) == {OURS, THEIRS}


def test_the_serving_role_makes_nothing_and_loosens_nothing(installed: Installation) -> None:
    for command in (
        "CREATE TABLE note (n int)",
        "ALTER TABLE patients DISABLE ROW LEVEL SECURITY",
        "DROP POLICY clinic ON patients",
        "TRUNCATE patients CASCADE",
        f"SET LOCAL ROLE {OWNER}",
        "SET LOCAL row_security = off; SELECT * FROM patients",
    ):
        with (
            installed.as_(installed.serving) as connection,
            pytest.raises(errors.InsufficientPrivilege),
        ):
            connection.execute(command.encode())


LOOSENED = {
    "api_clients": "ALTER POLICY migrating ON api_clients TO public",
    "clinics": "ALTER POLICY migrating ON clinics USING (true) WITH CHECK (true)",
    "enrolments": "DROP POLICY migrating ON enrolments; "
    "CREATE POLICY migrating ON enrolments USING (true)",
    "alerts": "ALTER TABLE alerts NO FORCE ROW LEVEL SECURITY",
    "devices": "ALTER TABLE devices DISABLE ROW LEVEL SECURITY",
    "infusions": "DROP POLICY clinic ON infusions",
    "patients": "CREATE POLICY all_of_it ON patients USING (true)",
    "policies": "ALTER POLICY clinic ON policies USING (true)",
    "sessions": "CREATE POLICY nothing ON sessions AS RESTRICTIVE USING (false)",
    "staff": "DROP POLICY interlude_door_select ON staff",
}


def test_what_somebody_loosened_is_told_and_put_right(installed: Installation) -> None:
    with installed.as_(installed.owner) as connection:
        for command in LOOSENED.values():
            connection.execute(command.encode())
        connection.execute("GRANT DELETE ON alerts TO interlude_engine")

    faults = migrations.isolation_faults(installed.serving)
    told = [table for table in LOOSENED for fault in faults if f"table {table} " in fault]
    assert sorted(told) == sorted(LOOSENED)
    with pytest.raises(UnsafeDatabase, match="would not keep clinics apart"):
        migrations.require_isolation(installed.serving)

    migrations.upgrade(installed.owner, serving=installed.serving)
    assert migrations.isolation_faults(installed.serving) == []
    with installed.as_(installed.serving) as connection:
        asked = "SELECT has_table_privilege('interlude_engine', 'alerts', 'DELETE')"
        assert connection.execute(asked).fetchone() == (False,)


def test_whoever_is_bound_by_nothing_does_not_serve(installed: Installation) -> None:
    assert "superuser" in migrations.isolation_faults(installed.superuser)[0]
    assert "owns tables" in migrations.isolation_faults(installed.owner)[0]
    with installed.as_(installed.superuser) as connection:
        connection.execute(
            "CREATE ROLE heir LOGIN PASSWORD 'inherits' IN ROLE interlude_door, "
            "interlude_engine, interlude_operator"
        )
    heir = make_url(installed.serving).set(username="heir", password="inherits")
    faults = migrations.isolation_faults(heir.render_as_string(hide_password=False))
    assert [fault.partition(" of ")[0] for fault in faults] == [
        "the role heir inherits the rights"
    ] * 3


def test_migrating_again_takes_no_lock(installed: Installation) -> None:
    """Processes serve meanwhile, and one that reads for long must not stop a new version."""
    with installed.as_(installed.serving, f"{SETTING} = '{OURS}'") as reader:
        for table in metadata.sorted_tables:
            reader.execute(f"SELECT 1 FROM {table.name}".encode())
        migrations.upgrade(installed.owner, serving=installed.serving)


def test_the_command_sets_it_up_and_the_doctor_says_so(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERLUDE_DATABASE_URL", installed.serving)
    monkeypatch.setenv("INTERLUDE_OWNER_DATABASE_URL", installed.owner)
    monkeypatch.setenv("INTERLUDE_MASTER_KEY", MASTER_KEY)
    monkeypatch.setenv("INTERLUDE_PUBLIC_URL", "https://diary.example")
    with installed.as_(installed.owner) as connection:
        connection.execute("ALTER TABLE patients NO FORCE ROW LEVEL SECURITY")

    assert "FAULT isolation: the table patients" in CliRunner().invoke(cli, ["doctor"]).output
    migrated = CliRunner().invoke(cli, ["migrate"])
    assert (migrated.exit_code, migrated.stderr) == (0, "")
    assert "ok    isolation: PostgreSQL keeps the clinics apart" in (
        CliRunner().invoke(cli, ["doctor"]).output
    )


def test_a_role_is_not_made_without_a_password(installed: Installation) -> None:
    nobody = make_url(installed.owner)._replace(username="nobody_yet", password=None)
    with pytest.raises(migrations.CannotSetUp, match="nobody_yet"):
        migrations.upgrade(installed.owner, serving=nobody.render_as_string(hide_password=False))
