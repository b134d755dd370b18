"""A request that is sent again with its key is answered again, and not done again."""

import pytest
from sqlalchemy import select

from api.openapi import operations
from diary.isolation import EVERYTHING
from diary.remembered import remembered_requests
from diary.work import House
from tests.cast import Cast
from tests.client import Response
from tests.clock import SimulatedClock
from tests.http.test_bad_input import PATIENT, stored
from tests.http.test_checkins import at_once
from tests.http.test_permissions import PUBLIC_KEY

# The rule knows no database.
only_sqlite = pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
PATH = "/v1/patients"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
# Each is meant each time, whatever key came along.
MEANT = {
    "postHelp",
    "postAlerts",
    "postAcknowledgeAlert",
    "postHandOverAlert",
    "postReleaseAlert",
    "postContactedPatient",
    "postEscalateAlert",
    "postResolveAlert",
    "postAcknowledgementLink",
}
# Tokens, sessions and what belongs to them are new each time, or serve once by themselves.
GETTING_IN = {
    "postDevices",
    "postSessions",
    "postToken",
    "postRevocation",
    "postStaffActivations",
    "postCurrentSecondFactor",
    "postSessionStepUp",
    "postSecondFactorConfirmations",
}
# What is active, discharged or back is so the second time as well.
SAME_TWICE = {"postEndpointActivation", "postPatientDischarge", "postPatientReadmission"}
# The phone's ids say what was told already.
OWN_IDS = {"postOwnDisplays", "postCheckInBatch"}
# Nothing is kept of what is looked at.
KEEPS_NOTHING = {"postInstrumentCheckUp", "postRuleSetDryRuns"}


def test_every_post_has_a_rule() -> None:
    posts = {
        declared.name: declared.idempotent
        for _, _, method, declared in operations()
        if method == "post"
    }
    without = {name for name, idempotent in posts.items() if not idempotent}
    assert without == MEANT | GETTING_IN | SAME_TWICE | OWN_IDS | KEEPS_NOTHING


def same(first: Response, again: Response) -> None:
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers.get("ETag") == first.headers.get("ETag")
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"


def test_the_same_request_again_is_answered_the_same(
    cast: Cast, house: House, clock: SimulatedClock
) -> None:
    first = cast.bob.api.post(PATH, PATIENT, key=KEY)
    assert first.status == 201
    before = stored(house)
    clock.advance(days=6, hours=23)
    again = cast.bob.api.post(PATH, dict(reversed(PATIENT.items())), key=KEY)
    same(first, again)
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert cast.bob.api.get(f"{PATH}/{first.json['id']}").status == 200
    assert stored(house)["patients"] == before["patients"]

    other = cast.bob.api.post(PATH, PATIENT | {"name": "Bea"}, key=KEY)
    assert (other.status, other.code) == (422, "idempotency-key-reused")
    assert stored(house)["patients"] == before["patients"]

    # After seven days it is forgotten, and the next that is kept takes the old ones away.
    clock.advance(hours=1)
    anew = cast.bob.api.post(PATH, PATIENT | {"name": "Bea"}, key=KEY)
    assert (anew.status, anew.json["name"]) == (201, "Bea")
    clock.advance(days=7)
    cast.bob.api.post(PATH, PATIENT, key="another")
    assert stored(house)["remembered_requests"] == 1


@only_sqlite
def test_a_key_belongs_to_its_caller_and_operation(cast: Cast) -> None:
    ann = cast.bob.api.post(PATH, PATIENT, key=KEY).json["id"]
    assert cast.charlie.api.post(PATH, PATIENT, key=KEY).json["id"] != ann
    assert cast.dana.api.post(PATH, PATIENT, key=KEY).json["id"] != ann
    first = cast.bob.api.post(f"{PATH}/{ann}/enrolments", key=KEY)
    assert first.status == 201
    other = cast.bob.api.post(f"{PATH}/{cast.alice.id}/enrolments", key=KEY)
    assert other.code == "idempotency-key-reused"
    same(first, cast.bob.api.post(f"{PATH}/{ann}/enrolments", key=KEY))


def test_what_was_refused_leaves_nothing(cast: Cast, house: House) -> None:
    made = cast.erin.api.post("/v1/webhook-endpoints", {"url": "https://pager.example/x"}).json
    endpoint = f"/v1/webhook-endpoints/{made['id']}"
    assert cast.erin.api.delete(endpoint).status == 204
    refused = cast.erin.api.post(f"{endpoint}/ping", key=KEY)
    assert (refused.status, refused.code) == (409, "endpoint-inactive")
    assert stored(house)["remembered_requests"] == 0
    cast.erin.api.post(f"{endpoint}/activate")
    done = cast.erin.api.post(f"{endpoint}/ping", key=KEY)
    assert done.status == 201
    same(done, cast.erin.api.post(f"{endpoint}/ping", key=KEY))


def test_what_is_shown_once_is_shown_again_and_kept_sealed(cast: Cast, house: House) -> None:
    secrets = []
    for path, body, shown in (
        ("/v1/webhook-endpoints", {"url": "https://pager.example/x"}, "secret"),
        ("/v1/api-clients", {"name": "Pager", "scopes": ["alerts:read"]}, "key"),
        ("/v1/staff", {"name": "Ivo", "email": "ivo@h.example", "role": "auditor"}, "code"),
        (f"/v1/webhook-endpoints/{cast.team.id}/rotate-secret", {}, "secret"),
    ):
        first = cast.erin.api.post(path, body, key=KEY)
        same(first, cast.erin.api.post(path, body, key=KEY))
        secrets.append(first.json[shown].encode())
    with house.database.transaction(write=False, bounds=EVERYTHING) as connection:
        rows = connection.execute(select(remembered_requests)).all()
    assert len(rows) == len(secrets)
    for row in rows:
        assert not any(secret in bytes(row.answer) for secret in secrets)
        assert KEY not in repr(row)


@only_sqlite
def test_whom_an_answer_is_about_stands_beside_it(cast: Cast, house: House) -> None:
    ann = cast.bob.api.post(PATH, PATIENT, key=KEY).json["id"]
    planned = cast.bob.api.post(
        f"/v1/patients/{ann}/infusions", {"planned_at": "2026-03-09T09:00:00Z"}, key=KEY
    )
    assert planned.status == 201, planned
    with house.database.transaction(write=False, bounds=EVERYTHING) as connection:
        found = connection.execute(select(remembered_requests.c.patient_id)).scalars().all()
    assert [str(each) for each in found] == [ann, ann]


def test_the_same_request_many_times_at_once_is_done_once(cast: Cast, house: House) -> None:
    before = stored(house)["patients"]
    caller = cast.bob.api
    answers = at_once(lambda: caller.post(PATH, PATIENT, key=KEY))
    assert {(answer.status, answer.body) for answer in answers} == {(201, answers[0].body)}
    replayed = ["Idempotency-Replayed" in answer.headers for answer in answers]
    assert replayed.count(False) == 1
    assert stored(house)["patients"] == before + 1


@only_sqlite
@pytest.mark.parametrize("key", ["", "x" * 256, "caf\xe9", "a\tb"])
def test_a_key_that_is_none(cast: Cast, house: House, key: str) -> None:
    before = stored(house)
    answer = cast.bob.api.post(PATH, PATIENT, key=key)
    assert (answer.status, answer.code) == (400, "malformed")
    assert stored(house) == before


@only_sqlite
def test_the_longest_key(cast: Cast) -> None:
    key = "~ " + "x" * 253
    same(cast.bob.api.post(PATH, PATIENT, key=key), cast.bob.api.post(PATH, PATIENT, key=key))


@only_sqlite
def test_a_call_for_help_and_an_answer_are_meant_each_time(cast: Cast) -> None:
    for _ in range(2):
        assert cast.alice.api.post("/v1/me/help", key="\xe9" * 300).status == 201
    (alert,) = cast.dana.alerts()
    kinds = [entry["kind"] for entry in cast.bob.alert(alert)["entries"]]
    assert kinds == ["opened", "joined"]
    for _ in range(2):
        url = f"/v1/alerts/{alert['id']}/acknowledge"
        answer = cast.bob.api.post(url, {"generation": 1}, key=KEY)
        assert answer.status == 200
        assert "Idempotency-Replayed" not in answer.headers


@only_sqlite
def test_who_was_signed_out_is_told_nothing_again(cast: Cast) -> None:
    body = {"name": "Pager", "scopes": ["alerts:read"], "public_keys": [PUBLIC_KEY]}
    caller = cast.erin.api
    assert caller.post("/v1/api-clients", body, key=KEY).status == 201
    caller.delete("/v1/sessions/current")
    assert caller.post("/v1/api-clients", body, key=KEY).status == 401
