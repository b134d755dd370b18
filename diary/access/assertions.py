"""Signed assertions of API clients: `private_key_jwt` as SMART Backend Services has it.

A client registers public keys, and proves that it holds a private one with a JWT of its own for
every token (RFC 7523, 2.2 and 3; HL7 SMART App Launch 2.2, "Client Authentication: Asymmetric").
Keys are given, never fetched: no address in an assertion is called.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.utils import base64url_decode

from diary.clock import CLOCKS_DIFFER

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHM_OF = {("EC", "P-384"): "ES384", ("RSA", ""): "RS384", ("EC", "P-256"): "ES256"}
ALGORITHMS = tuple(_ALGORITHM_OF.values())
LONGEST_LIFE = timedelta(minutes=5)
_LONGEST = 4_096
_LONGEST_NAME = 255
_SMALLEST_RSA = 2_048
_LARGEST_RSA = 8_192
_EXPONENT = 65_537
_HEADER = frozenset({"alg", "kid", "typ"})
_TYPES = (None, "JWT")
# What a public key is made of (RFC 7517 and 7518), and nothing that names another place.
_MEMBERS = {
    "EC": frozenset({"kty", "kid", "alg", "use", "key_ops", "crv", "x", "y"}),
    "RSA": frozenset({"kty", "kid", "alg", "use", "key_ops", "n", "e"}),
}


class UnusableKey(ValueError):
    """This is no public key that assertions can be signed with."""


class NotBelieved(ValueError):
    """This assertion proves nothing."""


@dataclass(frozen=True, slots=True)
class Unproven:
    """What somebody claims: to be that client."""

    token: str
    header: dict[str, Any]
    client_id: UUID


@dataclass(frozen=True, slots=True)
class Assertion:
    """A genuine one. used: what stands for it until expires_at, so that it serves once."""

    used: bytes
    expires_at: datetime


def usable_key(key: Mapping[str, Any]) -> jwt.PyJWK:
    """A public JWK, with the one algorithm that it serves for; raises UnusableKey."""
    kind = str(key.get("kty"))
    algorithm = _ALGORITHM_OF.get((kind, str(key.get("crv", ""))))
    if algorithm is None or not key.keys() <= _MEMBERS[kind] or not _is_name(key.get("kid")):
        raise UnusableKey
    meant = (key.get("alg", algorithm), key.get("use", "sig"), key.get("key_ops", ["verify"]))
    if meant != (algorithm, "sig", ["verify"]):
        raise UnusableKey
    try:
        usable = jwt.PyJWK.from_dict(dict(key), algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        raise UnusableKey from None
    if isinstance(usable.key, RSAPublicKey):
        numbers = usable.key.public_numbers()
        fits = _SMALLEST_RSA <= usable.key.key_size <= _LARGEST_RSA and numbers.n % 2
        if not fits or numbers.e != _EXPONENT:
            raise UnusableKey
    return usable


def _is_name(kid: object) -> bool:
    return isinstance(kid, str) and 0 < len(kid) <= _LONGEST_NAME and kid.isprintable()


def read(token: str) -> Unproven:
    """What an assertion claims, before anything is believed; raises NotBelieved."""
    if len(token) > _LONGEST or token.count(".") != 2:
        raise NotBelieved
    header, payload, _ = token.split(".")
    try:
        return Unproven(token, _plain(header), UUID(_plain(payload)["sub"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise NotBelieved from None


def believe(
    assertion: Unproven,
    keys: Sequence[Mapping[str, Any]],
    *,
    audiences: Collection[str],
    now: datetime,
) -> Assertion:
    """What an assertion proves, by the keys of the client that it names; raises NotBelieved.

    audiences: the addresses of which `aud` must be one, as a single text.
    """
    at, leeway = int(now.timestamp()), int(CLOCKS_DIFFER.total_seconds())
    header, client_id = assertion.header, str(assertion.client_id)
    try:
        if not header.keys() <= _HEADER or header.get("typ") not in _TYPES:
            raise NotBelieved
        key = usable_key(next(key for key in keys if key["kid"] == header["kid"]))
        if header["alg"] != key.algorithm_name:
            raise NotBelieved
        claims = jwt.decode(
            assertion.token,
            key,
            algorithms=[key.algorithm_name],
            audience=audiences,
            issuer=client_id,
            subject=client_id,
            options={
                "require": ["iss", "sub", "aud", "exp", "jti"],
                # Times are compared below with the house's clock, not the library's.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
        times = [claims["exp"], claims.get("iat", at), claims.get("nbf", at)]
        if any(type(time) is not int for time in times) or not isinstance(claims["aud"], str):
            raise NotBelieved
        expires, *begun = times
        longest = int(LONGEST_LIFE.total_seconds())
        if not at - leeway < expires <= at + longest + leeway or max(begun) > at + leeway:
            raise NotBelieved
        jti = claims["jti"]
        if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_NAME:
            raise NotBelieved
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, StopIteration):
        raise NotBelieved from None
    used = sha256(f"{client_id}|{jti}".encode(errors="replace")).digest()
    # Longer than it is believed: another process's clock may be behind this one's.
    return Assertion(used, datetime.fromtimestamp(expires + 2 * leeway, now.tzinfo))


def _plain(part: str) -> dict[str, Any]:
    """A part of a token as an object whose members are named once each."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise NotBelieved
        return found

    try:
        text = base64url_decode(part).decode()
        found = json.loads(text, object_pairs_hook=once, parse_constant=_refuse)
    except RecursionError:
        raise NotBelieved from None
    if not isinstance(found, dict):
        raise NotBelieved
    return found


def _refuse(_: str) -> None:
    raise NotBelieved
