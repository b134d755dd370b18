"""A clinic's program proves who it is with a key that nobody else has: private_key_jwt."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import select

from diary.access.model import client_assertions
from diary.work import House
from tests.cast import Cast
from tests.client import Api, Response
from tests.clock import SimulatedClock
from tests.http.test_access import at_once

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ENDPOINT = "https://diary.example/oauth/token"
SCOPES = ["alerts:read", "clinic:read"]
P384 = ec.generate_private_key(ec.SECP384R1())
P256 = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2_048)
STRANGE = ec.generate_private_key(ec.SECP384R1())
ALGORITHM = {P384: "ES384", P256: "ES256", RSA: "RS384"}
Key = EllipticCurvePrivateKey | RSAPrivateKey


def jwk(key: Any, kid: str = "one", **more: Any) -> dict[str, Any]:
    algorithm = jwt.get_algorithm_by_name("RS384" if isinstance(key, RSAPrivateKey) else "ES384")
    made: dict[str, Any] = algorithm.to_jwk(key.public_key(), as_dict=True)
    made.pop("key_ops", None)
    return made | {"kid": kid} | more


class Program:
    """A program of Erin's clinic that signs its assertions."""

    def __init__(self, cast: Cast, api: Api, clock: SimulatedClock, key: Key = P384) -> None:
        body = {"name": "Pager", "scopes": SCOPES, "public_keys": [jwk(key)]}
        response = cast.erin.api.post("/v1/api-clients", body)
        assert response.status == 201, response
        self.registered = response.json
        self.id = response.json["id"]
        self.api, self.clock, self.key = api, clock, key

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Those of a good assertion, with changes; None leaves one out."""
        claims = {
            "iss": self.id,
            "sub": self.id,
            "aud": ENDPOINT,
            "jti": str(uuid4()),
            "exp": int(self.clock.now().timestamp()) + 300,
        }
        return {name: value for name, value in (claims | changed).items() if value is not None}

    def sign(
        self, claims: dict[str, Any] | None = None, key: Any = None, alg: Any = None, **header: Any
    ) -> str:
        """An assertion, good but for what is given."""
        key = key or self.key
        return jwt.encode(
            self.claims() if claims is None else claims,
            key,
            alg or ALGORITHM.get(key, "ES384"),
            headers={"kid": "one"} | header,
        )

    def ask(self, assertion: str, **fields: str) -> Response:
        """Ask for an access token with it."""
        body = {
            "grant_type": "client_credentials",
            "client_assertion_type": TYPE,
            "client_assertion": assertion,
        }
        return self.api.form("/oauth/token", **(body | fields))


@pytest.fixture
def program(cast: Cast, api: Api, clock: SimulatedClock) -> Program:
    return Program(cast, api, clock)


@pytest.mark.parametrize("key", [P384, P256, RSA], ids=["ES384", "ES256", "RS384"])
def test_a_program_that_signs_needs_no_shared_key(
    cast: Cast, api: Api, clock: SimulatedClock, key: Key
) -> None:
    program = Program(cast, api, clock, key)
    assert program.registered["key"] is None
    assert program.registered["public_keys"] == [jwk(key)]
    answer = program.ask(program.sign())

    assert answer.status == 200, answer
    assert (answer.json["scope"], answer.json["expires_in"]) == (" ".join(SCOPES), 300)
    assert api.as_(answer.json["access_token"]).get("/v1/alerts").status == 200
    assert program.ask(program.sign(), client_id=program.id.upper()).status == 200
    to_the_issuer = program.claims(aud="https://diary.example")
    assert program.ask(program.sign(to_the_issuer)).status == 200


def test_an_assertion_serves_once(program: Program, clock: SimulatedClock) -> None:
    assertion = program.sign()
    assert program.ask(assertion).status == 200
    assert program.ask(assertion).status == 401
    # The same name in another signature is the same assertion.
    same = program.claims()
    assert program.ask(program.sign(same)).status == 200
    assert program.ask(program.sign(same)).status == 401
    clock.advance(minutes=6)
    assert program.ask(assertion).status == 401


def test_of_many_requests_with_one_assertion_one_is_answered(program: Program) -> None:
    assertion = program.sign()
    answers = at_once(8, lambda: program.ask(assertion))
    assert sorted(answer.status for answer in answers) == [200] + [401] * 7


def test_what_one_program_called_its_assertion_another_may(
    cast: Cast, api: Api, clock: SimulatedClock
) -> None:
    for program in (Program(cast, api, clock), Program(cast, api, clock)):
        assert program.ask(program.sign(program.claims(jti="1"))).status == 200


def test_an_assertion_is_remembered_for_as_long_as_any_clock_believes_it(
    program: Program, clock: SimulatedClock, house: House
) -> None:
    first = program.sign()
    assert program.ask(first).status == 200
    clock.advance(minutes=5, seconds=29)
    assert program.ask(program.sign()).status == 200
    assert program.ask(first).status == 401
    assert remembered(house) == 2
    clock.advance(minutes=1)
    assert program.ask(program.sign()).status == 200
    assert remembered(house) == 2


def remembered(house: House) -> int:
    with house.database.transaction(write=False) as on:
        return len(on.execute(select(client_assertions)).all())


def hand_made(program: Program, header: dict[str, Any], payload: str) -> str:
    """Signed by the program over exactly this text."""
    whole = jwt.api_jws.encode(payload.encode(), program.key, "ES384", headers=header)
    return str(whole)


def twice(program: Program) -> str:
    """With a claim that is named twice, once for each reader."""
    text = json.dumps(program.claims())
    return hand_made(program, {"kid": "one"}, text[:-1] + f', "sub": "{program.id}"}}')


def unsigned(program: Program) -> str:
    return jwt.encode(program.claims(), "", "none", headers={"kid": "one"})


def keyed_with_what_is_public(program: Program) -> str:
    """As if the public key were a secret that both know."""
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=").decode()
    body = json.dumps(program.claims()).encode()
    payload = base64.urlsafe_b64encode(body).rstrip(b"=").decode()
    secret = json.dumps(program.registered["public_keys"][0]).encode()
    signature = hmac.digest(secret, f"{header}.{payload}".encode(), "sha256")
    return f"{header}.{payload}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def seconds(program: Program, **time: float) -> int:
    return int((program.clock.now() + timedelta(**time)).timestamp())


WITH_HEADER: list[dict[str, Any]] = [
    {"kid": "two"},
    {"kid": "../one"},
    {"jwk": jwk(STRANGE)},
    {"jku": "https://keys.example/jwks"},
    {"x5u": "https://keys.example/cert"},
    {"x5c": ["MIIB"]},
    {"crit": ["exp"], "exp": 1},
    {"b64": True, "crit": ["b64"]},
    {"typ": "at+jwt"},
    {"cty": "JWT"},
]
WITH_CLAIMS: list[dict[str, Any]] = [
    {"iss": str(uuid4())},
    {"sub": str(uuid4())},
    {"sub": "no-uuid"},
    {"sub": 7},
    {"aud": "https://another.example/oauth/token"},
    {"aud": [ENDPOINT]},
    {"aud": [ENDPOINT, "https://another.example/oauth/token"]},
    {"jti": ""},
    {"jti": "j" * 256},
    {"jti": 7},
    *({name: None} for name in ("iss", "sub", "aud", "jti", "exp")),
]
WITH_TIMES: list[Callable[[Program], dict[str, Any]]] = [
    lambda program: {"exp": seconds(program, minutes=-1)},
    lambda program: {"exp": seconds(program, minutes=6)},
    lambda program: {"exp": 2**62},
    lambda program: {"exp": str(seconds(program, minutes=4))},
    lambda program: {"exp": seconds(program, minutes=4) + 0.5},
    lambda program: {"exp": True},
    lambda program: {"iat": seconds(program, minutes=2)},
    lambda program: {"nbf": seconds(program, minutes=2)},
    lambda program: {"nbf": "now"},
]


def test_one_made_by_hand_is_as_good_as_any(program: Program) -> None:
    made = hand_made(program, {"kid": "one"}, json.dumps(program.claims()))
    assert program.ask(made).status == 200


def of_parts(header: str, payload: str) -> str:
    """Of these texts, and signed by nobody."""
    parts = (
        base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (header, payload)
    )
    return ".".join((*parts, "c2lnbmF0dXJl"))


FORGED: dict[str, Callable[[Program], str]] = {
    "unsigned": unsigned,
    "keyed with what is public": keyed_with_what_is_public,
    "another key": lambda program: program.sign(key=STRANGE),
    "another curve": lambda program: program.sign(key=P256, alg="ES256"),
    "a claim twice": twice,
    "claims that are a list": lambda program: hand_made(program, {"kid": "one"}, "[1]"),
    "no signature": lambda program: program.sign().rpartition(".")[0] + ".",
    "two parts": lambda program: program.sign().rpartition(".")[0],
    "cut": lambda program: program.sign()[:-8],
    "deep": lambda program: of_parts("{}", "[" * 1_200),
    "a deep header": lambda program: of_parts("[" * 1_200, json.dumps(program.claims(jti="1"))),
    "a deep claim": lambda program: hand_made(
        program,
        {"kid": "one"},
        json.dumps(program.claims())[:-1] + ', "more": ' + "[" * 1_200 + "]" * 1_200 + "}",
    ),
    "no number": lambda program: hand_made(
        program, {"kid": "one"}, json.dumps(program.claims(more=float("nan")))
    ),
    "a surrogate": lambda program: hand_made(
        program, {"kid": "one"}, json.dumps(program.claims(jti="x"))[:-3] + '\\ud800"}'
    ),
    "no token": lambda program: "a.b.c",
    **{
        f"header {'-'.join(header)} {number}": lambda program, header=header: program.sign(**header)  # type: ignore[misc]
        for number, header in enumerate(WITH_HEADER)
    },
    **{
        f"claims {number}": lambda program, changed=changed: hand_made(  # type: ignore[misc]
            program, {"kid": "one"}, json.dumps(program.claims(**changed))
        )
        for number, changed in enumerate(WITH_CLAIMS)
    },
    **{
        f"times {number}": lambda program, times=times: program.sign(  # type: ignore[misc]
            program.claims(**times(program))
        )
        for number, times in enumerate(WITH_TIMES)
    },
}


@pytest.mark.parametrize("forged", FORGED)
def test_what_proves_nothing_is_refused_alike(program: Program, api: Api, forged: str) -> None:
    answer = program.ask(FORGED[forged](program))
    nonsense = program.ask(f"{'a' * 40}.{'b' * 40}.{'c' * 40}")

    assert (answer.status, answer.json["error"]) == (401, "invalid_client")
    assert answer.body == nonsense.body
    # Nothing is locked, nothing is used up.
    assert program.ask(program.sign()).status == 200


def test_an_assertion_that_is_too_long_is_not_read(program: Program) -> None:
    answer = program.ask(program.sign(program.claims(padding="p" * 100_000)))
    assert answer.status in (413, 422)


@pytest.mark.parametrize(
    "fields",
    [
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
        {"client_id": str(uuid4())},
        {"client_secret": "ilk_live_" + "a" * 43},
    ],
    ids="-".join,
)
def test_one_proof_and_one_name(program: Program, fields: dict[str, str]) -> None:
    assert program.ask(program.sign(), **fields).status == 401
    missing = program.ask(program.sign(), client_assertion_type="")
    assert (missing.status, missing.json["error"]) == (400, "invalid_request")


def test_a_revoked_program_is_refused(program: Program, cast: Cast) -> None:
    path = f"/v1/api-clients/{program.id}"
    assert cast.erin.api.delete(path).status == 204
    assert program.ask(program.sign()).status == 401
    keys = {"public_keys": [jwk(P256)]}
    assert cast.erin.api.put(f"{path}/public-keys", keys).status == 404


def test_a_key_changes_without_a_gap(program: Program, cast: Cast) -> None:
    path = f"/v1/api-clients/{program.id}/public-keys"
    both = {"public_keys": [jwk(P384), jwk(P256, "two")]}
    assert cast.grace.api.put(path, both).status == 404
    assert cast.bob.api.put(path, both).status == 403
    assert cast.erin.api.put(path, both).status == 204
    assert program.ask(program.sign()).status == 200
    assert program.ask(program.sign(key=P256, kid="two")).status == 200

    assert cast.erin.api.put(path, {"public_keys": both["public_keys"][1:]}).status == 204
    assert program.ask(program.sign()).status == 401
    assert program.ask(program.sign(key=P256, kid="two")).status == 200


def test_a_key_that_was_shared_serves_no_longer_once_the_program_signs(
    cast: Cast, api: Api
) -> None:
    body = {"name": "Pager", "scopes": SCOPES}
    made = cast.erin.api.post("/v1/api-clients", body).json
    secret = {
        "grant_type": "client_credentials",
        "client_id": made["id"],
        "client_secret": made["key"],
    }
    assert api.form("/oauth/token", **secret).status == 200
    path = f"/v1/api-clients/{made['id']}/public-keys"
    assert cast.erin.api.put(path, {"public_keys": [jwk(P384)]}).status == 204
    assert api.form("/oauth/token", **secret).status == 401


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "one"},
        jwk(P384) | {"d": "c2VjcmV0"},
        jwk(P384) | {"kid": ""},
        jwk(P384) | {"kid": 7},
        jwk(P384) | {"kid": "a\0b"},
        jwk(P384) | {"kid": "k" * 256},
        jwk(P384) | {"key_ops": ["sign"]},
        jwk(P384) | {"key_ops": {"a": "\0"}},
        jwk(P384) | {"n": "AQAB"},
        jwk(P384) | {"kty": ["EC"]},
        jwk(RSA) | {"x": {"deep": [1]}},
        jwk(RSA) | {"e": "Aw"},
        jwk(P384) | {"x": "AAAA"},
        jwk(P384) | {"crv": "P-521"},
        jwk(P384) | {"alg": "ES256"},
        jwk(P384) | {"alg": "none"},
        jwk(P384) | {"use": "enc"},
        jwk(P384) | {"x5u": "https://keys.example/cert"},
        jwk(rsa.generate_private_key(65537, 1_024)),
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "one"},
    ],
)
def test_a_key_that_does_not_fit_is_refused_by_its_place(cast: Cast, key: dict[str, Any]) -> None:
    body = {"name": "Pager", "scopes": SCOPES, "public_keys": [jwk(P256, "good"), key]}
    refused = cast.erin.api.post("/v1/api-clients", body)
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/public_keys/1")
    assert refused.json["errors"][0]["code"] == "unusable_key"


def test_a_list_without_a_key_does_not_become_a_shared_one(cast: Cast) -> None:
    body = {"name": "Pager", "scopes": SCOPES, "public_keys": []}
    refused = cast.erin.api.post("/v1/api-clients", body)
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/public_keys")


def test_two_keys_of_one_name_are_refused(cast: Cast) -> None:
    body = {"name": "Pager", "scopes": SCOPES, "public_keys": [jwk(P256), jwk(P384)]}
    refused = cast.erin.api.post("/v1/api-clients", body)
    (fault,) = refused.json["errors"]
    assert (fault["pointer"], fault["code"]) == ("/public_keys/1/kid", "duplicate")
