"""The keys that sign access tokens: made once, sealed at rest, published as a JWK set."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from diary.access.model import signing_keys
from diary.callers import ANONYMOUS
from diary.database import lost_race
from diary.work import House, Work

_PLACE = "signing_keys.private_key"
_AT_ONCE = timedelta(0)
_REREAD = timedelta(minutes=5)
_AT_MOST_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair; id is the token header's `kid`."""

    id: UUID
    private: EllipticCurvePrivateKey
    jwk: dict[str, Any]


class KeyRing:
    """The keys in use, read from the database and kept; an unknown `kid` makes it look again."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._lock = Lock()
        self._read_at: datetime | None = None
        self._active: SigningKey | None = None
        self._public: dict[UUID, EllipticCurvePublicKey] = {}
        self._jwks: list[dict[str, Any]] = []

    def active(self) -> SigningKey:
        """The key that signs now; the first one is made when there is none.

        Never to be called while a transaction is open: it may need a connection of its own, and
        one that waits here with the pool's last connection would wait for itself.
        """
        with self._lock:
            if self._active is None:
                self._make_the_first()
            # Another process may have rotated the keys meanwhile.
            self._look_again(_REREAD if self._active is not None else _AT_ONCE)
            assert self._active is not None
            return self._active

    def public(self, kid: UUID) -> EllipticCurvePublicKey:
        """The public key with that id; raises KeyError for one that was never ours.

        Never to be called while a transaction is open, for the same reason.
        """
        # Tokens with invented key ids must not cost a read of the database each.
        if kid not in self._public:
            with self._lock:
                self._look_again(_AT_MOST_EVERY)
        return self._public[kid]

    def jwks(self) -> dict[str, Any]:
        """The JSON Web Key Set (RFC 7517) of all keys whose tokens are accepted."""
        self.active()
        return {"keys": self._jwks}

    def _make_the_first(self) -> None:
        try:
            with self._house.work(ANONYMOUS) as work:
                if work.row(select(signing_keys.c.id).where(_is_active())) is None:
                    rotate(work)
        except DBAPIError as error:
            # Another process made the first key at the same moment: that one serves.
            if not lost_race(error):
                raise

    def _look_again(self, after: timedelta) -> None:
        """Read the keys, unless they were read less than that ago. Under the lock: whoever comes
        while another reads waits for what that one finds."""
        now = self._house.clock.now()
        if self._read_at is None or abs(now - self._read_at) >= after:
            self._read()
            self._read_at = now

    def _read(self) -> None:
        with self._house.work(ANONYMOUS, write=False) as work:
            rows = work.rows(select(signing_keys).where(signing_keys.c.state != "retired"))
            self._jwks = [row.public_jwk for row in rows]
            for row in rows:
                key = _open(work, row.id, row.private_key)
                self._public[row.id] = key.public_key()
                if row.state == "active":
                    self._active = SigningKey(row.id, key, row.public_jwk)


def rotate(work: Work) -> UUID:
    """Make a new active key; the one before keeps verifying until it is retired."""
    work.execute(update(signing_keys).where(_is_active()).values(state="retiring"))
    key = generate_private_key(SECP256R1())
    kid = work.new_id()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    work.add(
        signing_keys,
        id=kid,
        private_key=work.vault.seal(pem, place=_PLACE, clinic=None, row=kid),
        public_jwk=jwk | {"kid": str(kid), "use": "sig", "alg": "ES256"},
        state="active",
        created_at=work.now,
    )
    return kid


def _is_active() -> Any:
    return signing_keys.c.state == "active"


def _open(work: Work, kid: UUID, sealed: bytes) -> EllipticCurvePrivateKey:
    pem = work.vault.open(sealed, place=_PLACE, clinic=None, row=kid)
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key
