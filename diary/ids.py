"""Where ids come from: UUIDv7, so that rows made together lie together in every index."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

NewId = Callable[[], UUID]
# The only id that is known ahead: of the clinic in which the canary lives, and nobody else.
CANARY_CLINIC: Final = UUID("0ca9a270-0000-7000-8000-000000000000")


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()
