"""How people are reached: an address that is never shown again, and reaches nothing but people."""

import sys
from typing import Any

import pytest
from sqlalchemy import select

from diary.webhooks.model import endpoints
from diary.work import House
from tests.cast import Cast, Member
from tests.client import Response

ADDRESS = "mailtos://pager:s3cr3tword@mail.example?to=bob@clinic.example"


def add(by: Member, to: Member, address: str = ADDRESS, **more: Any) -> Response:
    return by.api.post(f"/v1/staff/{to.id}/contacts", {"address": address} | more)


def listed(by: Member, of: Member) -> list[dict[str, Any]]:
    response = by.api.get(f"/v1/staff/{of.id}/contacts")
    assert response.status == 200, response
    items: list[dict[str, Any]] = response.json["items"]
    return items


def test_an_address_is_sealed_and_never_shown_again(cast: Cast, house: House) -> None:
    made = add(cast.bob, cast.bob, label="Bob's pager")

    assert made.status == 201
    assert (made.json["scheme"], made.json["label"]) == ("mailtos", "Bob's pager")
    assert "s3cr3tword" not in made.body.decode()
    # Dana writes policies, so she sees that it is there.
    assert listed(cast.dana, cast.bob) == [made.json]
    with house.work(cast.bob.caller, write=False) as work:
        contacts = (endpoints.c.clinic_id == cast.clinic) & (endpoints.c.kind == "contact")
        row = work.row(select(endpoints).where(contacts))
    assert row is not None
    assert row.url is None
    assert b"s3cr3tword" not in row.secret
    # It is no webhook endpoint, neither to read nor to disable.
    url = f"/v1/webhook-endpoints/{made.json['id']}"
    assert cast.erin.api.get(url).status == 404
    assert cast.erin.api.delete(url).status == 404


def test_ones_own_or_whoever_manages_the_team(cast: Cast) -> None:
    made = add(cast.erin, cast.bob)
    assert made.status == 201
    for refused in (
        add(cast.dana, cast.bob),
        cast.dana.api.delete(f"/v1/staff/{cast.bob.id}/contacts/{made.json['id']}"),
    ):
        assert (refused.status, refused.code) == (403, "forbidden")
    assert add(cast.erin, cast.erin).status == 404, "who answers no alerts is not paged"
    elsewhere = f"/v1/staff/{cast.dana.id}/contacts/{made.json['id']}"
    assert cast.dana.api.delete(elsewhere).status == 404
    assert cast.bob.api.delete(f"/v1/staff/{cast.bob.id}/contacts/{made.json['id']}").status == 204
    assert listed(cast.bob, cast.bob) == []


def test_a_stranger_finds_nobody(cast: Cast) -> None:
    made = add(cast.bob, cast.bob)
    url = f"/v1/staff/{cast.bob.id}/contacts"
    for strange in (
        cast.grace.api.get(url),
        add(cast.grace, cast.bob),
        cast.grace.api.delete(f"{url}/{made.json['id']}"),
    ):
        assert (strange.status, strange.code) == (404, "not-found")
    steps = [{"delay_minutes": 5, "targets": [{"type": "contact", "id": made.json["id"]}]}]
    assert cast.grace.api.put("/v1/policies/high", {"steps": steps}).status == 422


@pytest.mark.parametrize(
    "address",
    [
        "mailto://pager:word@mail.example",
        "mailtos://mail.example?user=pager&pass=word&to=bob@clinic.example",
        "twilio://AC0123456789:token@12025550101/12025550102",
        "tgram://123456789:abcdefg_hijklmnop/12315544/",
        "ntfys://ntfy.example/bobs-pager",
        "ntfy://bobs-pager",
        "pover://user@token",
        "jsons://127.0.0.1:9/page",
    ],
)
def test_addresses_that_are_taken(cast: Cast, address: str) -> None:
    assert add(cast.bob, cast.bob, address).status == 201


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("file:///etc/passwd", "url-scheme"),
        ("syslog://localhost", "url-scheme"),
        ("dbus://", "url-scheme"),
        ("exec://reboot", "url-scheme"),
        ("xml://10.0.0.1/", "url-scheme"),
        ("https://pager.example/", "url-scheme"),
        ("discord", "url-scheme"),
        ("json://169.254.169.254/latest", "address"),
        ("jsons://93.184.216.34/hook", "address"),
        ("jsons://pager.example/hook", "address"),
        ("jsons://127.0.0.1/?+X=y", "url-argument"),
        ("mailto://pager:word@10.0.0.1", "address"),
        ("mailto://pager:word@mail.example?smtp=169.254.169.254", "address"),
        ("mailto://pager:word@localhost", "url-host"),
        ("mailto://pager:word@mail.example?pgpkey=/etc/shadow", "url-argument"),
        ("mailto://a@b@mail.example", "url-userinfo"),
        ("workflows://host.example/a/b?template=/etc/passwd", "url-argument"),
        ("ntfy://2130706433/topic", "address-malformed"),
        ("ntfy://[::1]/topic", "address"),
        ("twilio://nothing-else", "url-malformed"),
        ("mailto://pager:word@mail.example#x", "url-fragment"),
        ("mailto://päger@mail.example", "url-characters"),
    ],
)
def test_addresses_that_are_refused(cast: Cast, address: str, code: str) -> None:
    refused = add(cast.bob, cast.bob, address)
    assert (refused.status, refused.code) == (422, "invalid"), refused
    (fault,) = refused.json["errors"]
    assert (fault["pointer"], fault["code"]) == ("/address", code)
    assert address not in refused.body.decode()


def test_without_the_optional_package_nobody_can_be_reached(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    refused = add(cast.bob, cast.bob)
    assert (refused.status, refused.code) == (409, "channels-not-installed")
    assert listed(cast.bob, cast.bob) == []


def test_a_contact_that_a_policy_pages_stays(cast: Cast) -> None:
    made = add(cast.bob, cast.bob).json["id"]
    url = f"/v1/staff/{cast.bob.id}/contacts/{made}"
    steps = [{"delay_minutes": 5, "targets": [{"type": "contact", "id": made}]}]
    assert cast.dana.api.put("/v1/policies/high", {"steps": steps}).status == 200
    refused = cast.bob.api.delete(url)
    assert (refused.status, refused.code) == (409, "endpoint-in-use")
    steps[0]["targets"] = [{"type": "endpoint", "id": str(cast.team.id)}]
    assert cast.dana.api.put("/v1/policies/high", {"steps": steps}, if_match="*").status == 200
    assert cast.bob.api.delete(url).status == 204
