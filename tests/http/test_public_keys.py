"""The keys that a clinic's program signs with: registered, changed, refused."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.cast import Cast
from tests.client import Api
from tests.clock import SimulatedClock
from tests.programs import P256, P384, RSA, SCOPES, Key, Program, jwk


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
    assert cast.erin.api.put(path, both, if_match="*").status == 204
    assert program.ask(program.sign()).status == 200
    assert program.ask(program.sign(key=P256, kid="two")).status == 200

    assert (
        cast.erin.api.put(path, {"public_keys": both["public_keys"][1:]}, if_match="*").status
        == 204
    )
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
    assert cast.erin.api.put(path, {"public_keys": [jwk(P384)]}, if_match="*").status == 204
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
