"""A clinic's own programs: a key for short tokens, and an answer only in somebody's name."""

from typing import Any
from uuid import uuid4

import pytest

from tests.cast import Cast
from tests.client import Api, Response
from tests.http.test_access import invite

CLIENT_SCOPES = ["alerts:read", "alerts:write", "clinic:read"]


def client(cast: Cast, scopes: list[str] = CLIENT_SCOPES) -> dict[str, Any]:
    response = cast.erin.api.post("/v1/api-clients", {"name": "Pager", "scopes": scopes})
    assert response.status == 201, response
    found: dict[str, Any] = response.json
    return found


def exchange(api: Api, client_id: str, key: str) -> Response:
    return api.form(
        "/oauth/token",
        grant_type="client_credentials",
        client_id=client_id,
        client_secret=key,
    )


def test_a_client_trades_its_key_for_its_scopes(cast: Cast, api: Api) -> None:
    made = client(cast)
    assert made["key"].startswith("ilk_live_")
    answer = exchange(api, made["id"], made["key"])

    assert answer.status == 200
    assert (answer.json["scope"], answer.json["expires_in"]) == (" ".join(CLIENT_SCOPES), 300)
    assert "refresh_token" not in answer.json
    program = api.as_(answer.json["access_token"])
    assert program.get("/v1/alerts").status == 200
    assert program.get("/v1/patients").status == 403
    assert api.as_(made["key"]).get("/v1/alerts").status == 401
    (listed,) = cast.erin.api.get("/v1/api-clients").json["items"]
    assert "key" not in listed


def test_a_client_with_a_wrong_key_and_one_unknown(cast: Cast, api: Api) -> None:
    made, other = client(cast), client(cast)
    refusals = [
        exchange(api, made["id"], other["key"]),
        exchange(api, str(uuid4()), made["key"]),
        exchange(api, "no-uuid", made["key"]),
    ]
    assert {(each.status, each.json["error"]) for each in refusals} == {(401, "invalid_client")}
    assert len({each.body for each in refusals}) == 1


def test_a_revoked_client_is_refused_at_once(cast: Cast, api: Api) -> None:
    made = client(cast)
    program = api.as_(exchange(api, made["id"], made["key"]).json["access_token"])
    assert program.get("/v1/alerts").status == 200
    assert cast.grace.api.delete(f"/v1/api-clients/{made['id']}").status == 404
    assert cast.erin.api.delete(f"/v1/api-clients/{made['id']}").status == 204

    assert program.get("/v1/alerts").status == 401
    assert exchange(api, made["id"], made["key"]).status == 401


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
    ],
)
def test_a_token_request_that_lacks_something(api: Api, fields: dict[str, str], error: str) -> None:
    response = api.form("/oauth/token", **fields)
    assert (response.status, response.json["error"]) == (400, error)


def test_a_client_answers_an_alert_in_somebodys_name(cast: Cast, api: Api) -> None:
    made, invited = client(cast), invite(cast.erin)["member"]["id"]
    program = api.as_(exchange(api, made["id"], made["key"]).json["access_token"])
    cast.alice.check_in(si=4)
    (alert,) = cast.dana.alerts()
    path = f"/v1/alerts/{alert['id']}/acknowledge"

    nobody = program.post(path, {"generation": 1})
    assert (nobody.status, nobody.code) == (422, "name-required")
    for id in (uuid4(), cast.charlie.id, invited):
        refused = program.post(path, {"generation": 1, "on_behalf_of": str(id)})
        assert (refused.status, refused.code) == (422, "name-required")
        assert refused.json["errors"][0]["pointer"] == "/on_behalf_of"
    other = cast.bob.acknowledge(alert, on_behalf_of=str(cast.dana.id))
    assert (other.status, other.code) == (422, "name-required")

    held = program.post(path, {"generation": 1, "on_behalf_of": str(cast.bob.id)})
    assert held.status == 200
    assert held.json["acknowledged_by"] == {"id": str(cast.bob.id), "name": "Bob"}
    assert held.json["entries"][-1]["actor_kind"] == "client"
