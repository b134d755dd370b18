"""Whoever guesses at passwords and codes is kept out for a while, and nobody for long."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from api.app import answer_for, create_app
from diary.access.guesses import Kind, count, suspects
from diary.access.model import guesses
from diary.callers import OPERATOR
from diary.work import House
from tests.cast import PASSWORD, Cast
from tests.client import Api, Response
from tests.clock import SimulatedClock
from tests.http.authenticator import App

OF_ACCOUNT = Kind.FROM_ONE_ADDRESS
WRONG = "a wrong password of some length"


def post(api: Api, path: str, body: dict[str, Any], address: str = "192.0.2.1") -> Response:
    headers = {"Content-Type": "application/json"}
    return api.send("POST", path, orjson.dumps(body), headers, REMOTE_ADDR=address)


def sign_in(api: Api, email: str, password: str = WRONG, address: str = "192.0.2.1") -> Response:
    return post(api, "/v1/sessions", {"email": email, "password": password}, address)


def guessed(house: House, email: str, address: str = "192.0.2.1") -> None:
    """Count a wrong guess as signing in does, without the tenth of a second of its hash."""
    with house.work(OPERATOR) as work:
        count(work, *suspects(house.vault, email, address))


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
    for _ in range(9):
        assert sign_in(api, cast.bob.email).status == 401
        waits.append(int(sign_in(api, cast.bob.email).headers["Retry-After"]))
        clock.advance(seconds=waits[-1])
    assert waits[:4] == [60, 120, 240, 480]
    # What wears off in a long wait can be worth a step.
    assert set(waits[4:]) == {480, 900}
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


def test_a_clinic_signs_in_all_day_from_one_address(
    api: Api, cast: Cast, clock: SimulatedClock, bobs_app: App
) -> None:
    """With the password first and the code after it, as the errors tell an app to."""
    for _ in range(Kind.AT_ANY_ACCOUNT + 10):
        assert sign_in(api, cast.bob.email, PASSWORD).code == "second-factor-needed"
        body = {"email": cast.bob.email, "password": PASSWORD, "code": bobs_app.code()}
        assert post(api, "/v1/sessions", body).status == 201


def test_a_stranger_elsewhere_does_not_keep_a_member_out(api: Api, cast: Cast) -> None:
    for _ in range(OF_ACCOUNT + 1):
        sign_in(api, cast.bob.email, address="198.51.100.7")
    assert sign_in(api, cast.bob.email, address="198.51.100.7").status == 429
    assert sign_in(api, cast.bob.email, PASSWORD).status == 201


def test_an_account_is_guessed_at_from_many_places_a_hundred_times(
    api: Api, cast: Cast, house: House
) -> None:
    for number in range(1, Kind.FROM_ANYWHERE):
        guessed(house, cast.bob.email, f"198.51.100.{number}")
    found = [sign_in(api, cast.bob.email, address=f"203.0.113.{last}").status for last in (1, 2)]
    assert found == [401, 429]


def test_many_accounts_are_guessed_at_from_one_address_fifty_times(
    api: Api, cast: Cast, house: House
) -> None:
    for number in range(1, Kind.AT_ANY_ACCOUNT):
        guessed(house, f"{number}@harbour.example")
    found = [sign_in(api, f"{last}@hill.example").status for last in (1, 2)]
    assert found == [401, 429]
    assert sign_in(api, cast.bob.email, PASSWORD).status == 429
    assert sign_in(api, cast.bob.email, PASSWORD, address="192.0.2.2").status == 201


def test_of_ipv6_a_network_is_one_address(api: Api, cast: Cast, house: House) -> None:
    for number in range(1, Kind.AT_ANY_ACCOUNT):
        guessed(house, f"{number}@harbour.example", f"2001:db8:0:1::{number:x}")
    assert sign_in(api, "last@harbour.example", address="2001:db8:0:1:1::").status == 401
    here, elsewhere = "2001:db8:0:1:ffff::1", "2001:db8:0:2::1"
    assert sign_in(api, cast.bob.email, address=here).status == 429
    assert sign_in(api, cast.bob.email, address=elsewhere).status == 401


def test_machines_whose_clocks_differ_a_little_count_together(
    api: Api, cast: Cast, clock: SimulatedClock
) -> None:
    for number in range(OF_ACCOUNT):
        clock.advance(seconds=0.5 if number % 2 else -0.5)
        assert sign_in(api, cast.bob.email).status == 401
    clock.advance(seconds=-0.5)
    assert sign_in(api, cast.bob.email, PASSWORD).status == 429


@pytest.mark.parametrize(
    ("proxies", "seen", "counted"),
    [
        (0, "192.0.2.9", "127.0.0.1"),
        (1, "192.0.2.9", "192.0.2.9"),
        (1, "192.0.2.9:5678", "192.0.2.9"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
    ],
)
def test_the_address_is_what_trusted_proxies_saw(
    house: House, cast: Cast, proxies: int, seen: str, counted: str
) -> None:
    """Whatever a caller wrote into the header itself stands before it, and counts for nothing."""
    settings = house.settings.model_copy(update={"trusted_proxies": proxies})
    api = Api(create_app(replace(house, settings=settings)))
    headers = {"Content-Type": "application/json", "X-Forwarded-For": f"203.0.113.1, {seen}"}
    body = orjson.dumps({"email": cast.bob.email, "password": WRONG})
    assert api.send("POST", "/v1/sessions", body, headers, REMOTE_ADDR="127.0.0.1").status == 401
    (pair, *_) = suspects(house.vault, cast.bob.email, counted)
    with house.work(OPERATOR, write=False) as work:
        assert work.row(select(guesses).where(guesses.c.key == pair.key)) is not None
