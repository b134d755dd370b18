"""`python -m engine`: escalate and deliver, beside any number of API processes on PostgreSQL."""

import asyncio
import signal
import sys

from sqlalchemy.exc import DBAPIError

import migrations
from diary.database import UnsafeDatabase
from diary.house import open_house
from diary.logs import configure
from diary.settings import SettingsFault, load_settings
from diary.vault import WrongMasterKey
from engine.loop import Engine


def main() -> int:
    """Run until SIGTERM or SIGINT; what is in flight is settled first."""
    try:
        settings = load_settings()
    except SettingsFault as fault:
        print(fault, file=sys.stderr)
        return 2
    configure(settings.log_level)
    try:
        migrations.require_isolation(settings.database_url)
    except UnsafeDatabase as fault:
        print(fault, file=sys.stderr)
        return 2
    house = open_house(settings)
    if house.database.is_sqlite:
        print("On SQLite the engine runs inside the API process.", file=sys.stderr)
        return 2
    try:
        house.vault.root()
    except WrongMasterKey as fault:
        print(fault, file=sys.stderr)
        return 2
    except DBAPIError:
        # The database is away: the engine goes on looking for it.
        pass
    engine = Engine(house)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: engine.stop())
    asyncio.run(engine.run(alone=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
