"""Refresh tokens that can be lost in the air without locking a patient out.

A token is its session's id, an ordinal and a MAC over both; nothing of it is stored. Presenting
ordinal n, the newest, advances the session to n + 1. Presenting n - 1 while n was never used
answers the very same n again: its answer was lost on the way, or two requests crossed. Anything
older has been superseded by a token that was used, so two parties hold this family.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from uuid import UUID

from diary.access.errors import GrantRefused
from diary.sealing import Sealing

_PREFIX = "ilr_"
_MAC = 32
_LENGTH = 16 + 16 + 4 + _MAC


class Use(Enum):
    """What presenting a token means for its session."""

    ADVANCE = "advance"
    REPEAT = "repeat"
    REUSE = "reuse"


@dataclass(frozen=True, slots=True)
class Presented:
    """A token as it was sent, not yet believed."""

    clinic_id: UUID
    session_id: UUID
    ordinal: int
    mac: bytes

    def is_genuine(self, vault: Sealing, nonce: bytes) -> bool:
        """Whether this house made it for a session with that nonce."""
        expected = _mac(vault, self.clinic_id, self.session_id, self.ordinal, nonce)
        return hmac.compare_digest(self.mac, expected)

    def use(self, newest: int) -> Use:
        """Compare with the newest ordinal that the session has given out."""
        if self.ordinal == newest:
            return Use.ADVANCE
        return Use.REPEAT if self.ordinal == newest - 1 else Use.REUSE


def make(vault: Sealing, clinic: UUID, session: UUID, ordinal: int, nonce: bytes) -> str:
    """The token of that ordinal; the same each time it is asked for."""
    mac = _mac(vault, clinic, session, ordinal, nonce)
    raw = clinic.bytes + session.bytes + ordinal.to_bytes(4) + mac
    return _PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(token: str) -> Presented:
    """Take a token apart; raises GrantRefused where it has not the form of one."""
    try:
        body = token.removeprefix(_PREFIX)
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise GrantRefused from None
    if not token.startswith(_PREFIX) or len(raw) != _LENGTH:
        raise GrantRefused
    return Presented(
        UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]), int.from_bytes(raw[32:36]), raw[36:]
    )


def _mac(vault: Sealing, clinic: UUID, session: UUID, ordinal: int, nonce: bytes) -> bytes:
    message = clinic.bytes + session.bytes + ordinal.to_bytes(4) + nonce
    return hmac.new(vault.key("refresh tokens"), message, sha256).digest()
