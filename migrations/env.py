"""What Alembic runs: the steps, inside the one transaction that `migrations.exclusive` opened.

Run by the `alembic` command, to write a new step, it takes the database from the settings.
"""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, TypeDecorator

from diary.settings import load_settings
from diary.tables import metadata
from migrations import exclusive


def _plain_type(kind: str, value: object, _: AutogenContext) -> str | Literal[False]:
    """A new step is written with plain types: our own may mean something else in three years."""
    if kind == "type" and isinstance(value, TypeDecorator):
        return f"sa.{value.impl_instance!r}"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        render_item=_plain_type,
        # SQLite cannot alter most of a table; it is copied instead.
        render_as_batch=connection.dialect.name == "sqlite",
        # SQLite can roll back DDL; Alembic assumes that it cannot.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Interlude migrates a database that it is connected to, never a script.")
if (given := context.config.attributes.get("connection")) is not None:
    _run(given)
else:
    with exclusive(load_settings().database_url) as opened:
        _run(opened)
