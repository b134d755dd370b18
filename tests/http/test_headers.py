"""Every answer of every operation says how it may be kept and shown."""

from typing import Any

import pytest

from api.limits import Rate
from diary.access.permissions import SCOPES_OF
from tests.client import Api, Response
from tests.http.asking import identities, ids, send
from tests.http.matrix import OPERATIONS

__all__ = ["identities", "ids"]
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "Server": "interlude",
}


def assert_headers(answer: Response, what: str, *, kept: bool, counted: bool) -> None:
    headers = answer.headers
    assert headers.items() >= ALWAYS.items(), what
    assert headers["Content-Security-Policy"].startswith("default-src 'none'"), what
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], what
    assert headers["X-Request-Id"], what
    assert kept or headers["Cache-Control"] == "no-store", what
    assert ("RateLimit" in headers) is ("RateLimit-Policy" in headers) is counted, what
    assert "Set-Cookie" not in headers, what
    if answer.body:
        assert "Content-Type" in headers, what


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_every_answer_of_every_operation(
    identities: dict[Any, Api], ids: dict[str, Any], api: Api
) -> None:
    seen = set()
    for path, method, declared in OPERATIONS:
        free = declared.rate is Rate.FREE
        # What anyone may read may be kept by anyone.
        kept = declared.scope is None and method == "get"
        may = [caller for role, caller in identities.items() if declared.scope in SCOPES_OF[role]]
        others = [caller for caller in identities.values() if caller not in may]
        asked: list[tuple[Api, dict[str, Any]]] = [(api, {}), (others[0], {})]
        # Whoever signs out is not there for the next operation.
        if "Session" not in declared.name or method == "get":
            asked += [(each, named) for each in may[:1] for named in ({}, ids)]
        for caller, named in asked:
            answer = send(caller, path, method, declared, named)
            assert_headers(answer, declared.name, kept=kept, counted=not free)
            seen.add(answer.status)
    assert {200, 201, 204, 401, 403, 404, 409, 422, 428} <= seen


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_what_is_no_operation(api: Api) -> None:
    for method, path in (("GET", "/v1/nothing"), ("PATCH", "/v1/alerts"), ("GET", "/metrics")):
        assert_headers(api.send(method, path), path, kept=False, counted=False)
