"""The chain itself: what binds an event to all before it, and what proves where it ends. Pure.

Each link is a keyed fingerprint of the event, as the database keeps it, and of the link before. The
key is derived from the operator's: whoever has the database alone can make no link.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from diary.sealing import Sealing

# The link before the first event's.
BEGINNING: Final = bytes(32)


class Broken(Exception):
    """The chain does not hold. sequence: the first place at which it does not; why: for people."""

    def __init__(self, sequence: int, why: str) -> None:
        super().__init__(sequence, why)
        self.sequence = sequence
        self.why = why


@dataclass(frozen=True, slots=True)
class Head:
    """Where a clinic's chain ended at one moment, and the proof of it."""

    clinic_id: UUID
    sequence: int
    link: bytes
    at: datetime
    mark: bytes


class Chain:
    """The chain of one clinic, for whoever has its key."""

    def __init__(self, vault: Sealing, clinic_id: UUID) -> None:
        self._key = vault.key(f"audit chain {clinic_id}")
        self._clinic_id = clinic_id

    def link(self, sequence: int, event: bytes, previous: bytes) -> bytes:
        """The link of an event at this place. event: what `encoded` makes of it."""
        return self._fingerprint(b"event %d %b %b" % (sequence, previous.hex().encode(), event))

    def head(self, sequence: int, link: bytes, at: datetime) -> Head:
        """A head with its proof."""
        said = f"head {self._clinic_id} {sequence} {link.hex()} {at.isoformat()}"
        return Head(self._clinic_id, sequence, link, at, self._fingerprint(said.encode()))

    def made(self, head: Head) -> bool:
        """Whether a head was made with this key, and is as it was then."""
        expected = self.head(head.sequence, head.link, head.at)
        return hmac.compare_digest(expected.mark, head.mark)

    def _fingerprint(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, "sha256")


def encoded(columns: Iterable[tuple[bytes, bytes | None]]) -> bytes:
    """An event's columns by name, in one order: no two events are written alike.

    A NULL is left out, so that a column that is added later and is empty changes no link.
    """
    return b"".join(
        b"%b=%d:%b" % (name, len(value), value) for name, value in columns if value is not None
    )
