"""One verifier for every access token: whatever is not exactly ours is nobody's."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.app import create_app
from api.auth import EXTENSION, Front
from diary.access.keys import KeyRing, SigningKey
from diary.database import Database
from diary.work import House
from tests.cast import Cast
from tests.client import Api, Response
from tests.clock import SimulatedClock

Parts = dict[str, Any]


@pytest.fixture
def key(api: Api, cast: Cast) -> SigningKey:
    """The house's own signing key: what a test forges with it is wrong in one thing alone."""
    front: Front = api.app.extensions[EXTENSION]
    return front.keys.active()


@pytest.fixture
def claims(cast: Cast) -> Parts:
    """What Bob's own token says."""
    said: Parts = jwt.decode(cast.bob.token, options={"verify_signature": False})
    return said


def headers(key: SigningKey, **more: Any) -> Parts:
    return {"kid": str(key.id), "typ": "at+jwt"} | more


def show(api: Api, token: str) -> Response:
    return api.as_(token).get("/v1/clinic")


def test_the_token_of_this_house(api: Api, key: SigningKey, claims: Parts) -> None:
    token = jwt.encode(claims, key.private, "ES256", headers=headers(key))
    assert show(api, token).status == 200
    assert len(token) < 1_536
    assert claims.keys() == {
        *("iss", "aud", "sub", "client_id", "iat", "nbf", "exp", "jti"),
        *("scope", "clinic", "country", "sid", "auth_time"),
    }


WRONG_CLAIMS: dict[str, Callable[[Parts], Parts]] = {
    "another issuer": lambda c: c | {"iss": "https://elsewhere.example"},
    "another audience": lambda c: c | {"aud": "https://elsewhere.example"},
    "a list of audiences": lambda c: c | {"aud": [c["aud"]]},
    "times as text": lambda c: c | {n: str(c[n]) for n in ("iat", "nbf", "exp")},
    "expiry as text": lambda c: c | {"exp": str(c["exp"])},
    "expiry as a fraction": lambda c: c | {"exp": c["exp"] + 0.5},
    "expiry as a flag": lambda c: c | {"exp": True},
    "expired": lambda c: c | {"iat": c["iat"] - 700, "nbf": c["iat"] - 700, "exp": c["iat"] - 100},
    "an expiry in a year": lambda c: c | {"exp": c["exp"] + 365 * 86_400},
    "one second too long": lambda c: c | {"exp": c["iat"] + 601},
    "not yet valid": lambda c: c | {"nbf": c["iat"] + 60},
    "made in the future": lambda c: c | {"iat": c["iat"] + 60},
    "more than 2 KB": lambda c: c | {"filler": "x" * 1_600},
    "a session of nobody": lambda c: c | {"sid": str(uuid4())},
    "another clinic": lambda c: c | {"clinic": str(uuid4())},
    "a session that is no id": lambda c: c | {"sid": "bob"},
    "scopes as a list": lambda c: c | {"scope": c["scope"].split()},
    **{
        f"without {name}": lambda c, name=name: {n: c[n] for n in c if n != name}  # type: ignore[misc]
        for name in (
            *("iss", "aud", "sub", "client_id", "iat", "nbf"),
            *("exp", "jti", "scope", "clinic", "country", "sid"),
        )
    },
}


@pytest.mark.parametrize("wrong", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
def test_claims_that_are_not_ours(
    api: Api, key: SigningKey, claims: Parts, wrong: Callable[[Parts], Parts]
) -> None:
    token = jwt.encode(wrong(claims), key.private, "ES256", headers=headers(key))
    response = show(api, token)
    assert (response.status, response.code) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "more",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"typ": "application/at+jwt"},
        {"kid": "0190a000-0000-7000-8000-000000000000"},
        {"kid": "../../etc/passwd"},
        {"jku": "https://elsewhere.example/keys"},
        {"jwk": {"kty": "EC"}},
        {"x5u": "https://elsewhere.example/chain"},
        {"crit": ["b64"], "b64": True},
    ],
    ids=repr,
)
def test_headers_that_are_not_ours(api: Api, key: SigningKey, claims: Parts, more: Parts) -> None:
    token = jwt.encode(claims, key.private, "ES256", headers=headers(key, **more))
    assert show(api, token).status == 401


def test_a_key_that_comes_along_in_the_header(api: Api, key: SigningKey, claims: Parts) -> None:
    own = generate_private_key(SECP256R1())
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(own.public_key(), as_dict=True)
    for more in ({}, {"jwk": jwk}):
        token = jwt.encode(claims, own, "ES256", headers=headers(key, **more))
        assert show(api, token).status == 401


def test_no_signature_and_a_shared_secret(api: Api, key: SigningKey, claims: Parts) -> None:
    unsigned = jwt.encode(claims, "", "none", headers=headers(key))
    assert show(api, unsigned).status == 401
    assert show(api, unsigned + "AAAA").status == 401
    # The public key as the secret of an HMAC; by hand, for PyJWT refuses to.
    public = key.private.public_key()
    spki = PublicFormat.SubjectPublicKeyInfo
    for secret in (public.public_bytes(each, spki) for each in (Encoding.PEM, Encoding.DER)):
        signed = f"{_base64(headers(key, alg='HS256'))}.{_base64(claims)}"
        mac = urlsafe_b64encode(hmac.digest(secret, signed.encode(), "sha256")).rstrip(b"=")
        assert show(api, f"{signed}.{mac.decode()}").status == 401


def _base64(part: Parts) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_a_token_that_was_tampered_with(api: Api, cast: Cast) -> None:
    head, body, signature = cast.bob.token.split(".")
    for token in (
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.{signature}",
        f"{head}.{cast.dana.token.split('.')[1]}.{signature}",
        "..",
        "\u00e9.\u00e9.\u00e9".encode().decode("latin-1"),
    ):
        assert show(api, token).status == 401


def test_a_scope_that_the_session_has_not(api: Api, key: SigningKey, claims: Parts) -> None:
    token = jwt.encode(
        claims | {"scope": "clinic:read clinic:write"}, key.private, "ES256", headers=headers(key)
    )
    clinic = show(api, token).json
    body = {name: clinic[name] for name in ("name", "country", "time_zone")}
    assert api.as_(token).put("/v1/clinic", body).status == 403


def test_a_token_serves_ten_minutes_and_half_a_minute_of_skew(
    api: Api, cast: Cast, clock: SimulatedClock
) -> None:
    token = cast.bob.token
    clock.advance(minutes=10, seconds=29)
    assert show(api, token).status == 200
    clock.advance(seconds=1)
    assert show(api, token).status == 401


def test_the_published_keys_verify_a_token(api: Api, cast: Cast) -> None:
    (published,) = api.get("/.well-known/jwks.json").json["keys"]
    assert "d" not in published
    issuer = "https://diary.example"
    said = jwt.decode(
        cast.bob.token,
        jwt.PyJWK(published).key,
        algorithms=["ES256"],
        audience=issuer,
        issuer=issuer,
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )
    assert said["sub"] == str(cast.bob.id)


def test_many_who_need_the_first_key_at_once(api: Api, house: House) -> None:
    rings = [KeyRing(house) for _ in range(16)]
    with ThreadPoolExecutor(len(rings)) as pool:
        made = {key.id for key in pool.map(KeyRing.active, rings)}

    published = {key["kid"] for key in api.get("/.well-known/jwks.json").json["keys"]}
    assert {str(id) for id in made} <= published


class LeapingClock(SimulatedClock):
    """Ten minutes pass each time anyone looks: whatever may be read again is read again."""

    def now(self) -> datetime:
        self.advance(minutes=10)
        return super().now()


def test_a_token_is_granted_with_the_one_connection_that_is_left(cast: Cast, house: House) -> None:
    # Many who refresh at once hold every connection: granting must not wait for one more.
    last = Database(house.settings.database_url, pool_size=1)
    try:
        api = Api(create_app(replace(house, database=last, clock=LeapingClock())))
        granted = api.form(
            "/oauth/token",
            grant_type="refresh_token",
            refresh_token=cast.alice.grant.refresh_token or "",
        )
        assert granted.status == 200
    finally:
        last.close()
