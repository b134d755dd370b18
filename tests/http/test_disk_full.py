"""A full disk: what cannot be kept is refused with whom to call, and reading goes on."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, LiteralString

import psycopg
import pytest
from sqlalchemy.engine import make_url

from diary.database import Database
from diary.isolation import EVERYTHING
from tests.cast import Cast
from tests.client import Response
from tests.databases import Kept
from tests.http.test_bad_input import refused

# What PostgreSQL says when it cannot make a file longer; a trigger says it in its place.
_NO_ROOM = """
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'could not extend file "base/1/1": No space left on device'
        USING ERRCODE = 'disk_full';
    END $$;
    CREATE TRIGGER no_room BEFORE INSERT ON check_ins EXECUTE FUNCTION no_room()
"""


def on_file(database: Database, pragma: str) -> int:
    """Ask the driver itself: the house sends no words that it cannot read."""
    with database.transaction(write=True, bounds=EVERYTHING) as connection:
        driver: Any = connection.connection.driver_connection
        found: int = driver.execute(f"PRAGMA {pragma}").fetchone()[0]
        return found


def on_server(kept: Kept, statement: LiteralString) -> None:
    url = make_url(kept.owner).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as owner:
        owner.execute(statement)


@pytest.fixture
def make_room(kept: Kept, database: Database) -> Iterator[Callable[[], object]]:
    """The database cannot grow any more until this is called."""
    if database.is_sqlite:
        # The limit is a connection's own: leave one, and have that one full.
        database.close()
        before = on_file(database, "max_page_count")
        on_file(database, "max_page_count = 1")  # which is as many as there are
        room: Callable[[], object] = partial(on_file, database, f"max_page_count = {before}")
    else:
        on_server(kept, _NO_ROOM)
        room = partial(on_server, kept, "DROP FUNCTION IF EXISTS no_room CASCADE")
    yield room
    room()


def fill(cast: Cast) -> Response:
    """Send check-ins until one finds no room."""
    for _ in range(200):
        answer = cast.alice.check_in(si=4)
        if answer.status != 201:
            return answer
    raise AssertionError("there is room without end")


def test_what_cannot_be_kept_is_refused_and_reading_goes_on(
    cast: Cast, make_room: Callable[[], object]
) -> None:
    answer = fill(cast)
    refused(answer, 507, "storage-full")
    assert answer.json["crisis"]["emergency_numbers"] == ["112"]
    assert answer.json["crisis"]["contacts"]

    read = cast.alice.api.get("/v1/check-ins", limit=100)
    assert read.status == 200
    assert cast.alice.api.get("/v1/me").status == 200
    assert cast.erin.api.get("/v1/clinic").status == 200
    number = len(read.json["items"])
    make_room()
    assert cast.alice.check_in(si=4).status == 201
    found = cast.alice.api.get("/v1/check-ins", limit=100).json["items"]
    assert len(found) == number + 1
