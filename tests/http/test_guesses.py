"""Whoever guesses at passwords and codes is kept out for a while, and nobody for long."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import orjson
import pytest

from api.app import answer_for
from diary.access.guesses import FROM_ADDRESS, OF_ACCOUNT
from diary.work import House
from tests.cast import PASSWORD, Cast
from tests.client import Api, Response
from tests.clock import SimulatedClock

WRONG = "a wrong password of some length"


def post(api: Api, path: str, body: dict[str, Any], address: str = "192.0.2.1") -> Response:
    headers = {"Content-Type": "application/json"}
    return api.send("POST", path, orjson.dumps(body), headers, REMOTE_ADDR=address)


def sign_in(api: Api, email: str, password: str = WRONG, address: str = "192.0.2.1") -> Response:
    return post(api, "/v1/sessions", {"email": email, "password": password}, address)


def statuses(api: Api, email: str, times: int) -> list[int]:
    return [sign_in(api, email).status for _ in range(times)]


@pytest.mark.parametrize("known", [True, False])
def test_five_wrong_passwords_and_the_right_one_is_not_looked_at(
    api: Api, cast: Cast, clock: SimulatedClock, known: bool
) -> None:
    email = cast.bob.email if known else "nobody@harbour.example"
    assert statuses(api, email, OF_ACCOUNT) == [401] * OF_ACCOUNT

    refused = sign_in(api, email, PASSWORD)
    assert (refused.status, refused.code) == (429, "too-many-guesses")
    assert refused.headers["Retry-After"] == "60"
    clock.advance(seconds=59)
    assert sign_in(api, email, PASSWORD).status == 429
    clock.advance(seconds=1)
    assert sign_in(api, email, PASSWORD).status == (201 if known else 401)


def test_each_guess_too_many_doubles_the_wait_up_to_a_quarter_of_an_hour(
    api: Api, cast: Cast, clock: SimulatedClock
) -> None:
    statuses(api, cast.bob.email, OF_ACCOUNT - 1)
    waits = []
    for _ in range(7):
        assert sign_in(api, cast.bob.email).status == 401
        waits.append(int(sign_in(api, cast.bob.email).headers["Retry-After"]))
        clock.advance(seconds=waits[-1])
    assert waits == [60, 120, 240, 480, 900, 900, 900]
    assert sign_in(api, cast.bob.email, PASSWORD).status == 201


def test_whoever_gets_in_begins_anew(api: Api, cast: Cast) -> None:
    for _ in range(3):
        assert statuses(api, cast.bob.email, OF_ACCOUNT - 1) == [401] * (OF_ACCOUNT - 1)
        assert sign_in(api, cast.bob.email, PASSWORD).status == 201


def test_an_hour_later_nothing_is_held_against_anyone(
    api: Api, cast: Cast, clock: SimulatedClock
) -> None:
    statuses(api, cast.bob.email, OF_ACCOUNT - 1)
    clock.advance(hours=1)
    assert statuses(api, cast.bob.email, OF_ACCOUNT - 1) == [401] * (OF_ACCOUNT - 1)


def test_who_is_signed_in_goes_on(api: Api, cast: Cast) -> None:
    session = sign_in(api, cast.bob.email, PASSWORD).json
    statuses(api, cast.bob.email, OF_ACCOUNT + 1)
    assert cast.bob.api.get("/v1/alerts").status == 200
    renewed = api.form(
        "/oauth/token", grant_type="refresh_token", refresh_token=session["refresh_token"]
    )
    assert renewed.status == 200


def test_a_restart_forgets_nothing(api: Api, cast: Cast, house: House) -> None:
    statuses(api, cast.bob.email, OF_ACCOUNT)
    answer_for(api.app, house)
    assert sign_in(api, cast.bob.email, PASSWORD).status == 429


def test_guesses_at_once_are_no_fewer(api: Api, cast: Cast) -> None:
    many = 20
    barrier = Barrier(many)

    def guess(_: int) -> int:
        barrier.wait()
        return sign_in(api, cast.bob.email).status

    with ThreadPoolExecutor(many) as pool:
        found = Counter(pool.map(guess, range(many)))
    assert found == {401: OF_ACCOUNT, 429: many - OF_ACCOUNT}


def test_a_clock_that_is_set_back_keeps_nobody_out(
    api: Api, cast: Cast, clock: SimulatedClock
) -> None:
    statuses(api, cast.bob.email, OF_ACCOUNT)
    clock.advance(days=-1)
    assert sign_in(api, cast.bob.email, PASSWORD).status == 201


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/devices", {"code": "AAAA-" * 7 + "AAAA", "name": "A phone", "platform": "ios"}),
        ("/v1/staff/activations", {"code": "AAAA-" * 7 + "AAAA", "password": WRONG}),
    ],
)
def test_codes_are_counted_by_address(
    api: Api, cast: Cast, path: str, body: dict[str, Any]
) -> None:
    found = [post(api, path, body).status for _ in range(FROM_ADDRESS + 1)]
    assert found == [401] * FROM_ADDRESS + [429]
    assert post(api, path, body, address="192.0.2.2").status == 401
    assert sign_in(api, cast.bob.email, PASSWORD).status == 429
    assert sign_in(api, cast.bob.email, PASSWORD, address="192.0.2.2").status == 201


def test_of_ipv6_a_network_is_one_address(api: Api, cast: Cast) -> None:
    code = {"code": "AAAA-" * 7 + "AAAA", "name": "A phone", "platform": "ios"}
    for number in range(FROM_ADDRESS):
        assert post(api, "/v1/devices", code, f"2001:db8:0:1::{number:x}").status == 401
    assert post(api, "/v1/devices", code, "2001:db8:0:1:ffff::1").status == 429
    assert post(api, "/v1/devices", code, "2001:db8:0:2::1").status == 401
