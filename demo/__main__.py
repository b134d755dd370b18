"""`python -m demo`, or `make run`: a clinic with six weeks of history, an API and a receiver."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from types import FrameType
from uuid import UUID
from zoneinfo import ZoneInfo

import migrations
from demo.calls import NotRunning, Refused, access_token, call
from demo.minute import minute
from demo.place import HOST, PLACE, ROOT, Place, settings
from demo.receiver import Receiver
from demo.seed import listen, listens, seed
from demo.story import ZONE
from diary.database import UnsafeDatabase
from diary.house import open_house
from diary.ids import new_id
from diary.settings import PREFIX

_READY_WITHIN = 30  # seconds
_ENDS_WITHIN = 15


class CannotStart(Exception):
    """One sentence that says what to do."""


def main() -> int:
    """Start everything, say what to try, and run until interrupted."""
    try:
        port, receiver_port = _port("PORT", 8000), _port("RECEIVER_PORT", 8900)
        environment = PLACE.environment(port)
        prepare(PLACE, environment, f"http://{HOST}:{receiver_port}/hook")
        _run(PLACE, environment, port, receiver_port)
    except (CannotStart, UnsafeDatabase, NotRunning, Refused) as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            f"\nEnded. The data stays in {_shown(PLACE.folder)}/; `make run` starts with it again."
        )
    return 0


def prepare(place: Place, environment: dict[str, str], hook: str) -> None:
    """The demo's database: made on the first run, kept from then on; alerts lead to `hook`."""
    ours = settings(environment)
    if not place.credentials.exists():
        if place.database.exists():
            raise CannotStart(
                f"{place.credentials} is gone, and nobody can sign in without it; "
                f"delete {place.folder} to start from nothing."
            )
        print("First run: living through six weeks …", flush=True)
        # Under another name until it is complete: an interrupted first run leaves nothing behind.
        unfinished = place.folder / "first-run.db"
        for file in place.folder.glob(f"{unfinished.name}*"):
            file.unlink()
        started = ours.model_copy(update={"database_url": f"sqlite:///{unfinished}"})
        migrations.upgrade(started.database_url)
        yesterday = datetime.now(ZoneInfo(ZONE)).date() - timedelta(days=1)
        opens = seed(started, yesterday)
        unfinished.replace(place.database)
        place.keep_json(place.credentials.name, opens)
    migrations.upgrade(ours.database_url)
    known = place.read_json(place.credentials.name)
    clinic, erin = UUID(known["clinic"]), UUID(known["staff"]["erin"]["id"])
    house = open_house(ours)
    try:
        if not (place.webhook_secret.exists() and listens(house, clinic, hook)):
            place.keep(place.webhook_secret, listen(house, clinic, erin, hook) + "\n")
    finally:
        house.database.close()


def _run(place: Place, environment: dict[str, str], port: int, receiver_port: int) -> None:
    url = f"http://{HOST}:{port}"
    running = place.folder / "running.json"
    with _receiver(place, receiver_port), _api(place, environment, port) as api:
        _wait_until_ready(api, url)
        place.keep_json(running.name, {"url": url})
        try:
            for name in ("bob", "alice"):
                access_token(place, name)
            _say(place, url, receiver_port)
            api.wait()
        finally:
            running.unlink(missing_ok=True)
        # Ctrl-C does not come here: an API that ended by itself ends the demo.
        raise CannotStart(f"The API ended by itself; {_shown(place.log)} says why.")


@contextmanager
def _receiver(place: Place, port: int) -> Iterator[None]:
    with Receiver(place, port) as receiver:
        Thread(target=receiver.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            receiver.shutdown()


@contextmanager
def _api(place: Place, environment: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The API in a process of its own; its log goes to a file."""
    command = [
        str(Path(sys.executable).with_name("granian")),
        *("--interface", "wsgi", "--host", HOST, "--port", str(port)),
        *("--workers", "1", "--blocking-threads", "8", "wsgi:app"),
    ]
    # Settings of another installation, set in this shell, are not the demo's.
    inherited = {name: v for name, v in os.environ.items() if not name.startswith(PREFIX)}
    with place.log.open("ab") as log:
        # In a group of its own: Ctrl-C reaches this process, which ends the other in its turn.
        api = subprocess.Popen(  # noqa: S603 — our own words alone
            command,
            cwd=ROOT,
            env=inherited | environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield api
    finally:
        api.terminate()
        try:
            api.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(api.pid, signal.SIGKILL)
            api.wait()


def _wait_until_ready(api: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline:
        if api.poll() is not None:
            break
        try:
            call("GET", f"{url}/health/ready")
            return
        except (NotRunning, Refused):
            time.sleep(0.1)
    raise CannotStart(f"The API did not start; {_shown(PLACE.log)} says why.")


def _say(place: Place, url: str, receiver_port: int) -> None:
    folder = _shown(place.folder)
    lines = minute(url, folder, datetime.now(UTC), new_id(), new_id())
    print(
        f"""
Interlude runs at {url} (its documentation: {url}/docs/).
Webhooks arrive at http://{HOST}:{receiver_port}/hook and are shown below; {folder}/ has the rest:
credentials.json (Bob, Dana and Erin), settings.env, webhooks.jsonl, api.log. Everyone is invented.

Paste this into another terminal, in this folder:
{"─" * 100}
{lines}
{"─" * 100}
Ctrl-C ends it; the data stays.""",
        flush=True,
    )


def _shown(file: Path) -> str:
    """A path as it reads from the folder that the demo runs in."""
    return str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file)


def _port(name: str, usual: int) -> int:
    """The port that the environment names, once it is free."""
    given = os.environ.get(name) or str(usual)
    if not given.isdecimal() or not 0 < int(given) < 65536:
        raise CannotStart(f"{name} must be a port number, 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(given)))
        except OSError:
            raise CannotStart(
                f"Port {given} is in use; name another one: make run {name}={int(given) + 10}"
            ) from None
    return int(given)


def _interrupted(*_: int | FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupted)
    sys.exit(main())
