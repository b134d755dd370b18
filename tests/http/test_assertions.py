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
from sqlalchemy import select

from diary.access.model import client_assertions
from diary.isolation import EVERYTHING
from diary.work import House
from tests.cast import Cast
from tests.client import Api
from tests.clock import SimulatedClock
from tests.http.test_access import at_once
from tests.programs import ENDPOINT, P256, STRANGE, Program, jwk


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
    with house.database.transaction(write=False, bounds=EVERYTHING) as on:
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


def with_header(header: dict[str, Any]) -> Callable[[Program], str]:
    return lambda program: program.sign(**header)


def with_claims(changed: dict[str, Any]) -> Callable[[Program], str]:
    return lambda program: hand_made(program, {"kid": "one"}, json.dumps(program.claims(**changed)))


def with_times(times: Callable[[Program], dict[str, Any]]) -> Callable[[Program], str]:
    return lambda program: program.sign(program.claims(**times(program)))


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
        f"header {'-'.join(header)} {number}": with_header(header)
        for number, header in enumerate(WITH_HEADER)
    },
    **{f"claims {number}": with_claims(changed) for number, changed in enumerate(WITH_CLAIMS)},
    **{f"times {number}": with_times(times) for number, times in enumerate(WITH_TIMES)},
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
