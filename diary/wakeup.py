"""A hint from whoever committed to whoever delivers, inside one process.

Only ever a hint: the engine looks for what is due by itself as well.
"""

from collections.abc import Callable


class Wakeup:
    """Call it after a commit that left something to deliver; a listener is told at once."""

    def __init__(self) -> None:
        self._listener: Callable[[], None] | None = None

    def listen(self, listener: Callable[[], None]) -> None:
        """Have the listener called, from the thread that committed; the last one listens."""
        self._listener = listener

    def __call__(self) -> None:
        if self._listener is not None:
            self._listener()
