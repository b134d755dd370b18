"""What is kept from whoever reads the database: sealed fields, and keys derived for one use."""

import hmac
from collections.abc import Callable
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

RandomBytes = Callable[[int], bytes]

_VERSION = b"\x01"
_NONCE = 12


class Vault:
    """Seals under the operator's master key (32 bytes).

    The associated data of a sealed field is its place, so a value moved to another table, column,
    clinic or row does not open there.
    """

    def __init__(self, master: bytes, random: RandomBytes) -> None:
        if len(master) != 32:
            raise ValueError("the master key is 32 bytes")
        self._master = master
        self._random = random
        self._fields = AESGCM(self.key("sealed fields"))

    def key(self, purpose: str) -> bytes:
        """32 bytes for one named purpose; knowing one such key tells nothing of another."""
        return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(self._master)

    def seal(self, text: str, *, place: str, clinic: UUID | None, row: UUID) -> bytes:
        """Encrypt one field. place: `table.column`."""
        nonce = self._random(_NONCE)
        data = self._associated(place, clinic, row)
        return _VERSION + nonce + self._fields.encrypt(nonce, text.encode(), data)

    def open(self, sealed: bytes, *, place: str, clinic: UUID | None, row: UUID) -> str:
        """Decrypt one field; raises InvalidTag where it was altered or moved."""
        nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        return self._fields.decrypt(nonce, body, self._associated(place, clinic, row)).decode()

    def blind_index(self, purpose: str, text: str) -> bytes:
        """A keyed fingerprint to find a sealed value by, case and outer blanks aside."""
        key = self.key(f"blind index {purpose}")
        return hmac.new(key, text.strip().casefold().encode(), sha256).digest()

    @staticmethod
    def _associated(place: str, clinic: UUID | None, row: UUID) -> bytes:
        return f"{place}|{clinic}|{row}".encode()
