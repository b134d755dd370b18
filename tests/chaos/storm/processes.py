"""The product's own processes: started, killed, and started again at once."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from bench.server import HOST, ROOT
from diary.settings import PREFIX, Settings
from tests.chaos.storm.journal import Fault, Journal

_STARTED: Final = b'"engine.started"'
_STARTS_WITHIN: Final = 60.0
# Between two ends there is some work to be done, or no point is ever reached.
_RESPITE: Final = 3.0
# Who comes up while the database is away ends at once.
_BEFORE_ANOTHER_TRY: Final = 0.3


class Clock:
    """How wrong the clock of some processes is, in seconds."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.wrong = 0.0
        self.set(0.0)

    def set(self, wrong: float) -> None:
        """Let it jump."""
        self.wrong = wrong
        _put(self.file, f"{wrong:.3f}")


class Process:
    """One process, with an engine in it. port: where it serves; None of an engine alone."""

    def __init__(self, name: str, settings: Settings, folder: Path, clock: Clock, port: int | None):
        self.name = name
        self.port = port
        self.clock = clock
        self.log = folder / f"{name}.log"
        self.fault: Fault | None = None
        self._doom = folder / f"{name}.doom"
        self._met = folder / f"{name}.doom.met"
        self.doom_at(None)
        self._is_dying = False
        self._since = 0
        self._environment = _environment(settings) | {
            "STORM_CLOCK": str(clock.file),
            "STORM_CLAIMS": str(folder / "claims"),
            "STORM_DOOM": str(self._doom),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; nothing dooms it yet."""
        self.doom_at(None)
        self._met.unlink(missing_ok=True)
        self._is_dying = False
        module = "tests.chaos.storm.struck"
        command = [sys.executable, "-m"]
        if self.port is None:
            command += [module]
        else:
            command += ["granian", f"{module}:app", "--interface", "wsgi", "--host", HOST]
            command += ["--port", str(self.port), "--workers", "1", "--blocking-threads", "6"]
        with self.log.open("ab") as log:
            self._since = log.tell()
            self._process = subprocess.Popen(
                command,
                env=self._environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def doom_at(self, point: str | None) -> None:
        """Let it die when it next gets to that point; None: no more."""
        _put(self._doom, point or "")

    def died_at(self) -> str | None:
        """The point of its doom that it got to, even if it was lifted before the end was seen."""
        return self._met.read_text() if self._met.exists() else None

    def has_ended(self) -> bool:
        """Whether it lives no more."""
        return self._process is not None and self._process.poll() is not None

    def kill(self, with_signal: signal.Signals = signal.SIGKILL) -> None:
        """Send it, and all its children, a signal."""
        self._is_dying = True
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, with_signal)

    def wait(self, seconds: float) -> None:
        """Wait for its end."""
        if self._process is not None:
            self._process.wait(seconds)

    def is_ready(self) -> bool:
        """Whether its engine runs and, where it serves, it listens."""
        if self._is_dying:  # and may not have noticed yet
            return False
        with self.log.open("rb") as log:
            log.seek(self._since)
            if _STARTED not in log.read():
                return False
        if self.port is None:
            return True
        with suppress(OSError), socket.create_connection((HOST, self.port), 1):
            return True
        return False


class Keeper:
    """Starts again whatever ends, for as long as it is asked to."""

    def __init__(self, processes: list[Process], journal: Journal) -> None:
        self.processes = processes
        self._journal = journal
        self._stopping = False
        self._up_since = 0.0

    async def begin(self) -> None:
        """Start all; returns once they are ready."""
        for process in self.processes:
            process.start()
        end = time.monotonic() + _STARTS_WITHIN
        while not all(process.is_ready() for process in self.processes):
            if time.monotonic() > end:
                raise RuntimeError("a process did not start")
            await asyncio.sleep(0.1)

    async def keep(self) -> None:
        """Look after them until `stop`."""
        while not self._stopping:
            for process in self.processes:
                await self._look_after(process)
            await asyncio.sleep(0.05)

    def kill(self, process: Process) -> None:
        """Kill it now, if it lives and is no longer coming up."""
        if process.fault is None and not process.has_ended():
            process.fault = self._journal.begin("kill", process.name)
            process.kill()

    def lift_dooms(self) -> None:
        """Whoever has not got to the end that waits for it lives on."""
        for process in self.processes:
            process.doom_at(None)

    def may_strike(self) -> bool:
        """Whether all have worked for a while."""
        return self.all_are_up() and time.time() - self._up_since > _RESPITE

    def all_are_up(self) -> bool:
        """Whether nobody is dead or coming up."""
        return not any(each.fault or each.has_ended() for each in self.processes)

    def stop(self) -> None:
        """End all in order; those that do not are killed."""
        self._stopping = True
        for process in self.processes:
            process.kill(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(15)
            process.kill()

    async def _look_after(self, process: Process) -> None:
        if process.has_ended():
            if process.fault is None and (point := process.died_at()):
                process.fault = self._journal.begin("doom", point)
            elif process.fault is None:
                process.fault = self._journal.begin("kill", "by itself")
                self._journal.complaints.append(f"{process.name} ended by itself")
            else:
                await asyncio.sleep(_BEFORE_ANOTHER_TRY if self._is_away() else 0)
            process.kill()  # what is left of its group
            process.start()
        elif process.fault is not None and process.is_ready():
            self._journal.end(process.fault)
            process.fault = None
            self._up_since = time.time()

    def _is_away(self) -> bool:
        now = time.time()
        return self._journal.is_near(("restart",), now, now)


def _put(file: Path, text: str) -> None:
    """Over what it held, in one write: who reads meanwhile reads the one or the other."""
    with file.open("r+b" if file.exists() else "wb") as place:
        place.write(f"{text:<32}".encode())


def _environment(settings: Settings) -> dict[str, str]:
    given = {
        "DATABASE_URL": settings.database_url,
        "MASTER_KEY": settings.master_key.get_secret_value(),
        "PUBLIC_URL": str(settings.public_url),
        "POOL_SIZE": "10",
        "RATE_FACTOR": "0",  # one address sends it all
        "WEBHOOK_ALLOW_HTTP": "true",
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    return dict(os.environ) | {PREFIX + name: value for name, value in given.items()}
