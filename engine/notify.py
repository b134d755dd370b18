"""One message to people, in a process of its own: a job on standard input, an exit code as answer.

The job is one JSON object: `addresses` (Apprise URLs), `title`, `body`, `seconds` to live, and
`networks`. networks: the private ones that may be reached beside what is public; null for the
operator's own addresses, which may lead anywhere.

Third-party code runs here, with somebody's address in its hands. It gets no secret of ours, its
output is thrown away, and whoever started it kills it when its time is over.
"""

import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from enum import IntEnum
from importlib import import_module
from ipaddress import ip_network
from time import monotonic
from typing import Any

from diary.webhooks.addresses import AddressGuard, ForbiddenTarget

# Of several, one that hangs must not hide that another took it: seconds left to say so.
_TO_ANSWER = 1.5
_OUTWARD = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_PROGRAMS = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pty.spawn"})


class Exit(IntEnum):
    """How it went. 1 and 2 are the interpreter's own, for what was not foreseen."""

    TAKEN = 0
    REFUSED = 10
    BAD_ADDRESS = 11
    FORBIDDEN = 12
    UNAVAILABLE = 13


class _Confined:
    """Refuses connections to where no contact may lead, and programs, for the whole process.

    An audit hook sees the actual address of every connection, whichever library makes it: a name
    that is bound anew after it was checked leads nowhere.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._guard = AddressGuard([ip_network(network) for network in networks], False)
        self.refused = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _PROGRAMS or (event in _OUTWARD and not self._may(arguments[1])):
            self.refused = True
            raise PermissionError

    def _may(self, place: object) -> bool:
        if place is None:  # a socket that is connected already
            return True
        with suppress(ForbiddenTarget):
            if isinstance(place, tuple) and isinstance(place[0], str):
                self._guard.check_address(place[0])
                return True
        return False


def send(job: dict[str, Any]) -> Exit:
    """Send it. TAKEN where at least one of the addresses took it."""
    until = monotonic() + job["seconds"]
    try:
        apprise = import_module("apprise")
    except ImportError:
        return Exit.UNAVAILABLE
    confined = None
    if job["networks"] is not None:
        confined = _Confined(job["networks"])
        sys.addaudithook(confined)
    asset = apprise.AppriseAsset(
        app_id="Interlude", app_desc="Interlude", storage_mode="memory", http_redirects=False
    )
    services = [apprise.Apprise.instantiate(each, asset=asset) for each in job["addresses"]]
    wanted = apprise.Apprise(asset=asset)
    for service in filter(None, services):
        # Also where the address itself asks for it: nobody looked at where a redirect leads.
        service.redirects = False
        wanted.add(service)
    if not len(wanted):
        return Exit.BAD_ADDRESS
    several = len(wanted) > 1
    result = wanted.notify(
        title=job["title"],
        body=job["body"],
        notify_type=apprise.NotifyType.WARNING,
        body_format=apprise.NotifyFormat.TEXT,
        timeout=max(until - _TO_ANSWER - monotonic(), 0.1) if several else 0,
    )
    if any(bool(each) for each in result):
        return Exit.TAKEN
    return Exit.FORBIDDEN if confined is not None and confined.refused else Exit.REFUSED


def main() -> None:
    """Read the job, send it and exit."""
    job = json.load(sys.stdin.buffer)
    # Whoever would kill this process may itself be killed first.
    signal.setitimer(signal.ITIMER_REAL, job["seconds"])
    # Not sys.exit: threads that hang would be waited for.
    os._exit(send(job))


if __name__ == "__main__":
    main()
