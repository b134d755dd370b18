"""Access tokens: RFC 9068 JWTs, signed with ES256 and verified by one verifier for every caller.

A token names a session and its scopes and says nothing of health. What PyJWT leaves open is closed
here: the size before parsing, the exact header, the algorithm fixed by our own key, required and
integer times, a bounded lifetime.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from diary.access.keys import KeyRing, SigningKey
from diary.access.sessions import Grant
from diary.callers import CallerKind
from diary.clock import CLOCKS_DIFFER
from diary.errors import Unauthenticated
from diary.ids import NewId

LIFETIME = {
    CallerKind.DEVICE: timedelta(minutes=10),
    CallerKind.STAFF: timedelta(minutes=10),
    CallerKind.CLIENT: timedelta(minutes=5),
}
_ALGORITHM = "ES256"
_TYPE = "at+jwt"
_LONGEST = 2_048
_LEEWAY = CLOCKS_DIFFER.total_seconds()
_CACHED = 4_096
_CLAIMS = frozenset(
    ("iss", "aud", "sub", "client_id", "iat", "nbf", "exp", "jti", "scope", "clinic", "country")
) | {"sid"}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a genuine token says. The session it names is still read on every request."""

    clinic_id: UUID
    session_id: UUID
    country: str
    scopes: frozenset[str]
    expires: int


class Tokens:
    """Signs and verifies. Verified tokens are remembered by their hash, for signatures are dear:
    150 µs against 1.4 µs measured."""

    def __init__(self, keys: KeyRing, issuer: str, new_id: NewId) -> None:
        self._keys = keys
        self._issuer = issuer
        self._new_id = new_id
        self._known: OrderedDict[bytes, Claims] = OrderedDict()
        self._lock = Lock()

    def sign(self, grant: Grant, now: datetime, key: SigningKey) -> tuple[str, int]:
        """An access token and its lifetime in seconds. key: the ring's active one, asked for
        before the transaction that grants the token."""
        lifetime = int(LIFETIME[grant.kind].total_seconds())
        at = int(now.timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": str(grant.subject_id),
            "client_id": str(grant.subject_id),
            "iat": at,
            "nbf": at,
            "exp": at + lifetime,
            "jti": str(self._new_id()),
            "scope": " ".join(sorted(grant.scopes)),
            "clinic": str(grant.clinic_id),
            "country": grant.country,
            "sid": str(grant.session_id),
        }
        if grant.authenticated_at is not None:
            claims["auth_time"] = int(grant.authenticated_at.timestamp())
        headers = {"kid": str(key.id), "typ": _TYPE}
        return jwt.encode(claims, key.private, _ALGORITHM, headers=headers), lifetime

    def verify(self, token: str, now: datetime) -> Claims:
        """The claims of a genuine, current token; raises Unauthenticated for any other."""
        if len(token) > _LONGEST:
            raise Unauthenticated
        at = int(now.timestamp())
        name = sha256(token.encode(errors="replace")).digest()
        with self._lock:
            known = self._known.get(name)
        if known is None:
            known = self._believe(token, at)
            with self._lock:
                self._known[name] = known
                while len(self._known) > _CACHED:
                    self._known.popitem(last=False)
        if known.expires + _LEEWAY <= at:
            raise Unauthenticated
        return known

    def _believe(self, token: str, now: int) -> Claims:
        try:
            header = jwt.get_unverified_header(token)
            key = self._key_for(header)
            claims = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=self._issuer,
                issuer=self._issuer,
                options={
                    "require": sorted(_CLAIMS),
                    "strict_aud": True,
                    # Times are compared below with the house's clock, not the library's.
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
            _check_times(claims, now)
            return Claims(
                clinic_id=UUID(claims["clinic"]),
                session_id=UUID(claims["sid"]),
                country=str(claims["country"]),
                scopes=frozenset(claims["scope"].split()),
                expires=claims["exp"],
            )
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, KeyError):
            raise Unauthenticated from None

    def _key_for(self, header: dict[str, Any]) -> EllipticCurvePublicKey:
        if header.keys() != {"alg", "typ", "kid"}:
            raise ValueError("unexpected header")
        if header["alg"] != _ALGORITHM or header["typ"] != _TYPE:
            raise ValueError("another kind of token")
        return self._keys.public(UUID(header["kid"]))


def _check_times(claims: dict[str, Any], now: int) -> None:
    times = [claims[name] for name in ("iat", "nbf", "exp")]
    if any(type(time) is not int for time in times):
        raise ValueError("times are whole seconds")
    issued, not_before, expires = times
    if max(issued, not_before) > now + _LEEWAY:
        raise ValueError("not yet valid")
    if expires - issued > max(LIFETIME.values()).total_seconds():
        raise ValueError("valid for too long")
