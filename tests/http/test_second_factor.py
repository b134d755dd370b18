"""A password alone lets nobody in; a lost phone keeps nobody out for good."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pyotp
import pytest
from sqlalchemy import select

from diary.access.guesses import Kind
from diary.access.model import recovery_codes, staff
from diary.access.permissions import SCOPES_OF, Role
from diary.callers import OPERATOR
from diary.work import House
from tests.cast import PASSWORD, Cast
from tests.client import Api, Response
from tests.clock import SimulatedClock
from tests.http.authenticator import STEP, App
from tests.http.conftest import CURRENT, set_up


def sign_in(api: Api, email: str, code: str | None = None) -> Response:
    body = {"email": email, "password": PASSWORD} | ({} if code is None else {"code": code})
    return api.post("/v1/sessions", body)


def test_the_first_sign_in_is_good_for_setting_it_up_and_for_nothing_else(
    api: Api, cast: Cast
) -> None:
    session = sign_in(api, cast.bob.email)
    assert (session.status, session.json["scope"]) == (201, "session:write")
    here = api.as_(session.json["access_token"])
    for path in ("/v1/alerts", "/v1/patients", "/v1/clinic"):
        assert here.get(path).status == 403
    renewed = api.form(
        "/oauth/token", grant_type="refresh_token", refresh_token=session.json["refresh_token"]
    )
    assert renewed.json["scope"] == "session:write"
    assert here.delete("/v1/sessions/current").status == 204


def test_setting_it_up(api: Api, cast: Cast, clock: SimulatedClock) -> None:
    session = sign_in(api, cast.bob.email).json
    here = api.as_(session["access_token"])
    offered = here.post(CURRENT)
    assert offered.status == 201
    uri = pyotp.parse_uri(offered.json["uri"])
    assert (uri.issuer, uri.name) == ("Interlude", cast.bob.email)
    assert uri.secret == offered.json["secret"]
    assert re.match(r"<svg [^>]*>", offered.json["qr_svg"])

    app = App(clock, offered.json["secret"])
    wrong = here.post(f"{CURRENT}/confirmations", {"code": "000000"})
    assert (wrong.status, wrong.code) == (409, "code-refused")
    confirmed = here.post(f"{CURRENT}/confirmations", {"code": app.code()})
    assert len(set(confirmed.json["recovery_codes"])) == 10

    full = api.form(
        "/oauth/token", grant_type="refresh_token", refresh_token=session["refresh_token"]
    )
    assert set(full.json["scope"].split()) == SCOPES_OF[Role.CLINICIAN]
    assert api.as_(full.json["access_token"]).get("/v1/alerts").status == 200
    members = {
        row["name"]: row["second_factor"] for row in cast.erin.api.get("/v1/staff").json["items"]
    }
    assert members == {"Bob": True, "Dana": False, "Erin": False}


def test_setting_it_up_ends_whatever_else_is_open(
    api: Api, cast: Cast, clock: SimulatedClock
) -> None:
    thief = api.as_(sign_in(api, cast.bob.email).json["access_token"])
    _, session, _ = set_up(api, cast.bob, clock)
    assert thief.get("/v1/sessions").status == 401
    assert api.as_(session.json["access_token"]).get("/v1/sessions").status == 200


def test_a_secret_that_was_not_confirmed_is_replaced_and_one_that_was_is_not(
    api: Api, cast: Cast, clock: SimulatedClock
) -> None:
    here = api.as_(sign_in(api, cast.bob.email).json["access_token"])
    first, second = (App(clock, here.post(CURRENT).json["secret"]) for _ in range(2))
    assert here.post(f"{CURRENT}/confirmations", {"code": first.code()}).status == 409
    assert here.post(f"{CURRENT}/confirmations", {"code": second.code()}).status == 201
    for again in (here.post(CURRENT), here.post(f"{CURRENT}/confirmations", {"code": "123456"})):
        assert (again.status, again.code) == (409, "second-factor-set")


def test_the_password_alone_is_not_enough_any_more(api: Api, cast: Cast, bobs_app: App) -> None:
    alone = sign_in(api, cast.bob.email)
    assert (alone.status, alone.code) == (401, "second-factor-needed")
    wrong_password = api.post("/v1/sessions", {"email": cast.bob.email, "password": "x" * 15})
    assert wrong_password.code == "grant-refused"
    wrong_code = sign_in(api, cast.bob.email, "000000")
    assert (wrong_code.status, wrong_code.code) == (401, "grant-refused")
    assert sign_in(api, cast.bob.email, bobs_app.code()).status == 201


def test_a_code_serves_once_and_none_from_before_it(
    api: Api, cast: Cast, clock: SimulatedClock, bobs_app: App
) -> None:
    clock.advance(seconds=5 * STEP)
    later = bobs_app.present(ahead=1)
    assert sign_in(api, cast.bob.email, later).status == 201
    assert sign_in(api, cast.bob.email, later).status == 401
    assert sign_in(api, cast.bob.email, bobs_app.present()).status == 401


@pytest.mark.parametrize(("ahead", "taken"), [(-2, 401), (-1, 201), (0, 201), (1, 201), (2, 401)])
def test_a_clock_may_be_half_a_minute_off(
    api: Api, cast: Cast, clock: SimulatedClock, bobs_app: App, ahead: int, taken: int
) -> None:
    clock.advance(seconds=5 * STEP)
    assert sign_in(api, cast.bob.email, bobs_app.present(ahead=ahead)).status == taken


def test_one_code_used_at_once_lets_one_in(api: Api, cast: Cast, bobs_app: App) -> None:
    code = bobs_app.code()
    barrier = Barrier(4)

    def enter(_: int) -> int:
        barrier.wait()
        return sign_in(api, cast.bob.email, code).status

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(enter, range(4))) == [201, 401, 401, 401]


def test_a_clock_that_is_set_back_keeps_nobody_out(
    api: Api, cast: Cast, clock: SimulatedClock, bobs_app: App
) -> None:
    clock.advance(days=-1)
    assert sign_in(api, cast.bob.email, bobs_app.code()).status == 201


def test_a_recovery_code_serves_once(api: Api, cast: Cast, clock: SimulatedClock) -> None:
    _, _, confirmed = set_up(api, cast.bob, clock)
    code = confirmed.json["recovery_codes"][3]
    assert sign_in(api, cast.dana.email, code).json["scope"] == "session:write"
    assert sign_in(api, cast.bob.email, code.lower()).status == 201
    assert sign_in(api, cast.bob.email, code).status == 401


def test_codes_are_guessed_no_oftener_than_passwords(
    api: Api, cast: Cast, clock: SimulatedClock, bobs_app: App
) -> None:
    """With the password known: whoever leaves the code out begins no count anew."""
    for number in range(Kind.FROM_ONE_ADDRESS):
        code = None if number % 2 else f"{number:06}"
        assert sign_in(api, cast.bob.email, code).status == 401
    assert sign_in(api, cast.bob.email, bobs_app.code()).status == 429


def test_an_administrator_takes_it_away(api: Api, cast: Cast, clock: SimulatedClock) -> None:
    app, session, confirmed = set_up(api, cast.bob, clock)
    path = f"/v1/staff/{cast.bob.id}/second-factor"
    assert cast.dana.api.delete(path).status == 403
    assert cast.grace.api.delete(path).status == 404
    assert cast.erin.api.delete(path).status == 204

    assert api.as_(session.json["access_token"]).get("/v1/sessions").status == 401
    assert cast.bob.api.get("/v1/alerts").status == 401
    anew = sign_in(api, cast.bob.email)
    assert (anew.status, anew.json["scope"]) == (201, "session:write")
    here = api.as_(anew.json["access_token"])
    assert here.post(f"{CURRENT}/confirmations", {"code": app.code()}).status == 409
    other = set_up(api, cast.bob, clock)[0]
    assert sign_in(api, cast.bob.email, confirmed.json["recovery_codes"][0]).status == 401
    assert sign_in(api, cast.bob.email, other.code()).status == 201


def test_the_database_holds_no_secret_and_no_code(
    api: Api, cast: Cast, clock: SimulatedClock, house: House
) -> None:
    app, _, confirmed = set_up(api, cast.bob, clock)
    with house.work(OPERATOR, write=False) as work:
        (member,) = work.rows(select(staff).where(staff.c.id == cast.bob.id))
        kept = b"".join(row.code_hash for row in work.rows(select(recovery_codes)))
    assert app.secret.encode() not in member.second_factor_secret
    for code in confirmed.json["recovery_codes"]:
        assert code.encode() not in kept
