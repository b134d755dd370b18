"""What is kept from whoever reads the database: the root of all keys, and what ciphers are used.

Three levels, each wrapped by the one above: the operator's master key, from the environment; a
wrapping key for each clinic; a data key for each patient, and one for the clinic's own fields.
Rotating the master key wraps keys anew and touches no field. See docs/adr/0014.
"""

import hmac
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256
from threading import Lock
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select

from diary.database import Database
from diary.flush import insert_unless_there
from diary.isolation import EVERYTHING
from diary.wrapped import root_secret

RandomBytes = Callable[[int], bytes]

KEY_BYTES = 32
ROOT_PLACE = "root_secret.wrapped"
_NONCE = 12
_KEPT_UNWRAPPED = 4_096


class WrongMasterKey(Exception):
    """What is in the database was wrapped by a master key that this process was not given."""

    def __init__(self) -> None:
        super().__init__(
            "The database is under another master key. INTERLUDE_MASTER_KEY, or one of "
            "INTERLUDE_FORMER_MASTER_KEYS, must be the one that it was made or last rotated with."
        )


class Vault:
    """The keys of one process: the master keys that it was given, and the root once it was read.

    masters: 32 bytes each; the first one wraps, the others only open. The root is random, made
    once, and never changes: whatever is derived from it stays as it is through every rotation.
    """

    def __init__(self, masters: Sequence[bytes], random: RandomBytes, database: Database) -> None:
        if not masters or any(len(master) != KEY_BYTES for master in masters):
            raise ValueError("a master key is 32 bytes")
        self.masters = {fingerprint(master): master for master in masters}
        self.wraps_with = fingerprint(masters[0])
        self.random = random
        self._database = database
        self._root: bytes | None = None
        self._lock = Lock()
        # Known by the wrapped bytes: once those are destroyed, no reader comes to the key here.
        self.unwrap = lru_cache(maxsize=_KEPT_UNWRAPPED)(decrypt)

    def master(self, wrapped_by: str) -> bytes:
        """The master key of that fingerprint; raises WrongMasterKey."""
        try:
            return self.masters[wrapped_by]
        except KeyError:
            raise WrongMasterKey from None

    def key(self, purpose: str) -> bytes:
        """32 bytes for one named purpose; knowing one such key tells nothing of another.

        The first call of a process reads the database, unless a transaction was begun before.
        """
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(self.root())

    def blind_index(self, purpose: str, text: str) -> bytes:
        """A keyed fingerprint to find a sealed value by, case and outer blanks aside.

        One for the installation: who signs in, or guesses, names an address and no clinic.
        """
        key = self.key(f"blind index {purpose}")
        return hmac.new(key, text.strip().casefold().encode(), sha256).digest()

    def root(self) -> bytes:
        """The root secret, made where there is none yet; raises WrongMasterKey.

        Never first called while this thread has a transaction open: `House.work` calls it before.
        """
        with self._lock:
            if self._root is None:
                self._root = self._read() or self._make()
            return self._root

    def _read(self) -> bytes | None:
        with self._database.transaction(write=False, bounds=EVERYTHING) as connection:
            row = connection.execute(select(root_secret)).one_or_none()
        if row is None:
            return None
        return decrypt(self.master(row.wrapped_by), row.wrapped, place(ROOT_PLACE, None, None))

    def _make(self) -> bytes:
        with self._database.transaction(write=True, bounds=EVERYTHING) as connection:
            made = {
                "id": 1,
                "wrapped": wrap_root(self, self.random(KEY_BYTES)),
                "wrapped_by": self.wraps_with,
            }
            insert_unless_there(connection, root_secret, made)
        # Of two processes that make it at once, both take what the first one wrote.
        found = self._read()
        assert found is not None
        return found


def wrap_root(vault: Vault, root: bytes) -> bytes:
    """The root under the master key that wraps now."""
    master = vault.masters[vault.wraps_with]
    return encrypt(master, root, place(ROOT_PLACE, None, None), vault.random)


def place(column: str, clinic: UUID | None, row: UUID | None) -> bytes:
    """Where something encrypted stands: elsewhere it does not open. column: `table.column`."""
    return f"{column}|{clinic}|{row}".encode()


def encrypt(key: bytes, plain: bytes, associated: bytes, random: RandomBytes) -> bytes:
    """AES-256-GCM, its nonce before it."""
    nonce = random(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, associated)


def decrypt(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Raises InvalidTag for what was altered or moved, or is under another key."""
    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], associated)


def fingerprint(master: bytes) -> str:
    """Names a master key in the database, and tells nothing of it."""
    info = b"fingerprint of a master key"
    return HKDF(SHA256(), 8, salt=None, info=info).derive(master).hex()
