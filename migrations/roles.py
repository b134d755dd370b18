"""Who may do what in PostgreSQL: the roles, their rights and the row-level security of every table.

Brought to what `diary/isolation.py` says each time a database is migrated, after the steps and in
their transaction. So a new table needs no step of its own for it, and whatever somebody has
loosened by hand is put right. What is as it should be is left alone: no table is locked for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Table, text

from diary.isolation import RIGHTS, SETTING, Command, Door, clinic_column
from diary.tables import metadata

# Says that whoever owns the tables migrates: steps must see the rows that they change.
MIGRATES = "interlude.migrates"
# As PostgreSQL writes these conditions itself, so that they can be compared.
_CLINIC = f"(NULLIF(current_setting('{SETTING}'::text, true), ''::text))::uuid"
_MIGRATING = f"(current_setting('{MIGRATES}'::text, true) = 'on'::text)"


class CannotSetUp(Exception):
    """The owner of the database may not make what is missing."""


@dataclass(frozen=True, slots=True)
class _Policy:
    """A policy of one table. A row is met where any of those for a role and command lets it be."""

    table: str
    name: str
    command: str
    role: str
    condition: str

    def made(self, quote: Any) -> str:
        conditions = {
            "SELECT": f"USING ({self.condition})",
            "DELETE": f"USING ({self.condition})",
            "INSERT": f"WITH CHECK ({self.condition})",
        }
        both = f"USING ({self.condition}) WITH CHECK ({self.condition})"
        return (
            f"CREATE POLICY {self.name} ON {self.table} FOR {self.command} "
            f"TO {self.role if self.role == 'public' else quote(self.role)} "
            f"{conditions.get(self.command, both)}"
        )


def owned_tables() -> list[Table]:
    """The tables whose rows are clinics'."""
    return [table for table in metadata.sorted_tables if clinic_column(table) is not None]


def establish(connection: Connection, serving: URL) -> None:
    """Bring roles, rights and policies to what they should be. serving: how the processes connect;
    its role is made, with the password in it, where there is none. Raises CannotSetUp.
    """
    owner = connection.scalar(text("SELECT current_user"))
    login = serving.username
    _make_roles(connection)
    if login and login != owner:
        _make_login(connection, login, serving.password)
    _grant(connection, login if login != owner else None)
    _secure(connection)


def faults(connection: Connection) -> Iterator[str]:
    """What keeps row-level security from holding whoever is connected; a sentence each."""
    me = connection.execute(
        text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    ).one()
    if me.rolsuper or me.rolbypassrls:
        yield f"the role {me.rolname} is a superuser or has BYPASSRLS, and no policy holds it"
    owned = connection.scalars(
        text(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
            "AND pg_has_role(tableowner, 'USAGE')"
        )
    ).all()
    if owned and not me.rolsuper:
        yield f"the role {me.rolname} owns tables, and can loosen what holds it"
    doors = [str(door) for door in Door]
    known = set(connection.scalars(text("SELECT rolname FROM pg_roles"))) & set(doors)
    for door in doors:
        if door not in known:
            yield f"the role {door} is not there"
            continue
        inherited, may = connection.execute(
            text("SELECT pg_has_role(:door, 'USAGE'), pg_has_role(:door, 'MEMBER')"),
            {"door": door},
        ).one()
        if inherited and not me.rolsuper:
            yield f"the role {me.rolname} inherits the rights of {door}, and must not"
        elif not may:
            yield f"the role {me.rolname} is no member of {door}"
    secured, policies, owners = _secured(connection), _policies(connection), _owners(connection)
    for table in owned_tables():
        if table.name not in secured:
            yield f"the table {table.name} has no forced row-level security"
        # The owner's own may be missing, which shows nobody more; of that name it must be this one.
        wanted = set(_wanted(table, owners.get(table.name, "")))
        found = policies.get(table.name, set())
        if found | {each for each in wanted if each.name == "migrating"} != wanted:
            yield f"the policies of the table {table.name} are not the ones that they should be"


def _make_roles(connection: Connection) -> None:
    there = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
    for door in Door:
        if door not in there:
            _require_may_create(connection, door)
            # Roles are the whole server's: another database's migrator may be at it as well.
            _run(
                connection,
                f"DO $$ BEGIN CREATE ROLE {door} NOLOGIN NOINHERIT; "
                "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
            )


def _make_login(connection: Connection, login: str, password: object) -> None:
    quote = connection.dialect.identifier_preparer.quote_identifier
    known = connection.scalar(
        text("SELECT 1 FROM pg_roles WHERE rolname = :login"), {"login": login}
    )
    if not known:
        if not password:
            raise CannotSetUp(
                f"the role {login} is not there, and INTERLUDE_DATABASE_URL has no password for it"
            )
        driver = connection.connection.driver_connection
        assert driver is not None
        # Hashed here: the password itself would stand in PostgreSQL's log.
        hashed = driver.pgconn.encrypt_password(str(password).encode(), login.encode()).decode()
        _require_may_create(connection, login)
        _run(connection, f"CREATE ROLE {quote(login)} LOGIN NOINHERIT PASSWORD '{hashed}'")
    # Each transaction says which of them it is; to be all of them at once would undo the policies.
    option = ""
    if (connection.dialect.server_version_info or (0,)) >= (16,):
        option = " WITH INHERIT FALSE, SET TRUE"
    for door in Door:
        member = connection.execute(
            text(
                "SELECT pg_has_role(:login, :door, 'MEMBER'), pg_has_role(:login, :door, 'USAGE')"
            ),
            {"login": login, "door": str(door)},
        ).one()
        if tuple(member) != (True, False):
            _run(connection, f"GRANT {door} TO {quote(login)}{option}")


def _require_may_create(connection: Connection, role: str) -> None:
    may = text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    if not connection.scalar(may):
        raise CannotSetUp(f"the role {role} is not there, and the owner may not create roles")


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def _grant(connection: Connection, login: str | None) -> None:
    """The rights of each role on each table, whatever they were."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    everything = {table.name: frozenset(Command) for table in metadata.sorted_tables}
    rights = {str(door): dict(of) for door, of in RIGHTS.items()}
    rights[Door.OPERATOR] = everything
    if login is not None:
        rights[login] = everything
    had = _rights(connection)
    for role, of_tables in rights.items():
        # What a process looks at before it starts.
        wanted = {**of_tables, "alembic_version": frozenset({Command.SELECT})}
        for table in [*everything, "alembic_version"]:
            commands = wanted.get(table, frozenset())
            if had.get((role, table), frozenset()) == commands:
                continue
            _run(connection, f"REVOKE ALL ON {table} FROM {quote(role)}")
            if commands:
                listed = ", ".join(sorted(commands))
                _run(connection, f"GRANT {listed} ON {table} TO {quote(role)}")


def _rights(connection: Connection) -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for role, table, right in connection.execute(
        text(
            "SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants "
            "WHERE table_schema = current_schema()"
        )
    ):
        found.setdefault((role, table), set()).add(right)
    return {key: frozenset(rights) for key, rights in found.items()}


def _secure(connection: Connection) -> None:
    quote = connection.dialect.identifier_preparer.quote_identifier
    secured, policies, owners = _secured(connection), _policies(connection), _owners(connection)
    for table in owned_tables():
        there = policies.get(table.name, set())
        wanted = set(_wanted(table, owners[table.name]))
        for policy in sorted(there - wanted, key=lambda each: each.name):
            _run(connection, f"DROP POLICY {quote(policy.name)} ON {table.name}")
        for policy in sorted(wanted - there, key=lambda each: each.name):
            _run(connection, policy.made(quote))
        if table.name not in secured:
            enabled = "ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
            _run(connection, f"ALTER TABLE {table.name} {enabled}")


def _wanted(table: Table, owner: str) -> Iterator[_Policy]:
    """Everyone meets the rows of the clinic that is set; a door those that it may cross to."""
    yield _Policy(table.name, "clinic", "ALL", "public", f"({clinic_column(table)} = {_CLINIC})")
    yield _Policy(table.name, "operator", "ALL", Door.OPERATOR, "true")
    yield _Policy(table.name, "migrating", "ALL", owner, _MIGRATING)
    for door, rights in RIGHTS.items():
        for command in sorted(rights.get(table.name, ())):
            name = f"{door}_{command.lower()}"
            yield _Policy(table.name, name, command, door, "true")


def _owners(connection: Connection) -> dict[str, str]:
    rows = connection.execute(
        text("SELECT tablename, tableowner FROM pg_tables WHERE schemaname = current_schema()")
    )
    return {row.tablename: row.tableowner for row in rows}


def _secured(connection: Connection) -> set[str]:
    return set(
        connection.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
                "AND relrowsecurity AND relforcerowsecurity"
            )
        )
    )


def _policies(connection: Connection) -> dict[str, set[_Policy]]:
    found: dict[str, set[_Policy]] = {}
    rows = connection.execute(
        text(
            "SELECT tablename, policyname, cmd, roles, qual, with_check, permissive "
            "FROM pg_policies WHERE schemaname = current_schema()"
        )
    )
    for row in rows:
        conditions = {row.qual, row.with_check} - {None}
        # One that says different things of reading and writing is none of ours.
        condition = conditions.pop() if len(conditions) == 1 else "?"
        if row.permissive != "PERMISSIVE":
            condition = "?"
        policy = _Policy(row.tablename, row.policyname, row.cmd, ",".join(row.roles), condition)
        found.setdefault(row.tablename, set()).add(policy)
    return found
