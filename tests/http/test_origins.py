"""Browsers ask whether a page of another origin may read what the API answers."""

from dataclasses import replace

import pytest

from api.app import create_app
from diary.work import House
from tests.client import Api

TEAM = "https://team.clinic.example"
OTHERS = [
    "https://clinic.example",
    "https://team.clinic.example.evil.example",
    "https://teamXclinic.example",
    "http://team.clinic.example",
    "https://team.clinic.example:8443",
    "null",
]
ALLOWS = "Access-Control-Allow-Origin"


@pytest.fixture
def browser(house: House) -> Api:
    """A caller of an API that a page of the team may call."""
    settings = house.settings.model_copy(update={"allowed_origins": (TEAM,)})
    return Api(create_app(replace(house, settings=settings)))


def preflight(origin: str) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }


def test_the_named_page_may_ask_with_a_token(browser: Api) -> None:
    asked = browser.send("OPTIONS", "/v1/alerts", headers=preflight(TEAM))

    assert (asked.status, asked.headers[ALLOWS]) == (204, TEAM)
    assert "authorization" in asked.headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in asked.headers
    assert asked.headers["Vary"] == "Origin"


def test_the_named_page_may_read_refusals_too(browser: Api) -> None:
    refused = browser.send("GET", "/v1/alerts", headers={"Origin": TEAM})

    assert (refused.status, refused.headers[ALLOWS]) == (401, TEAM)
    assert "WWW-Authenticate" in refused.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("origin", OTHERS)
def test_no_other_page_may(browser: Api, origin: str) -> None:
    for method, headers in (("OPTIONS", preflight(origin)), ("GET", {"Origin": origin})):
        assert ALLOWS not in browser.send(method, "/v1/alerts", headers=headers).headers


def test_whoever_is_no_browser_hears_of_no_page(browser: Api) -> None:
    assert ALLOWS not in browser.send("GET", "/v1/alerts").headers


def test_the_crisis_pack_is_asked_for_as_it_says(browser: Api) -> None:
    asks = preflight(TEAM) | {"Access-Control-Request-Headers": "authorization, if-none-match"}
    asked = browser.send("OPTIONS", "/v1/me/crisis-pack", headers=asks)
    assert "if-none-match" in asked.headers["Access-Control-Allow-Headers"].lower()
    shown = browser.send("GET", "/v1/me/crisis-pack", headers={"Origin": TEAM})
    assert "ETag" in shown.headers["Access-Control-Expose-Headers"]


def test_a_link_s_page_is_nobody_s_to_read(browser: Api) -> None:
    shown = browser.send("GET", f"/a/{'a' * 43}", headers={"Origin": TEAM})
    assert ALLOWS not in shown.headers
    asked = browser.send("OPTIONS", f"/a/{'a' * 43}", headers=preflight(TEAM))
    assert (asked.status, ALLOWS in asked.headers) == (405, False)


def test_unless_the_operator_names_one_no_page_may(api: Api) -> None:
    asked = api.send("OPTIONS", "/v1/alerts", headers=preflight(TEAM))
    assert asked.status == 405
    assert ALLOWS not in asked.headers
    assert ALLOWS not in api.send("GET", "/v1/alerts", headers={"Origin": TEAM}).headers
