"""What the commands of `python -m diary` have in common."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

import click
from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError

import migrations
from diary.database import UnsafeDatabase, unreachable
from diary.errors import Fault
from diary.house import open_house
from diary.settings import Settings, SettingsFault, load_settings
from diary.vault import WrongMasterKey
from diary.work import House

UNREACHABLE: Final = "The database cannot be reached, or did not answer in time."
NOT_MIGRATED: Final = "The database is not at the newest schema; run `python -m diary migrate`."
_IN_WORDS: Final = (
    SettingsFault,
    UnsafeDatabase,
    WrongMasterKey,
    migrations.BrokenReferences,
    migrations.CannotSetUp,
    CommandError,
)


# What an examination found, line by line.
OK: Final = "ok"
NOTE: Final = "note"
WARNING: Final = "warn"
FAULT: Final = "FAULT"
Line = tuple[str, str]


def printed(lines: Iterable[Line]) -> int:
    """Print what was found, as it is found; the exit code: 1 where there is a fault."""
    faults = 0
    for kind, line in lines:
        click.echo(f"{kind:6}{line}")
        faults += kind == FAULT
    return 1 if faults else 0


def plainly(command: Callable[..., None]) -> Callable[..., None]:
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
            raise click.ClickException(UNREACHABLE) from None

    return run


@contextmanager
def opened(settings: Settings) -> Iterator[House]:
    """The house, for as long as the block lasts."""
    house = open_house(settings)
    try:
        yield house
    finally:
        house.database.close()


@contextmanager
def migrated_house() -> Iterator[House]:
    """The house of the settings in the environment, which must be at the newest schema."""
    settings = load_settings()
    if not migrations.is_current(settings.database_url):
        raise click.ClickException(NOT_MIGRATED)
    with opened(settings) as house:
        yield house
