"""The points at which a process can be made to kill itself.

The product has no switch for this: its functions are replaced in the process that is doomed, and
in no other.
"""

import importlib
import inspect
import os
import signal
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, NoReturn

Function = Callable[..., Any]
# What is replaced (module, then attributes), and whether death comes before it or after it.
_BEFORE, _AFTER, _AFTER_IF_TRUE = "before", "after", "after if true"
POINTS: Final[dict[str, tuple[str, str, str]]] = {
    # A check-in is written and not committed; the phone has no answer.
    "recording": ("diary.checkins.record", "_keep", _AFTER),
    # Something that owes messages is committed; nobody was answered and no engine was told.
    "owing": ("diary.wakeup", "Wakeup.__call__", _BEFORE),
    # An alert is committed, no engine has claimed its page yet.
    "committed": ("diary.webhooks.queue", "claim", _BEFORE),
    # The leases are written and not committed.
    "claiming": ("diary.webhooks.queue", "claim", _AFTER_IF_TRUE),
    # The claim is committed, nothing was sent.
    "claimed": ("engine.sender", "Sender.send", _BEFORE),
    # The receiver has answered, nothing of it was written down.
    "sent": ("engine.sender", "Sender.send", _AFTER),
    # It is written down and not committed.
    "settling": ("diary.webhooks.queue", "settle", _AFTER),
    # A failed page is settled, the alert has not climbed past it yet.
    "failed": ("diary.alerts.service", "page_failed", _BEFORE),
    # The next step is written and not committed; then: it is committed.
    "escalating": ("diary.alerts.service", "act_when_due", _AFTER_IF_TRUE),
    "escalated": ("engine.escalate", "_act", _AFTER_IF_TRUE),
    # Lost leases are free and that is not committed.
    "reclaiming": ("diary.webhooks.queue", "release_lost", _AFTER_IF_TRUE),
    # A person's answer is written and not committed.
    "acknowledging": ("diary.alerts.answers", "acknowledge", _AFTER),
    "resolving": ("diary.alerts.answers", "resolve", _AFTER),
}
# Only a process that answers requests gets there.
ANSWERING: Final = frozenset(("recording", "acknowledging", "resolving"))


def die(*_: object, **__: object) -> NoReturn:
    """As `kill -9` does: nothing is flushed, closed or answered any more."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def doom(point: str, is_time: Callable[[], bool] = lambda: True) -> None:
    """Have this process die when it gets to that point. is_time: whether it is to die there now."""
    module, name, when = POINTS[point]

    def fatal(function: Function) -> Function:
        @wraps(function)
        def instead(*given: Any, **named: Any) -> Any:
            if when is _BEFORE and is_time():
                die()
            result = function(*given, **named)
            is_there = when is _AFTER or (when is _AFTER_IF_TRUE and result)
            if is_there and is_time():
                die()
            return result

        @wraps(function)
        async def instead_of_coroutine(*given: Any, **named: Any) -> Any:
            if when is _BEFORE and is_time():
                die()
            result = await function(*given, **named)
            if when is _AFTER and is_time():
                die()
            return result

        return instead_of_coroutine if inspect.iscoroutinefunction(function) else instead

    replace(module, name, fatal)


def replace(module: str, name: str, wrapped: Callable[[Function], Function]) -> None:
    """Put something in the place of a function of the product, in this process alone."""
    *path, last = name.split(".")
    owner: Any = importlib.import_module(module)
    for part in path:
        owner = getattr(owner, part)
    setattr(owner, last, wrapped(getattr(owner, last)))
