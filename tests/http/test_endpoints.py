"""Webhook endpoints over HTTP: a secret shown once, and nowhere that must not be reached."""

import base64

import pytest
from sqlalchemy import select

from diary.isolation import EVERYTHING
from diary.webhooks.model import endpoints
from diary.work import House
from tests.cast import Cast

PATH = "/v1/webhook-endpoints"


def test_the_secret_is_shown_once(cast: Cast, house: House) -> None:
    made = cast.erin.api.post(PATH, {"url": "https://pager.example/hook", "description": "Night"})

    assert made.status == 201
    prefix, _, encoded = made.json["secret"].partition("_")
    assert prefix == "whsec"
    assert 24 <= len(base64.b64decode(encoded)) <= 64
    assert made.headers["Cache-Control"] == "no-store"
    shown = {name: value for name, value in made.json.items() if name != "secret"}
    assert cast.erin.api.get(f"{PATH}/{made.json['id']}").json == shown
    listed = cast.erin.api.get(PATH)
    assert listed.json["items"][0] == shown
    assert encoded not in listed.body.decode()
    with house.database.transaction(write=False, bounds=EVERYTHING) as connection:
        sealed = connection.execute(select(endpoints.c.secret)).scalars().all()
    assert not any(encoded.encode() in each for each in sealed)


def test_no_two_secrets_are_equal(cast: Cast) -> None:
    made = [cast.erin.api.post(PATH, {"url": "https://pager.example/"}) for _ in range(3)]
    assert len({each.json["secret"] for each in made}) == 3


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://pager.example/", "url-scheme"),
        ("file:///etc/passwd", "url-scheme"),
        ("javascript:alert(1)", "url-scheme"),
        ("https:/pager.example/", "url-malformed"),
        ("https:///hook", "url-host"),
        ("https://user:word@pager.example/", "url-userinfo"),
        ("https://pager.example/#part", "url-fragment"),
        ("https://pager.example:0/", "url-port"),
        ("https://pager.example:99999/", "url-port"),
        ("https://pager.example/ a", "url-characters"),
        ("https://pägér.example/", "url-characters"),
        ("https://pager.example\\@evil.example/", "url-characters"),
        ("https://169.254.169.254/latest", "address"),
        ("https://10.0.0.1/", "address"),
        ("https://[::1]/", "address"),
        ("https://[::ffff:10.0.0.1]/", "address"),
        ("https://2130706433/", "address-malformed"),
        ("https://0x7f.1/", "address-malformed"),
    ],
)
def test_urls_that_are_refused(cast: Cast, url: str, code: str) -> None:
    response = cast.erin.api.post(PATH, {"url": url})

    assert (response.status, response.code) == (422, "invalid")
    (fault,) = response.json["errors"]
    assert (fault["pointer"], fault["code"]) == ("/url", code)
    assert url not in response.body.decode()


@pytest.mark.parametrize("url", ["", "https:/", "https://pager.example/" + "x" * 2_048])
def test_urls_of_another_length(cast: Cast, url: str) -> None:
    assert cast.erin.api.post(PATH, {"url": url}).status == 422


def test_an_endpoint_in_use_cannot_be_disabled(cast: Cast) -> None:
    response = cast.erin.api.delete(f"{PATH}/{cast.on_call.id}")

    assert (response.status, response.code) == (409, "endpoint-in-use")
    assert "default" in response.json["detail"]
    assert cast.erin.api.get(f"{PATH}/{cast.on_call.id}").json["state"] == "active"


def test_an_endpoint_out_of_use_is_disabled_and_owed_nothing(cast: Cast) -> None:
    cast.alice.check_in(si=5)
    (alert,) = cast.dana.alerts()
    target = [{"type": "endpoint", "id": str(cast.on_call.id)}]
    steps = {"steps": [{"delay_minutes": 5, "targets": target}]}
    assert cast.dana.api.put("/v1/policies/default", steps, if_match="*").status == 200
    assert cast.erin.api.delete(f"{PATH}/{cast.team.id}").status == 204

    assert cast.erin.api.get(f"{PATH}/{cast.team.id}").json["state"] == "disabled"
    (page,) = cast.bob.api.get(f"/v1/alerts/{alert['id']}/deliveries").json["items"]
    assert page["state"] == "cancelled"
    # The alert keeps the rungs that it was opened under.
    assert cast.bob.escalate(alert).json["alert"]["step"] == 2
    assert cast.erin.api.delete(f"{PATH}/{cast.team.id}").status == 204


def test_who_may_change_them(cast: Cast) -> None:
    body = {"url": "https://pager.example/"}
    for member in (cast.bob, cast.dana):
        assert member.api.post(PATH, body).status == 403
        assert member.api.delete(f"{PATH}/{cast.team.id}").status == 403
    assert cast.grace.api.delete(f"{PATH}/{cast.team.id}").status == 404
