"""What cannot be read, or comes from nobody, is refused; a patient is told whom to call."""

import gzip
from collections.abc import Mapping

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from diary.work import House
from tests.cast import Cast
from tests.client import Api, Response
from tests.clock import SimulatedClock
from tests.http.test_bad_input import JSON, WORD, faults, refused, stored

LARGEST = 64 * 1024
CHECK_IN = "/v1/check-ins/2f1c9a52-6a52-4b0f-9d3c-0b6d2a7f1e11"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def helped(response: Response, emergency: list[str]) -> None:
    """Whom to call stands in the refusal."""
    crisis = response.json["crisis"]
    assert crisis["emergency_numbers"] == emergency
    assert crisis["pack"].startswith("/v1/crisis-pack?country=")
    assert crisis["contacts"]


def padded(length: int) -> bytes:
    return b'{"note": "' + b"x" * (length - 12) + b'"}'


UNREADABLE: list[tuple[bytes | None, Mapping[str, str], int, str]] = [
    (b" ", JSON, 400, "malformed"),
    (b'{"mood": ' + WORD.encode(), JSON, 400, "malformed"),
    (b'{"mood": 1} ' + WORD.encode(), JSON, 400, "malformed"),
    (b"{'mood': 1}", JSON, 400, "malformed"),
    (b'{"mood": 1, "mood": 2}', JSON, 400, "malformed"),
    (b'{"answers": {"si": 5, "s\\u0069": 0}}', JSON, 400, "malformed"),
    (b'{"mood": NaN}', JSON, 400, "malformed"),
    (b'{"mood": -Infinity}', JSON, 400, "malformed"),
    (b'{"mood": 01}', JSON, 400, "malformed"),
    (b'{"mood": ' + b"9" * 5_000 + b"}", JSON, 400, "malformed"),
    (b'{"note": "' + WORD.encode() + b'\\ud800"}', JSON, 400, "malformed"),
    (b'{"note": "' + WORD.encode() + b'\xff"}', JSON, 400, "malformed"),
    (b'{"note": "\xed\xa0\x80"}', JSON, 400, "malformed"),
    ('{"mood": 1}'.encode("utf-16"), JSON, 400, "malformed"),
    (b"[" * 33 + b"]" * 33, JSON, 400, "malformed"),
    (b"[" * 30_000 + b"]" * 30_000, JSON, 400, "malformed"),
    (b'{"a":' * 33 + b"1" + b"}" * 33, JSON, 400, "malformed"),
    (padded(LARGEST + 1), JSON, 413, "too-large"),
    (None, JSON, 411, "length-required"),
    (gzip.compress(b"{}", mtime=0), JSON | {"Content-Encoding": "gzip"}, 415, "unsupported-media"),
    (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported-media"),
    (b"{}", {}, 415, "unsupported-media"),
    (b"{}", {"Content-Type": "application/json; charset=latin-1"}, 415, "unsupported-media"),
    (b"mood=1", FORM, 415, "unsupported-media"),
]


@pytest.mark.parametrize(("body", "headers", "status", "code"), UNREADABLE)
def test_a_body_that_cannot_be_read(
    cast: Cast,
    house: House,
    body: bytes | None,
    headers: Mapping[str, str],
    status: int,
    code: str,
) -> None:
    before = stored(house)
    for caller, method, path in (
        (cast.alice, "PUT", CHECK_IN),
        (cast.bob, "POST", "/v1/patients"),
    ):
        response = caller.api.send(method, path, body, headers)
        refused(response, status, code)
        assert ("crisis" in response.json) is (caller is cast.alice)
        if caller is cast.alice:
            helped(response, ["112"])
    assert stored(house) == before


def test_a_chunked_body_is_refused(cast: Cast) -> None:
    response = cast.alice.api.send("PUT", CHECK_IN, b"{}", JSON, HTTP_TRANSFER_ENCODING="chunked")
    refused(response, 411, "length-required")
    helped(response, ["112"])


def test_the_longest_body_and_the_deepest_are_read(cast: Cast) -> None:
    longest = cast.alice.api.send("PUT", CHECK_IN, padded(LARGEST), JSON)
    refused(longest, 422, "invalid")
    deepest = b'{"note": ' + b"[" * 31 + b"]" * 31 + b"}"
    refused(cast.alice.api.send("PUT", CHECK_IN, deepest, JSON), 422, "invalid")


def test_a_body_where_none_is_expected(cast: Cast) -> None:
    response = cast.bob.api.send("GET", "/v1/patients", WORD.encode(), JSON)
    refused(response, 400, "malformed")


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        (f"surprise={WORD}", "/surprise", "unknown_parameter"),
        (f"limit={WORD}", "/limit", "wrong_type"),
        ("limit=0", "/limit", "out_of_range"),
        ("limit=101", "/limit", "out_of_range"),
        ("limit=1.0", "/limit", "wrong_type"),
        ("si_at_least=9", "/si_at_least", "out_of_range"),
        (f"recorded_from={WORD}", "/recorded_from", "invalid_format"),
        (f"cursor={WORD}", "/cursor", "invalid_cursor"),
        ("limit=1&limit=2", None, None),
        ("limit=%FF", None, None),
    ],
)
def test_a_query_string_that_does_not_fit(
    cast: Cast, query: str, pointer: str | None, code: str | None
) -> None:
    response = cast.alice.api.send("GET", f"/v1/check-ins?{query}")

    refused(response, 400, "bad-query")
    helped(response, ["112"])
    if pointer is not None:
        assert faults(response) == {pointer: code}


def test_a_query_string_where_none_is_expected(cast: Cast) -> None:
    response = cast.alice.api.put(f"{CHECK_IN}?force={WORD}", cast.alice.check_in_body())
    refused(response, 400, "bad-query")
    helped(response, ["112"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", f"/v1/check-ins/{WORD}", 404),
        ("GET", "/v1/check-ins/1", 404),
        ("GET", CHECK_IN, 404),
        ("GET", f"/v1/me/{WORD}", 404),
        ("DELETE", CHECK_IN, 405),
        ("OPTIONS", "/v1/check-ins", 405),
        ("GET", f"/v1/{WORD}", 404),
    ],
)
def test_a_path_that_leads_nowhere(cast: Cast, method: str, path: str, status: int) -> None:
    response = cast.alice.api.send(method, path)
    refused(response, status, "not-found" if status == 404 else "method-not-allowed")
    helped(response, ["112"])
    assert ("Allow" in response.headers) is (status == 405)


# --- from nobody ---------------------------------------------------------------------------------


def forged(cast: Cast) -> str:
    """A token that says what Alice's says, with a key of somebody else's."""
    genuine = cast.alice.token
    claims = jwt.decode(genuine, options={"verify_signature": False})
    headers = {"kid": jwt.get_unverified_header(genuine)["kid"], "typ": "at+jwt"}
    return jwt.encode(claims, generate_private_key(SECP256R1()), "ES256", headers=headers)


@pytest.mark.parametrize("token", ["none", "garbage", "expired", "forged", "basic", "empty"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/me"), ("PUT", CHECK_IN), ("POST", "/v1/me/help"), ("GET", "/v1/check-ins")],
)
def test_a_patient_without_a_good_token_is_told_whom_to_call(
    cast: Cast, api: Api, clock: SimulatedClock, house: House, token: str, method: str, path: str
) -> None:
    sent = {
        "none": None,
        "garbage": f"Bearer {WORD}",
        "expired": f"Bearer {cast.alice.token}",
        "forged": f"Bearer {forged(cast)}",
        "basic": f"Basic {WORD}",
        "empty": "Bearer ",
    }[token]
    clock.advance(minutes=11 if token == "expired" else 0)
    before = stored(house)
    response = api.send(
        method, path, None, {"Authorization": sent, "Accept-Language": "es"} if sent else {}
    )

    refused(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    # Nothing is known of this caller, so the numbers are the deployment's own country's.
    helped(response, [])
    assert response.json["crisis"]["pack"].endswith("locale=es" if sent else "locale=en")
    assert stored(house) == before


def test_nobody_on_the_care_teams_routes(cast: Cast, api: Api) -> None:
    for token in (WORD, forged(cast)):
        response = api.as_(token).get("/v1/alerts")
        refused(response, 401, "unauthenticated")
        assert "crisis" not in response.json
    refused(api.get("/v1/alerts"), 401, "unauthenticated")


def test_a_patient_on_the_care_teams_routes(cast: Cast) -> None:
    for path in ("/v1/alerts", "/v1/patients", f"/v1/patients/{cast.alice.id}/check-ins"):
        response = cast.alice.api.get(path)
        refused(response, 403, "forbidden")
        helped(response, ["112"])


def test_the_care_team_on_a_patients_routes(cast: Cast, house: House) -> None:
    before = stored(house)
    for member in (cast.bob, cast.dana, cast.erin):
        body = cast.alice.check_in_body(si=5)
        refused(member.api.put(CHECK_IN, body), 403, "forbidden")
        refused(member.api.post("/v1/me/help"), 403, "forbidden")
        refused(member.api.get("/v1/me"), 403, "forbidden")
    assert stored(house) == before


def test_a_conflict_carries_whom_to_call(cast: Cast) -> None:
    id = cast.alice.check_in().json["id"]
    response = cast.alice.check_in(id, mood=1)
    refused(response, 409, "check-in-conflict")
    helped(response, ["112"])


def test_a_pairing_code_that_is_not_good_carries_whom_to_call(api: Api) -> None:
    response = api.post("/v1/devices", {"code": WORD})
    refused(response, 401, "grant-refused")
    helped(response, [])
