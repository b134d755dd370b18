"""People are reached through Apprise, each attempt in a process of its own that can be killed.

A library for a hundred services keeps no deadline that can be relied on: the process does.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import orjson

from diary.alerts.texts import Text
from diary.settings import Settings
from diary.webhooks.queue import Claimed
from engine.notify import Exit
from engine.sender import Outcome

CONTACT = "contact"
LAST_RESORT = "last-resort"
KINDS = frozenset({CONTACT, LAST_RESORT})
# Processes at once, each of some 50 MB.
ROOM = 8
_ROOT = Path(__file__).parent.parent
# What a process needs to start and to trust certificates; none of our settings, and no proxy.
_PASSED_ON = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR")
_CODES: Mapping[int, str] = {
    Exit.REFUSED: "channel-refused",
    Exit.BAD_ADDRESS: "channel-address",
    Exit.FORBIDDEN: "forbidden_address",
    Exit.UNAVAILABLE: "channel-unavailable",
    -signal.SIGALRM: "timeout",
}
Write = Callable[[], Awaitable[Text | None]]


class Channels:
    """Sends to contacts and to the last resort.

    deadline: seconds, absolute, for one attempt: waiting for room, writing the text and the whole
    life of the process included. python: how to start the interpreter that has Apprise.
    """

    def __init__(
        self, settings: Settings, *, deadline: float, python: Sequence[str] = (sys.executable,)
    ) -> None:
        last_resort = settings.last_resort
        self._last_resort = last_resort.get_secret_value().split() if last_resort else []
        self._networks = [str(network) for network in settings.webhook_allowed_networks]
        self._deadline = deadline
        self._python = tuple(python)
        self._room: asyncio.Semaphore | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(self, claimed: Claimed, write: Write) -> Outcome:
        """One attempt. write: gives the text once there is room, None if it is not wanted then.

        Codes: `channel-unavailable` (Apprise is not installed), `channel-unset` (no address),
        `channel-address`, `forbidden_address`, `channel-refused`, `channel-busy`,
        `channel-crashed`, `withdrawn`, `timeout`.
        """
        of_the_operator = claimed.kind == LAST_RESORT
        addresses = self._last_resort if of_the_operator else [claimed.secret or ""]
        if not any(addresses):
            return Outcome(None, "channel-unset")
        started = False
        until = asyncio.get_running_loop().time() + self._deadline
        try:
            async with asyncio.timeout_at(until), self._slots():
                started = True
                text = await write()
                if text is None:
                    return Outcome(None, "withdrawn")
                job = {
                    "addresses": addresses,
                    "title": text.title,
                    "body": text.body,
                    "seconds": until - asyncio.get_running_loop().time(),
                    "networks": None if of_the_operator else self._networks,
                }
                ended = await self._run(orjson.dumps(job))
        except TimeoutError:
            return Outcome(None, "timeout" if started else "channel-busy")
        if ended == Exit.TAKEN:
            return Outcome(None, taken=True)
        return Outcome(None, _CODES.get(ended, "channel-crashed"))

    def _slots(self) -> asyncio.Semaphore:
        # A semaphore belongs to one loop, and an engine that died is run anew in another.
        loop = asyncio.get_running_loop()
        if self._room is None or self._loop is not loop:
            self._room, self._loop = asyncio.Semaphore(ROOM), loop
        return self._room

    async def _run(self, job: bytes) -> int:
        process = await asyncio.create_subprocess_exec(
            *self._python,
            "-m",
            "engine.notify",
            # Arguments and environment can be read by others on the machine: the job comes in here.
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=_ROOT,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            start_new_session=True,
        )
        try:
            await process.communicate(job)
        finally:
            # The whole group, also when its first process has ended: nothing of it may stay.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        assert process.returncode is not None
        return process.returncode
