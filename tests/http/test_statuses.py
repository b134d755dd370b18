"""Every status that a client has to understand, with its headers and its problem type."""

import re
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from api.auth import EXTENSION
from api.limits import Limits
from diary.database import Database
from diary.work import House
from tests.cast import Cast
from tests.client import Api, Response
from tests.http.test_bad_input import CLINIC, JSON, PATIENT, refused

PATIENTS = "/v1/patients"


def _conflict(cast: Cast, _: Api) -> Response:
    id = cast.alice.check_in().json["id"]
    return cast.alice.check_in(id, mood=1)


def _too_many(cast: Cast, api: Api) -> Response:
    front = api.app.extensions[EXTENSION]
    limits = Limits(0.0001, lambda *_: False)
    api.app.extensions[EXTENSION] = replace(front, limits=limits)
    cast.bob.api.get(PATIENTS)
    return cast.bob.api.get(PATIENTS)


def _reused(cast: Cast, _: Api) -> Response:
    cast.bob.api.post(PATIENTS, PATIENT, key="1")
    return cast.bob.api.post(PATIENTS, PATIENT | {"name": "Bea"}, key="1")


Case = tuple[int, str, Callable[[Cast, Api], Response], dict[str, str]]
CASES: list[Case] = [
    (400, "malformed", lambda c, _: c.bob.api.send("POST", PATIENTS, b"{", JSON), {}),
    (400, "bad-query", lambda c, _: c.bob.api.get(PATIENTS, colour="red"), {}),
    (401, "unauthenticated", lambda _, a: a.get(PATIENTS), {"WWW-Authenticate": "Bearer"}),
    (
        401,
        "grant-refused",
        lambda _, a: a.post("/v1/devices", {"code": "x"}),
        {"WWW-Authenticate": "Bearer"},
    ),
    (403, "forbidden", lambda c, _: c.erin.api.get(PATIENTS), {}),
    (404, "not-found", lambda c, _: c.bob.api.get(f"{PATIENTS}/{c.frank.id}"), {}),
    (404, "not-found", lambda c, _: c.bob.api.get(f"{PATIENTS}/{uuid4()}"), {}),
    (404, "not-found", lambda c, _: c.bob.api.get("/v1/nothing"), {}),
    (
        405,
        "method-not-allowed",
        lambda c, _: c.bob.api.delete(PATIENTS),
        {"Allow": "((GET|HEAD|POST)(, |$)){3}"},
    ),
    (409, "check-in-conflict", _conflict, {}),
    (411, "length-required", lambda c, _: c.bob.api.send("POST", PATIENTS, None, JSON), {}),
    (
        412,
        "precondition-failed",
        lambda c, _: c.erin.api.put("/v1/clinic", CLINIC, if_match='"9"'),
        {},
    ),
    (413, "too-large", lambda c, _: c.bob.api.send("POST", PATIENTS, b" " * 65_537, JSON), {}),
    (415, "unsupported-media", lambda c, _: c.bob.api.send("POST", PATIENTS, b"{}", {}), {}),
    (422, "invalid", lambda c, _: c.bob.api.post(PATIENTS, {}), {}),
    (422, "idempotency-key-reused", _reused, {}),
    (428, "precondition-required", lambda c, _: c.erin.api.put("/v1/clinic", CLINIC), {}),
    (429, "rate-limited", _too_many, {"Retry-After": "[1-9][0-9]*", "RateLimit": '"address";r=.*'}),
]


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("status", "code", "ask", "headers"),
    CASES,
    ids=[f"{each[0]}-{each[1]}" for each in CASES],
)
def test_a_refusal(
    cast: Cast,
    api: Api,
    status: int,
    code: str,
    ask: Callable[[Cast, Api], Response],
    headers: dict[str, str],
) -> None:
    answer = ask(cast, api)
    refused(answer, status, code)
    assert answer.json["type"] == f"urn:interlude:problem:{code}"
    assert answer.json["status"] == status
    assert answer.json["title"]
    assert answer.headers["Cache-Control"] == "no-store"
    for name, value in headers.items():
        assert re.fullmatch(value, answer.headers[name]), (name, answer.headers[name])


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_a_database_that_is_away(cast: Cast, api: Api, house: House) -> None:
    token = cast.alice.token
    front = api.app.extensions[EXTENSION]
    # Nobody listens at the discard port of a test machine.
    away = replace(house, database=Database("postgresql://x@127.0.0.1:9/x", pool_size=1))
    api.app.extensions[EXTENSION] = replace(front, house=away)
    answer = api.as_(token).get("/v1/me")
    refused(answer, 503, "busy")
    assert answer.headers["Retry-After"] == "1"
    assert answer.json["crisis"]["emergency_numbers"] == ["112"]
