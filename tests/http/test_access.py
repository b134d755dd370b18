"""How people and phones get in, stay in and are put out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from diary.access.permissions import SCOPES_OF, Role
from tests.cast import PASSWORD, Cast, Member
from tests.client import Api, Response
from tests.clock import SimulatedClock
from tests.http.authenticator import App


def sign_in(api: Api, email: str, password: str = PASSWORD, **code: str) -> Response:
    return api.post("/v1/sessions", {"email": email, "password": password} | code)


def refresh(api: Api, token: str) -> Response:
    return api.form("/oauth/token", grant_type="refresh_token", refresh_token=token)


def invite(admin: Member, name: str = "Heidi") -> dict[str, Any]:
    body = {"name": name, "email": f"{name.lower()}@harbour.example", "role": "clinician"}
    response = admin.api.post("/v1/staff", body)
    assert response.status == 201, response
    found: dict[str, Any] = response.json
    return found


def enrolment_code(cast: Cast) -> str:
    response = cast.bob.api.post(f"/v1/patients/{cast.alice.id}/enrolments")
    assert response.status == 201, response
    code: str = response.json["code"]
    assert code in response.json["uri"]
    return code


def pair(api: Api, code: str) -> Response:
    return api.post("/v1/devices", {"code": code, "name": "A phone", "platform": "ios"})


def at_once(count: int, call: Callable[[], Response]) -> list[Response]:
    barrier = Barrier(count)

    def one(_: int) -> Response:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


# --- the care team -------------------------------------------------------------------------------


def test_a_member_signs_in(cast: Cast, api: Api, bobs_app: App) -> None:
    response = sign_in(api, cast.bob.email.upper(), code=bobs_app.code())

    assert response.status == 201
    assert (response.json["token_type"], response.json["expires_in"]) == ("Bearer", 600)
    assert set(response.json["scope"].split()) == SCOPES_OF[Role.CLINICIAN]
    assert response.headers["Cache-Control"] == "no-store"
    assert api.as_(response.json["access_token"]).get("/v1/clinic").status == 200


def test_wrong_and_unknown_are_answered_alike(cast: Cast, api: Api) -> None:
    invited = invite(cast.erin)["member"]["email"]
    wrong = sign_in(api, cast.bob.email, "a long walk by the lake")
    unknown = sign_in(api, "nobody@nowhere.example")
    not_yet = sign_in(api, invited)

    assert (wrong.status, wrong.code) == (401, "grant-refused")
    assert wrong.body == unknown.body == not_yet.body


def test_an_invitation_serves_once(cast: Cast, api: Api) -> None:
    invitation = invite(cast.erin)
    assert invitation["member"]["active"] is False
    body = {"code": invitation["code"], "password": PASSWORD}

    assert api.post("/v1/staff/activations", body).status == 204
    assert sign_in(api, invitation["member"]["email"]).status == 201
    again = api.post("/v1/staff/activations", body | {"password": "somebody else's words"})
    assert (again.status, again.code) == (401, "grant-refused")
    unknown = api.post("/v1/staff/activations", body | {"code": "AAAA-BBBB"})
    assert unknown.body == again.body
    assert sign_in(api, invitation["member"]["email"], "somebody else's words").status == 401


def test_two_who_take_up_one_invitation_at_once(cast: Cast, api: Api) -> None:
    body = {"code": invite(cast.erin)["code"], "password": PASSWORD}
    answers = at_once(4, lambda: api.post("/v1/staff/activations", body))
    assert sorted(answer.status for answer in answers) == [204, 401, 401, 401]


def test_an_invitation_expires(cast: Cast, api: Api, clock: SimulatedClock) -> None:
    code = invite(cast.erin)["code"]
    clock.advance(hours=72)
    response = api.post("/v1/staff/activations", {"code": code, "password": PASSWORD})
    assert (response.status, response.code) == (401, "grant-refused")


@pytest.mark.parametrize("email", ["heidi@harbour.example", "HEIDI@Harbour.example"])
def test_an_address_is_invited_once(cast: Cast, email: str) -> None:
    invite(cast.erin)
    body = {"name": "Another", "email": email, "role": "auditor"}
    for admin in (cast.erin, cast.grace):
        response = admin.api.post("/v1/staff", body)
        assert (response.status, response.code) == (409, "email-taken")


def test_sign_out_holds_from_the_next_request_on(cast: Cast, api: Api, bobs_app: App) -> None:
    mine, other = (sign_in(api, cast.bob.email, code=bobs_app.code()).json for _ in range(2))
    here = api.as_(mine["access_token"])
    assert here.delete("/v1/sessions/current").status == 204

    assert here.get("/v1/clinic").status == 401
    assert refresh(api, mine["refresh_token"]).status == 401
    assert api.as_(other["access_token"]).get("/v1/clinic").status == 200


def test_a_session_lapses_when_nobody_is_there(cast: Cast, api: Api, clock: SimulatedClock) -> None:
    """Half an hour, after the ten minutes in which the last access token still served."""
    token = sign_in(api, cast.bob.email).json["refresh_token"]
    clock.advance(minutes=39)
    answer = refresh(api, token)
    assert answer.status == 200
    clock.advance(minutes=40)
    late = refresh(api, answer.json["refresh_token"])
    assert (late.status, late.json["error"]) == (401, "invalid_grant")


def test_a_session_ends_after_twelve_hours(
    cast: Cast, api: Api, clock: SimulatedClock, bobs_app: App
) -> None:
    session = sign_in(api, cast.bob.email, code=bobs_app.code()).json
    for _ in range(12 * 2 - 1):
        clock.advance(minutes=30)
        session = refresh(api, session["refresh_token"]).json
    clock.advance(minutes=29)
    last = refresh(api, session["refresh_token"]).json
    assert api.as_(last["access_token"]).get("/v1/clinic").status == 200
    clock.advance(minutes=1)

    assert refresh(api, last["refresh_token"]).status == 401
    assert api.as_(last["access_token"]).get("/v1/clinic").status == 401


# --- phones --------------------------------------------------------------------------------------


def test_an_enrolment_code_pairs_one_phone(cast: Cast, api: Api) -> None:
    code = enrolment_code(cast)
    response = pair(api, code.lower().replace("-", ""))

    assert response.status == 201
    assert response.json["patient_id"] == str(cast.alice.id)
    phone = api.as_(response.json["access_token"])
    assert phone.get("/v1/me").json["reference"] == cast.alice.reference
    assert (pair(api, code).status, pair(api, code).code) == (401, "grant-refused")


def test_one_code_pairs_one_phone_of_many_at_once(cast: Cast, api: Api) -> None:
    code = enrolment_code(cast)
    answers = at_once(8, lambda: pair(api, code))
    assert sorted(answer.status for answer in answers) == [201] + [401] * 7


def test_an_enrolment_code_is_good_for_ten_minutes(
    cast: Cast, api: Api, clock: SimulatedClock
) -> None:
    early, late = enrolment_code(cast), enrolment_code(cast)
    clock.advance(minutes=9, seconds=59)
    assert pair(api, early).status == 201
    clock.advance(seconds=1)
    assert pair(api, late).status == 401


def test_a_third_phone_ends_the_oldest(cast: Cast, api: Api, clock: SimulatedClock) -> None:
    phones = [cast.alice.api]
    for _ in range(2):
        clock.advance(minutes=1)
        phones.append(api.as_(pair(api, enrolment_code(cast)).json["access_token"]))

    assert [phone.get("/v1/me").status for phone in phones] == [401, 200, 200]
    assert refresh(api, cast.alice.grant.refresh_token or "").status == 401
    assert cast.frank.api.get("/v1/me").status == 200


def test_nobody_is_enrolled_while_alerts_would_reach_nobody(cast: Cast, api: Api) -> None:
    assert cast.bob.api.get("/v1/clinic/readiness").json == {
        "ready": True,
        "missing": [],
        "gone": [],
    }

    empty = _clinic_without_anything(cast)
    report = empty.api.get("/v1/clinic/readiness").json
    patient = empty.api.post("/v1/patients", {"name": "Ivan", "time_zone": "UTC"}).json
    refused = empty.api.post(f"/v1/patients/{patient['id']}/enrolments")

    everything = ["endpoint", *(f"policy:{word}" for word in ("low", "moderate", "high"))]
    assert report == {"ready": False, "missing": [*everything, "policy:critical"], "gone": []}
    assert (refused.status, refused.code) == (409, "clinic-not-ready")
    assert refused.json["missing"] == report["missing"]


def _clinic_without_anything(cast: Cast) -> Member:
    """The care manager of a clinic that set nothing up."""
    _, members = cast._found("The New Clinic", {"judy": Role.CARE_MANAGER})
    return members["judy"]


# --- refresh tokens ------------------------------------------------------------------------------


def test_a_refresh_token_whose_answer_was_lost_stays_good(cast: Cast, api: Api) -> None:
    first = cast.alice.grant.refresh_token or ""
    second = refresh(api, first).json["refresh_token"]

    assert refresh(api, first).json["refresh_token"] == second
    third = refresh(api, second).json
    assert third["refresh_token"] not in (first, second)
    assert api.as_(third["access_token"]).get("/v1/me").status == 200


def test_a_superseded_refresh_token_ends_the_family(cast: Cast, api: Api) -> None:
    first = cast.alice.grant.refresh_token or ""
    second = refresh(api, first).json["refresh_token"]
    third = refresh(api, second).json

    assert refresh(api, first).status == 401
    assert refresh(api, third["refresh_token"]).status == 401
    assert api.as_(third["access_token"]).get("/v1/me").status == 401


def give_up(api: Api, token: str) -> Response:
    return api.form("/oauth/revoke", token=token, token_type_hint="refresh_token")


def test_a_refresh_token_that_is_given_up_ends_its_session(cast: Cast, api: Api) -> None:
    first = cast.alice.grant.refresh_token or ""
    renewed = refresh(api, first).json
    assert give_up(api, renewed["refresh_token"]).status == 200

    assert refresh(api, renewed["refresh_token"]).status == 401
    assert api.as_(renewed["access_token"]).get("/v1/me").status == 401
    path = f"/v1/patients/{cast.alice.id}/devices"
    (phone,) = cast.bob.api.get(path).json["items"]
    assert phone["state"] == "needs-pairing"
    pair(api, enrolment_code(cast))
    states = [phone["state"] for phone in cast.bob.api.get(path).json["items"]]
    assert states == ["active", "ended"]


def test_giving_up_an_old_refresh_token_is_using_it_again(cast: Cast, api: Api) -> None:
    first = cast.alice.grant.refresh_token or ""
    refresh(api, refresh(api, first).json["refresh_token"])
    assert give_up(api, first).status == 200
    (phone,) = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/devices").json["items"]
    assert phone["state"] == "needs-pairing"


@pytest.mark.parametrize("token", ["nothing", "ilr_AAAA", "ilr_" + "A" * 112])
def test_giving_up_what_is_no_token_is_no_error(cast: Cast, api: Api, token: str) -> None:
    assert give_up(api, token).status == 200
    assert cast.alice.check_in().status == 201


def test_an_access_token_is_not_given_up_by_itself(cast: Cast, api: Api) -> None:
    answer = give_up(api, cast.alice.token)
    assert (answer.status, answer.json["error"]) == (400, "unsupported_token_type")
    assert give_up(api, "").json["error"] == "invalid_request"
    assert cast.alice.check_in().status == 201


def test_the_metadata_leads_to_what_is_there(cast: Cast, api: Api) -> None:
    found = api.get("/.well-known/oauth-authorization-server").json
    assert found["issuer"] == "https://diary.example"
    paths = [
        found[name].removeprefix(found["issuer"])
        for name in found
        if found[name] and name.endswith(("endpoint", "uri"))
    ]
    assert len(paths) == 3
    assert {api.send("GET", path).status for path in paths} <= {200, 405}
    assert set(cast.alice.grant.scopes) <= set(found["scopes_supported"])


def test_fifty_refreshes_at_once_have_one_successor(cast: Cast, api: Api) -> None:
    first = cast.alice.grant.refresh_token or ""
    answers = at_once(50, lambda: refresh(api, first))

    assert {answer.status for answer in answers} == {200}
    (successor,) = {answer.json["refresh_token"] for answer in answers}
    assert refresh(api, successor).status == 200


@pytest.mark.parametrize("token", ["", "ilr_", "ilr_AAAA", "x" * 400, "ilr_" + "A" * 91])
def test_what_is_no_refresh_token(cast: Cast, api: Api, token: str) -> None:
    assert refresh(api, token).status == (401 if token else 400)
