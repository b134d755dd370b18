"""Where ids come from: UUIDv7, so that rows made together lie together in every index."""

from collections.abc import Callable
from uuid import UUID

from uuid_utils.compat import uuid7

NewId = Callable[[], UUID]


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()
