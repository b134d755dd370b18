"""Where people are signed in, and how each of it is ended at once."""

from typing import Any

from tests.cast import PASSWORD, Cast
from tests.client import Api
from tests.clock import SimulatedClock
from tests.http.authenticator import App


def sign_in(api: Api, cast: Cast, app: App) -> Api:
    body = {"email": cast.bob.email, "password": PASSWORD, "code": app.code()}
    return api.as_(api.post("/v1/sessions", body).json["access_token"])


def listed(api: Api, path: str = "/v1/sessions") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(path).json["items"]
    return found


def test_a_member_ends_the_session_left_open_elsewhere(api: Api, cast: Cast, bobs_app: App) -> None:
    elsewhere, here = (sign_in(api, cast, bobs_app) for _ in range(2))
    newest, *others = listed(here)
    assert newest["current"]
    assert not any(session["current"] for session in others)
    left_open = next(session for session in listed(elsewhere) if session["current"])

    assert here.delete(f"/v1/sessions/{left_open['id']}").status == 204
    assert elsewhere.get("/v1/alerts").status == 401
    assert left_open["id"] not in {session["id"] for session in listed(here)}
    assert here.delete(f"/v1/sessions/{left_open['id']}").status == 404


def test_nobody_ends_or_sees_a_colleagues_session(cast: Cast) -> None:
    (hers,) = listed(cast.dana.api)
    assert hers["id"] not in {session["id"] for session in listed(cast.bob.api)}
    assert cast.bob.api.delete(f"/v1/sessions/{hers['id']}").status == 404
    assert cast.dana.api.get("/v1/alerts").status == 200


def test_sessions_that_are_over_are_not_listed(cast: Cast, clock: SimulatedClock) -> None:
    first = listed(cast.bob.api)
    clock.advance(hours=12)
    later = listed(cast.bob.api)
    assert not {session["id"] for session in first} & {session["id"] for session in later}


def test_an_administrator_signs_a_member_out_everywhere(
    api: Api, cast: Cast, bobs_app: App
) -> None:
    signed_in = [sign_in(api, cast, bobs_app) for _ in range(2)]
    path = f"/v1/staff/{cast.bob.id}/sessions"
    assert cast.grace.api.delete(path).status == 404
    assert cast.dana.api.delete(path).status == 403
    assert all(each.get("/v1/alerts").status == 200 for each in signed_in)

    assert cast.erin.api.delete(path).status == 204
    assert all(each.get("/v1/alerts").status == 401 for each in signed_in)
    assert cast.dana.api.get("/v1/alerts").status == 200


def test_a_lost_phone_is_put_out(cast: Cast) -> None:
    path = f"/v1/patients/{cast.alice.id}/devices"
    (phone,) = listed(cast.bob.api, path)
    assert (phone["name"], phone["platform"], phone["state"]) == (
        "Alice's phone",
        "android",
        "active",
    )
    for stranger, status in ((cast.charlie, 404), (cast.erin, 403)):
        assert stranger.api.get(path).status == status
        assert stranger.api.delete(f"{path}/{phone['id']}").status == status
    assert cast.alice.check_in().status == 201

    assert cast.bob.api.delete(f"{path}/{phone['id']}").status == 204
    assert cast.alice.check_in().status == 401
    assert [device["state"] for device in listed(cast.bob.api, path)] == ["ended"]


def test_a_phone_is_ended_under_its_own_patient_alone(cast: Cast) -> None:
    heidi = cast.enrol("Heidi")
    (phone,) = listed(cast.bob.api, f"/v1/patients/{cast.alice.id}/devices")
    assert cast.bob.api.delete(f"/v1/patients/{heidi.id}/devices/{phone['id']}").status == 404
    assert cast.alice.check_in().status == 201
