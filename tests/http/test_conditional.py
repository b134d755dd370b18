"""A change names the version that it was made for: nobody's change is lost."""

from typing import Any

import pytest

from api.openapi import operations
from tests.cast import Cast, Member
from tests.client import Api, Response
from tests.http.test_bad_input import CLINIC, JSON
from tests.http.test_checkins import at_once
from tests.http.test_permissions import BODIES, CONTACT, OVERRIDE, PLAN, PUBLIC_KEY, ROTA

# The rule knows no database.
only_sqlite = pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
# What is only ever ended: twice is as good as once, and nothing can be undone by it.
ENDED = {
    "deletePatientDevice",
    "deleteSession",
    "deleteCurrentSession",
    "deleteStaffSessions",
    "deleteStaffSecondFactor",
    "deletePatientBreakGlass",
    "deletePatient",
    "deletePatientLegalHold",
    "deletePatientKnownBaseline",
}
# One member of a set is put in or taken out: whoever does so for another undoes nothing.
MEMBERSHIP = {"putCareTeamMember", "deleteCareTeamMember"}
# The phone's id and the body's fingerprint say what is meant; docs/check-ins.md.
# A consent is an answer like it: each is added, and the last holds.
# That a note was read cannot be unsaid, and who said so first stays.
# That a reminder was shown cannot be unsaid either. Whether somebody is arranged is as said last.
# Where somebody lives is where they said last, whoever says it.
OWN_RULE = {
    "putOwnCheckIn",
    "putOwnAmendment",
    "putOwnConsent",
    "putReadNote",
    "putOwnTimeZone",
    "putOwnReminder",
    "putInfusionEscort",
    "putPatientTimeZone",
}


def test_every_change_has_a_rule() -> None:
    changes = {
        declared.name: declared.needs_version
        for _, _, method, declared in operations()
        if method in ("put", "patch", "delete")
    }
    without = {name for name, needed in changes.items() if not needed}
    assert without == ENDED | MEMBERSHIP | OWN_RULE
    assert sum(changes.values()) == 18


@only_sqlite
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 428),
        ({"If-Match": '"1"'}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"7", "1"'}, 200),
        ({"If-Match": '"7","1" , "x"'}, 200),
        ({"If-Match": '"2"'}, 412),
        ({"If-Match": '"0"'}, 412),
        ({"If-Match": '"01"'}, 412),
        ({"If-Match": '" 1"'}, 400),
        ({"If-Match": '""'}, 412),
        ({"If-Match": '"99999999999999999999"'}, 412),
        ({"If-Match": '"\xb2"'}, 412),
        ({"If-Match": 'W/"1"'}, 412),
        ({"If-Match": 'W/"1", "1"'}, 200),
        ({"If-Match": "1"}, 400),
        ({"If-Match": '"1'}, 400),
        ({"If-Match": '"1" "2"'}, 400),
        ({"If-Match": '*, "1"'}, 400),
        ({"If-Match": ""}, 400),
        ({"If-None-Match": "*"}, 412),
        ({"If-Match": '"1"', "If-None-Match": "*"}, 412),
        ({"If-None-Match": '"1"'}, 400),
    ],
)
def test_what_if_match_may_say(cast: Cast, sent: dict[str, str], status: int) -> None:
    before = cast.erin.api.get("/v1/clinic")
    assert (before.headers["ETag"], before.json["version"]) == ('"1"', 1)
    body = CLINIC | {"name": "The Lighthouse"}
    answer = cast.erin.api._with_json("PUT", "/v1/clinic", body, sent)

    assert answer.status == status, answer
    assert "ETag" not in answer.headers
    after = cast.erin.api.get("/v1/clinic")
    if status == 200:
        assert (answer.json["version"], after.headers["ETag"]) == (2, '"2"')
        assert after.json["name"] == "The Lighthouse"
    else:
        assert after.json == before.json


@only_sqlite
def test_a_long_list_of_tags_is_read_at_once(cast: Cast) -> None:
    for sent in ('"x",' + " \t," * 9_000 + '"1', '"x"' + "," * 20_000 + "!"):
        answer = cast.erin.api.put("/v1/clinic", CLINIC, if_match=sent)
        assert answer.status == 400


def things(cast: Cast) -> dict[str, tuple[Member, str, str, dict[str, Any] | None]]:
    """Everything that has a version: who changes it, where it is read, how it is changed."""
    erin, dana = cast.erin, cast.dana
    contacts = f"/v1/staff/{cast.bob.id}/contacts"
    contact = f"{contacts}/{erin.api.post(contacts, CONTACT).json['id']}"
    rota, other = (f"/v1/rotas/{dana.api.post('/v1/rotas', ROTA).json['id']}" for _ in range(2))
    override = dana.api.post(f"{rota}/overrides", OVERRIDE).json["id"]
    draft = {"name": "Pager", "scopes": ["alerts:read"], "public_keys": [PUBLIC_KEY]}
    made = [erin.api.post("/v1/api-clients", draft) for _ in range(2)]
    assert made[0].headers["ETag"] == '"1"'
    client, another = (f"/v1/api-clients/{each.json['id']}" for each in made)
    spare = erin.api.post("/v1/webhook-endpoints", {"url": "https://pager.example/x"}).json["id"]
    endpoint = f"/v1/webhook-endpoints/{spare}"
    team = [{"type": "endpoint", "id": str(cast.team.id)}]
    steps = {"steps": [{"delay_minutes": 5, "targets": team}]}
    plan = f"/v1/patients/{cast.alice.id}/safety-plan"
    assert cast.bob.api.put(plan, PLAN).status == 200
    courses = f"/v1/patients/{cast.alice.id}/courses"
    course = f"{courses}/{cast.bob.api.post(courses, {'indication': 'other'}).json['id']}"
    rests_on = BODIES["putOneCourse"]
    return {
        "course": (cast.bob, course, course, rests_on),
        "plan": (cast.bob, plan, plan, PLAN),
        "clinic": (erin, "/v1/clinic", "/v1/clinic", CLINIC),
        "retention": (erin, "/v1/clinic/retention", "/v1/clinic/retention", {"months": 120}),
        "policy": (dana, "/v1/policies/default", "/v1/policies/default", steps),
        "override": (dana, rota, f"{rota}/overrides/{override}", None),
        "rota": (dana, rota, rota, ROTA),
        "archived": (dana, other, other, None),
        "endpoint": (erin, endpoint, endpoint, None),
        "contact": (erin, contact, contact, None),
        "keys": (erin, client, f"{client}/public-keys", {"public_keys": [PUBLIC_KEY]}),
        "client": (erin, another, another, None),
    }


def change(who: Api, url: str, body: dict[str, Any] | None, tag: str | None) -> Response:
    return who.delete(url, if_match=tag) if body is None else who.put(url, body, if_match=tag)


@only_sqlite
def test_whatever_can_be_changed_is_changed_by_its_version(cast: Cast) -> None:
    for name, (who, read, url, body) in things(cast).items():
        tag = who.api.get(read).headers["ETag"]
        assert change(who.api, url, body, None).code == "precondition-required", name
        assert change(who.api, url, body, '"77"').code == "precondition-failed", name
        assert who.api.get(read).headers["ETag"] == tag, name
        unchanged = who.api.send("GET", read, headers={"If-None-Match": f"W/{tag}"})
        if name in ("endpoint", "retention", "course"):
            assert unchanged.status == 200
        else:
            assert (unchanged.status, unchanged.body, unchanged.headers["ETag"]) == (304, b"", tag)
        assert who.api.send("GET", read, headers={"If-None-Match": '"77"'}).status == 200

        assert change(who.api, url, body, tag).status in (200, 204), name
        after = who.api.get(read)
        assert after.status == (404 if name in ("archived", "contact") else 200), name
        assert after.headers.get("ETag") != tag, name
        assert change(who.api, url, body, tag).status in (404, 412), name


@only_sqlite
def test_every_change_of_an_endpoint_or_a_rota_counts(cast: Cast) -> None:
    url = f"/v1/webhook-endpoints/{cast.team.id}"
    tags = [cast.erin.api.get(url).headers["ETag"]]
    rotated = cast.erin.api.post(f"{url}/rotate-secret", {})
    tags.append(f'"{rotated.json["version"]}"')
    assert cast.erin.api.get(url).headers["ETag"] == tags[-1]
    assert cast.erin.api.post(f"{url}/activate").json["version"] == rotated.json["version"]
    assert len(set(tags)) == 2

    rota = cast.dana.api.post("/v1/rotas", ROTA)
    url = f"/v1/rotas/{rota.json['id']}"
    cast.dana.api.post(f"{url}/overrides", OVERRIDE)
    stale = cast.erin.api.put(url, ROTA, if_match=rota.headers["ETag"])
    assert stale.code == "precondition-failed"


def test_a_policy_is_made_where_there_is_none(cast: Cast) -> None:
    url = "/v1/policies/critical"
    team = [{"type": "endpoint", "id": str(cast.team.id)}]
    body = {"steps": [{"delay_minutes": 5, "targets": team}]}
    assert cast.dana.api.get(url).status == 404
    assert cast.dana.api.put(url, body, if_match="*").code == "precondition-failed"
    assert cast.dana.api.put(url, body, if_match='"1"').code == "precondition-failed"
    absent = {"If-None-Match": "*"}
    assert cast.dana.api._with_json("PUT", url, body, absent).json["version"] == 1
    assert cast.dana.api._with_json("PUT", url, body, absent).code == "precondition-failed"
    assert cast.dana.api.put(url, body).code == "precondition-required"
    # What a stranger's clinic has is no condition here.
    assert cast.grace.api.put(url, body, if_match='"1"').code == "precondition-failed"


def test_of_changes_at_once_one_is_carried_out(cast: Cast) -> None:
    all_of_them = things(cast)
    for name in ("clinic", "policy", "override", "rota", "endpoint", "keys"):
        who, read, url, body = all_of_them[name]
        caller = who.api
        tag = caller.get(read).headers["ETag"]
        answers = at_once(lambda: change(caller, url, body, tag))  # noqa: B023 run here and now
        done = [answer.status for answer in answers if answer.status in (200, 204)]
        assert len(done) == 1, (name, answers)
        assert {answer.status for answer in answers} <= {done[0], 404, 412}, (name, answers)


@only_sqlite
def test_a_missing_thing_is_missing_before_its_version_is(cast: Cast) -> None:
    url = "/v1/rotas/0190a000-0000-7000-8000-000000000000"
    for tag in (None, "*", '"1"'):
        assert cast.dana.api.put(url, ROTA, if_match=tag).code == "not-found"
    assert cast.dana.api.send("PUT", url, b"{", JSON).code == "malformed"
