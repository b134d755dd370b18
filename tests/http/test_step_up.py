"""What is dear needs a proof of who asks that is fresh."""

from typing import Any

import jwt
import pytest

from diary.access.permissions import Role
from tests.cast import PASSWORD, Cast
from tests.client import Api
from tests.clock import SimulatedClock
from tests.http.authenticator import App
from tests.http.conftest import set_up
from tests.http.test_clients import client, exchange

STEP_UP = "/v1/sessions/current/step-up"
ENDPOINT = {"url": "https://hooks.example/one", "description": None}


def claims(token: str) -> dict[str, Any]:
    said: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return said


@pytest.fixture
def erins_app(api: Api, cast: Cast, clock: SimulatedClock) -> App:
    """Erin's authenticator app; she has signed in with it."""
    return set_up(api, cast.erin, clock)[0]


def sign_in(api: Api, cast: Cast, app: App) -> dict[str, Any]:
    sent = {"email": cast.erin.email, "password": PASSWORD, "code": app.code()}
    granted = api.post("/v1/sessions", sent)
    assert granted.status == 201, granted
    found: dict[str, Any] = granted.json
    return found


def renewed(api: Api, granted: dict[str, Any]) -> dict[str, Any]:
    form = {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]}
    found: dict[str, Any] = api.form("/oauth/token", **form).json
    return found


def test_a_code_once_more_after_ten_minutes(
    api: Api, cast: Cast, erins_app: App, clock: SimulatedClock
) -> None:
    granted = sign_in(api, cast, erins_app)
    since = claims(granted["access_token"])["auth_time"]
    assert since == int(clock.now().timestamp())
    clock.advance(minutes=9, seconds=59)
    erin = api.as_(granted["access_token"])
    assert erin.post("/v1/webhook-endpoints", ENDPOINT).status == 201
    clock.advance(seconds=2)

    later = renewed(api, granted)
    assert claims(later["access_token"])["auth_time"] == since, "renewing proves nothing"
    erin = api.as_(later["access_token"])
    refused = erin.post("/v1/webhook-endpoints", ENDPOINT)
    assert (refused.status, refused.code) == (401, "step-up-needed")
    assert refused.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_user_authentication", max_age=600'
    )
    assert erin.get("/v1/webhook-endpoints").status == 200

    proven = erin.post(STEP_UP, {"code": erins_app.code()})
    assert proven.status == 200
    assert "refresh_token" not in proven.json
    assert claims(proven.json["access_token"])["auth_time"] == int(clock.now().timestamp())
    # The session has proven it: whichever token of it is shown.
    for token in (proven.json["access_token"], later["access_token"]):
        assert api.as_(token).post("/v1/webhook-endpoints", ENDPOINT).status == 201
    again = renewed(api, later)
    assert (
        claims(again["access_token"])["auth_time"]
        == claims(proven.json["access_token"])["auth_time"]
    )


def test_a_code_serves_once_and_wrong_ones_are_counted(
    api: Api, cast: Cast, erins_app: App, clock: SimulatedClock
) -> None:
    granted = sign_in(api, cast, erins_app)
    clock.advance(minutes=10, seconds=1)
    erin = api.as_(renewed(api, granted)["access_token"])
    code = erins_app.code()
    assert erin.post(STEP_UP, {"code": code}).status == 200
    for _ in range(4):
        again = erin.post(STEP_UP, {"code": code})
        assert (again.status, again.code) == (409, "code-refused")
    erin.post(STEP_UP, {"code": "000000"})
    # The right one is looked at no more, and neither is a sign-in from there.
    waits = erin.post(STEP_UP, {"code": erins_app.code()})
    assert (waits.status, waits.code) == (429, "too-many-guesses")
    sent = {"email": cast.erin.email, "password": PASSWORD, "code": erins_app.present()}
    assert api.post("/v1/sessions", sent).status == 429


def test_a_recovery_code_proves_it_too(api: Api, cast: Cast, clock: SimulatedClock) -> None:
    app, _, confirmed = set_up(api, cast.erin, clock)
    (code, *_) = confirmed.json["recovery_codes"]
    granted = sign_in(api, cast, app)
    clock.advance(minutes=10, seconds=1)
    erin = api.as_(renewed(api, granted)["access_token"])
    assert erin.post("/v1/webhook-endpoints", ENDPOINT).status == 401
    assert erin.post(STEP_UP, {"code": code}).status == 200
    assert erin.post("/v1/webhook-endpoints", ENDPOINT).status == 201
    assert erin.post(STEP_UP, {"code": code}).code == "code-refused"


def test_a_proof_is_of_one_session(
    api: Api, cast: Cast, erins_app: App, clock: SimulatedClock
) -> None:
    granted = [sign_in(api, cast, erins_app) for _ in "ab"]
    clock.advance(minutes=10, seconds=1)
    first, second = (api.as_(renewed(api, each)["access_token"]) for each in granted)
    assert first.post(STEP_UP, {"code": erins_app.code()}).status == 200
    assert first.post("/v1/webhook-endpoints", ENDPOINT).status == 201
    assert second.post("/v1/webhook-endpoints", ENDPOINT).status == 401


def test_programs_are_exempt(api: Api, cast: Cast, clock: SimulatedClock) -> None:
    made = client(cast)
    clock.advance(days=30)
    token = exchange(api, made["id"], made["key"]).json["access_token"]
    assert "auth_time" not in claims(token)
    assert api.as_(token).get("/v1/alerts").status == 200
    # Breaking the glass is a clinician's: a program reads the clinic by its scopes.
    judy = cast.join("Judy", Role.CLINICIAN)
    glass = f"/v1/patients/{cast.alice.id}/break-glass"
    clock.advance(minutes=10, seconds=1)
    refused = judy.api.post(glass, {"reason": "She called the ward."})
    assert (refused.status, refused.code) == (401, "step-up-needed")
