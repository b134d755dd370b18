"""The real application in a process that kills itself at the point that DOOM names.

committed: an alert is committed, no engine has claimed its page yet. claimed: the claim is
committed, nothing was sent. sent: the receiver has answered, nothing of it was written down.

The product has no switch for this: its functions are replaced in this process alone.
"""

import os
import signal
from collections.abc import Callable
from typing import Any, NoReturn

from diary.webhooks import queue
from engine.sender import Outcome, Sender

_send: Callable[..., Any] = Sender.send


def die(*_: object, **__: object) -> NoReturn:
    """As `kill -9` does: nothing is flushed, closed or answered any more."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


async def _die_before_sending(*_: object, **__: object) -> Outcome:
    die()


async def _die_after_sending(*given: Any, **named: Any) -> Outcome:
    await _send(*given, **named)
    die()


_POINTS: dict[str, tuple[object, str, object]] = {
    "committed": (queue, "claim", die),
    "claimed": (Sender, "send", _die_before_sending),
    "sent": (Sender, "send", _die_after_sending),
}
setattr(*_POINTS[os.environ["DOOM"]])

from wsgi import app  # noqa: E402 - the engine starts with it

__all__ = ["app"]
