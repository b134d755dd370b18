"""Rotas over HTTP: who is on call, what is different on some days, and what policies rely on."""

from typing import Any
from uuid import uuid4

import pytest

from tests.cast import Cast, Member
from tests.client import Response
from tests.clock import SimulatedClock

PATH = "/v1/rotas"
# The clock of the tests starts on Monday, 2026-03-02 at 10:00 in Madrid.
FOREVER = {"starts_at": "2026-03-01T00:00:00Z", "ends_at": "2027-03-01T00:00:00Z"}


def shift(*staff: Member, weekday: int = 1, opens: str = "09:00", closes: str = "17:00") -> Any:
    who = [str(member.id) for member in staff]
    return {"weekday": weekday, "opens": opens, "closes": closes, "staff": who}


def office(*staff: Member) -> list[Any]:
    return [shift(*staff, weekday=day) for day in range(1, 6)]


def draft(*shifts: Any, **more: Any) -> dict[str, Any]:
    return {"name": "Office", "time_zone": "Europe/Madrid", "shifts": list(shifts)} | more


def made(cast: Cast, *shifts: Any, **more: Any) -> dict[str, Any]:
    response = cast.dana.api.post(PATH, draft(*shifts, **more))
    assert response.status == 201, response
    rota: dict[str, Any] = response.json
    return rota


def override(cast: Cast, rota: dict[str, Any], **body: Any) -> Response:
    return cast.dana.api.post(f"{PATH}/{rota['id']}/overrides", {"staff": []} | body)


def on_call(cast: Cast, rota: dict[str, Any], **query: Any) -> tuple[list[str], str | None]:
    found = cast.bob.api.get(f"{PATH}/{rota['id']}/on-call", **query).json
    return [person["name"] for person in found["staff"]], found["until"]


def page_by(cast: Cast, rota: dict[str, Any]) -> Response:
    targets = [{"type": "rota", "id": rota["id"]}, {"type": "endpoint", "id": str(cast.team.id)}]
    steps = [{"delay_minutes": 5, "targets": targets}]
    url = "/v1/policies/high"
    there = cast.dana.api.get(url).headers.get("ETag")
    return cast.dana.api.put(url, {"steps": steps}, if_match=there)


def add_contact(cast: Cast, member: Member) -> str:
    body = {"address": "mailtos://pager:word@mail.example"}
    response = member.api.post(f"/v1/staff/{member.id}/contacts", body)
    assert response.status == 201, response
    return str(response.json["id"])


def test_a_rota_is_made_read_replaced_and_archived(cast: Cast) -> None:
    rota = made(cast, *office(cast.bob))
    url = f"{PATH}/{rota['id']}"
    assert cast.bob.api.get(url).json == rota
    assert cast.bob.api.get(PATH).json["items"] == [rota]
    assert rota["overrides"] == []

    changed = cast.erin.api.put(url, draft(shift(cast.dana), name="Mondays"), if_match="*")
    assert changed.status == 200
    assert (changed.json["name"], len(changed.json["shifts"])) == ("Mondays", 1)

    assert cast.dana.api.delete(url).status == 204
    assert cast.dana.api.get(url).status == 404
    assert cast.dana.api.delete(url).status == 404
    assert cast.bob.api.get(PATH).json["items"] == []


def test_who_is_on_call_and_until_when(cast: Cast) -> None:
    rota = made(cast, *office(cast.bob), shift(cast.dana, weekday=1, closes="12:00"))

    assert on_call(cast, rota) == (["Bob", "Dana"], "2026-03-02T11:00:00Z")
    assert on_call(cast, rota, at="2026-03-02T12:00:00Z") == (["Bob"], "2026-03-02T16:00:00Z")
    assert on_call(cast, rota, at="2026-03-07T12:00:00Z") == ([], "2026-03-09T08:00:00Z")


def test_overrides_hold_while_they_last_and_can_be_cancelled(cast: Cast) -> None:
    rota = made(cast, *office(cast.bob))
    day = {"starts_at": "2026-03-02T00:00:00+01:00", "ends_at": "2026-03-03T00:00:00+01:00"}
    first = override(cast, rota, staff=[str(cast.dana.id)], **day)
    assert first.status == 201
    assert on_call(cast, rota) == (["Dana"], "2026-03-02T23:00:00Z")
    closed = override(cast, rota, **day)
    assert on_call(cast, rota) == ([], "2026-03-03T08:00:00Z")
    shown = cast.bob.api.get(f"{PATH}/{rota['id']}").json["overrides"]
    assert shown == [first.json, closed.json]
    assert shown[0]["starts_at"] == "2026-03-01T23:00:00Z"

    url = f"{PATH}/{rota['id']}/overrides/{closed.json['id']}"
    assert cast.dana.api.delete(url).status == 204
    assert cast.dana.api.delete(url).status == 404
    assert on_call(cast, rota)[0] == ["Dana"]
    # Replacing the shifts leaves the overrides.
    cast.dana.api.put(f"{PATH}/{rota['id']}", draft(*office(cast.dana)), if_match="*")
    assert cast.bob.api.get(f"{PATH}/{rota['id']}").json["overrides"] == [first.json]


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "code"),
    [
        ("2026-03-03T12:00:00Z", "2026-03-03T12:00:00Z", "too_early"),
        ("2026-03-03T12:00:00Z", "2026-03-03T11:00:00Z", "too_early"),
        ("2026-03-01T12:00:00Z", "2026-03-02T09:00:00Z", "too_early"),
        ("2026-03-03T12:00:00Z", "2027-03-04T00:00:00Z", "out_of_range"),
    ],
)
def test_overrides_that_cannot_be(cast: Cast, starts_at: str, ends_at: str, code: str) -> None:
    refused = override(cast, made(cast), starts_at=starts_at, ends_at=ends_at)
    assert refused.status == 422
    assert [(e["pointer"], e["code"]) for e in refused.json["errors"]] == [("/ends_at", code)]


def test_only_members_who_may_answer_alerts_are_on_call(cast: Cast) -> None:
    # Erin runs the clinic and answers no alerts; Charlie is another clinic's.
    body = draft(shift(cast.bob), shift(cast.dana, cast.erin), shift(cast.charlie))
    refused = cast.dana.api.post(PATH, body)
    assert (refused.status, refused.code) == (422, "invalid")
    assert [(e["pointer"], e["code"]) for e in refused.json["errors"]] == [
        ("/shifts/1/staff/1", "unknown"),
        ("/shifts/2/staff/0", "unknown"),
    ]
    rota = made(cast, shift(cast.bob))
    strange = override(cast, rota, staff=[str(cast.bob.id), str(uuid4())], **FOREVER)
    assert [e["pointer"] for e in strange.json["errors"]] == ["/staff/1"]


def test_patients_are_told_of_one_rota_at_most(cast: Cast) -> None:
    first = made(cast, *office(cast.bob), told_to_patients=True)
    second = made(cast, *office(cast.bob))
    body = draft(*office(cast.bob), told_to_patients=True)
    for refused in (
        cast.dana.api.post(PATH, body),
        cast.dana.api.put(f"{PATH}/{second['id']}", body, if_match="*"),
    ):
        assert (refused.status, refused.code) == (409, "another-rota-told")
    assert cast.dana.api.put(f"{PATH}/{first['id']}", body, if_match="*").status == 200
    assert cast.dana.api.delete(f"{PATH}/{first['id']}").status == 204
    assert cast.dana.api.put(f"{PATH}/{second['id']}", body, if_match="*").status == 200


def test_a_rota_on_which_nobody_has_a_contact_cannot_be_paged(cast: Cast) -> None:
    rota = made(cast, *office(cast.bob))
    refused = page_by(cast, rota)
    assert (refused.status, refused.code) == (422, "invalid")
    assert [(e["pointer"], e["code"]) for e in refused.json["errors"]] == [
        ("/steps/0/targets/0/id", "unreachable")
    ]
    add_contact(cast, cast.bob)
    assert page_by(cast, rota).status == 200


def test_a_rota_that_a_policy_pages_always_has_someone(cast: Cast) -> None:
    bobs = add_contact(cast, cast.bob)
    rota = made(cast, *office(cast.bob))
    assert page_by(cast, rota).status == 200
    url = f"{PATH}/{rota['id']}"

    for refused in (
        cast.dana.api.delete(url),
        cast.dana.api.put(url, draft(), if_match="*"),
        cast.dana.api.put(url, draft(*office(cast.dana)), if_match="*"),
    ):
        assert (refused.status, refused.code) == (409, "rota-in-use")
        assert "high" in refused.json["detail"]
    kept = cast.bob.api.delete(f"/v1/staff/{cast.bob.id}/contacts/{bobs}")
    assert (kept.status, kept.code) == (409, "endpoint-in-use")
    assert cast.bob.api.get(url).json == rota

    # A closure is no reason: the shifts come back after it.
    assert override(cast, rota, **FOREVER).status == 201
    add_contact(cast, cast.dana)
    assert cast.dana.api.put(url, draft(*office(cast.dana)), if_match="*").status == 200
    assert cast.bob.api.delete(f"/v1/staff/{cast.bob.id}/contacts/{bobs}").status == 204


def test_a_rota_that_only_an_override_fills(cast: Cast) -> None:
    add_contact(cast, cast.bob)
    rota = made(cast)
    only = override(cast, rota, staff=[str(cast.bob.id)], **FOREVER).json["id"]
    assert page_by(cast, rota).status == 200
    refused = cast.dana.api.delete(f"{PATH}/{rota['id']}/overrides/{only}")
    assert (refused.status, refused.code) == (409, "rota-in-use")


def test_who_may_change_them(cast: Cast) -> None:
    rota = made(cast, *office(cast.bob))
    url = f"{PATH}/{rota['id']}"
    assert cast.bob.api.put(url, draft()).status == 403
    assert cast.bob.api.delete(url).status == 403
    # Grace administers another clinic.
    for strange in (
        cast.grace.api.get(url),
        cast.grace.api.put(url, draft()),
        cast.grace.api.delete(url),
        cast.grace.api.get(f"{url}/on-call"),
        cast.grace.api.post(f"{url}/overrides", FOREVER | {"staff": []}),
    ):
        assert (strange.status, strange.code) == (404, "not-found")
    assert cast.grace.api.get(PATH).json["items"] == []
    targets = [{"type": "rota", "id": rota["id"]}]
    steps = {"steps": [{"delay_minutes": 5, "targets": targets}]}
    assert cast.grace.api.put("/v1/policies/high", steps).status == 422


# --- what patients are told ----------------------------------------------------------------------


def told(cast: Cast) -> tuple[Any, Any, Any]:
    response = cast.alice.check_in()
    assert response.status == 201, response
    coverage = response.json["guidance"]["coverage"]
    assert cast.alice.ask_for_help().json["guidance"]["coverage"] == coverage
    return coverage["open_now"], coverage["opens_at"], coverage["text"]


def test_the_rota_says_when_the_team_reads_answers(cast: Cast, clock: SimulatedClock) -> None:
    """The clinic's own hours, 8:00 to 18:00, are told no longer."""
    rota = made(
        cast,
        shift(cast.bob, closes="13:00"),
        shift(cast.dana, opens="13:00", closes="16:00"),
        shift(cast.dana, weekday=3),
        told_to_patients=True,
    )
    open_now, _, text = told(cast)
    assert open_now is True
    assert text.startswith(
        "Your team reads answers Monday 9:00–16:00; Wednesday 9:00–17:00 (Europe/Madrid). "
        "It is open now, until 16:00."
    )
    override(cast, rota, starts_at="2026-03-01T23:00:00Z", ends_at="2026-03-04T11:00:00Z")
    open_now, opens_at, text = told(cast)
    assert (open_now, opens_at) == (False, "2026-03-04T12:00:00+01:00")
    assert "It is closed now and opens Wednesday 12:00." in text

    clock.advance(days=3)
    assert told(cast)[0] is False
    cast.dana.api.delete(f"{PATH}/{rota['id']}")
    assert "Monday–Friday 8:00–18:00" in told(cast)[2]


def test_a_team_called_in_at_night_is_open(cast: Cast, clock: SimulatedClock) -> None:
    rota = made(cast, *office(cast.bob), told_to_patients=True)
    clock.advance(hours=14)
    assert told(cast)[0] is False
    override(
        cast,
        rota,
        starts_at="2026-03-02T22:00:00Z",
        ends_at="2026-03-03T06:00:00Z",
        staff=[str(cast.bob.id)],
    )
    assert told(cast)[0] is True
