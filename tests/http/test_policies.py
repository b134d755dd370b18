"""Escalation policies over HTTP: versions, and never a rung that reaches nobody."""

from typing import Any

import pytest

from tests.cast import Cast

WORDS = ("default", "low", "moderate", "high", "critical")


def rung(*endpoints: object, delay_minutes: int = 5, **more: Any) -> dict[str, Any]:
    targets = [{"type": "endpoint", "id": str(id)} for id in endpoints]
    return {"delay_minutes": delay_minutes, "targets": targets, **more}


def versions(cast: Cast) -> dict[str, int]:
    items = cast.dana.api.get("/v1/policies").json["items"]
    return {item["applies_to"]: item["version"] for item in items}


@pytest.mark.parametrize("word", WORDS)
def test_a_new_version_is_in_force(cast: Cast, word: str) -> None:
    steps = [rung(cast.team.id, cast.on_call.id, delay_minutes=3), rung(cast.team.id, rounds=4)]
    there = "*" if word == "default" else None
    response = cast.dana.api.put(f"/v1/policies/{word}", {"steps": steps}, if_match=there)

    assert response.status == 200
    assert response.json["version"] == (2 if word == "default" else 1)
    assert response.json["steps"] == [steps[0] | {"rounds": 1}, steps[1]]
    assert versions(cast) == {"default": 1} | {word: response.json["version"]}
    items = cast.bob.api.get("/v1/policies").json["items"]
    assert response.json in items


@pytest.mark.parametrize("word", ["severe", "Critical", "0"])
def test_a_severity_that_is_none(cast: Cast, word: str) -> None:
    response = cast.dana.api.put(f"/v1/policies/{word}", {"steps": [rung(cast.team.id)]})
    assert (response.status, response.code) == (404, "not-found")


def test_a_rung_that_reaches_nobody_is_refused(cast: Cast) -> None:
    spare = cast.erin.api.post("/v1/webhook-endpoints", {"url": "https://pager.example/x"}).json
    assert cast.erin.api.delete(f"/v1/webhook-endpoints/{spare['id']}").status == 204
    steps = [rung(cast.team.id), rung(spare["id"]), rung(cast.team.id, cast.elsewhere.id)]
    response = cast.dana.api.put("/v1/policies/critical", {"steps": steps})

    assert (response.status, response.code) == (422, "invalid")
    found = {fault["pointer"]: fault["code"] for fault in response.json["errors"]}
    assert found == {
        "/steps/1/targets/0/id": "unreachable",
        "/steps/2/targets/1/id": "unreachable",
    }
    assert versions(cast) == {"default": 1}


def test_an_open_alert_keeps_the_version_it_was_opened_under(cast: Cast) -> None:
    cast.alice.check_in(si=3)
    (alert,) = cast.dana.alerts()
    cast.dana.api.put("/v1/policies/default", {"steps": [rung(cast.team.id)]}, if_match="*")
    olga = cast.enrol("Olga")
    olga.check_in(si=3)
    (newer,) = cast.dana.alerts(patient_id=olga.id)

    # Two rungs then, one now: the second climb repeats, the first did not.
    assert cast.bob.escalate(alert).json["alert"]["exhausted"] is False
    assert cast.bob.escalate(newer).json["alert"]["exhausted"] is True


def test_a_severity_has_its_own_rungs(cast: Cast) -> None:
    cast.dana.api.put("/v1/policies/critical", {"steps": [rung(cast.on_call.id)]})
    cast.alice.check_in(si=5)
    (alert,) = cast.dana.alerts()
    (page,) = cast.bob.api.get(f"/v1/alerts/{alert['id']}/deliveries").json["items"]
    assert page["endpoint_id"] == str(cast.on_call.id)


def test_who_may_change_them(cast: Cast) -> None:
    body = {"steps": [rung(cast.team.id)]}
    assert cast.bob.api.put("/v1/policies/default", body, if_match="*").status == 403
    assert cast.erin.api.put("/v1/policies/default", body, if_match="*").status == 200
    assert versions(cast) == {"default": 2}
