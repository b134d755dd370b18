"""Who may do what: every operation with every identity, from the declarations themselves."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask_restx import Namespace, Resource

from api.app import UndeclaredRoute, create_app
from api.openapi import operations
from api.operation import Operation, operation
from diary.access.permissions import SCOPES_OF, Role, Scope
from diary.work import House, Work
from tests.cast import Cast
from tests.client import Api, Response
from tests.http.test_clients import client, exchange

OPERATIONS = [(path, method, declared) for _, path, method, declared in operations()]
SCOPED = [each for each in OPERATIONS if each[2].scope is not None]
NAMES = [declared.name for _, _, declared in OPERATIONS]
SCOPED_NAMES = [declared.name for _, _, declared in SCOPED]
WORDS = {
    "slug": "daily-check-in",
    "version": "9.9.9",
    "applies_to": "nothing",
    "token": "a" * 43,
}
# What a caller may send who is who the operation is for.
LATER = "2026-03-09T09:00:00Z"
CONTACT = {"address": "mailtos://pager:word@mail.example"}
ROTA = {"name": "Nights", "time_zone": "Europe/Madrid", "shifts": []}
OVERRIDE = {"starts_at": "2026-03-02T09:00:00Z", "ends_at": LATER, "staff": []}
# The first key of RFC 7517, A.1.
PUBLIC_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    "kid": "1",
}
BODIES: dict[str, dict[str, Any]] = {
    "putApiClientPublicKeys": {"public_keys": [PUBLIC_KEY]},
    "postAcknowledgeAlert": {"generation": 1},
    "postAlertNotes": {"text": "Called."},
    "deletePatient": {"reason": "patient-request"},
    "postHandOverAlert": {"generation": 1, "to": str(uuid4())},
    "postReleaseAlert": {"generation": 1},
    "postDrills": {"severity": "low"},
    "postResolveAlert": {"sequence": 1, "outcome": "contacted-safe"},
    "postInfusions": {"planned_at": LATER},
    "postInfusionStarting": {"started_at": LATER},
    "postInfusionEnding": {"ended_at": LATER},
    "postStaffContacts": CONTACT,
    "putRota": ROTA,
    "postRotaOverrides": OVERRIDE,
}


def send(api: Api, path: str, method: str, declared: Operation, ids: dict[str, Any]) -> Response:
    """Call an operation with these ids, and with random ones for the others."""

    def part(found: re.Match[str]) -> str:
        kind, name = found["kind"], found["name"]
        if name in ids:
            return str(ids[name])
        return str(uuid4()) if kind == "uuid" else "7" if kind == "int" else WORDS[name]

    url = re.sub(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>", part, path)
    if declared.form:
        return api.form(url)
    body = BODIES.get(declared.name, {}) if declared.body is not None else None
    if body is None:
        return api.send(method.upper(), url)
    return api._with_json(method.upper(), url, body)


@pytest.fixture
def identities(cast: Cast, api: Api) -> dict[Role, Api]:
    """Someone of every role of one clinic; the client holds the most that a client can."""
    made = client(cast, sorted(SCOPES_OF[Role.CLIENT]))
    key = exchange(api, made["id"], made["key"]).json["access_token"]
    return {
        Role.PATIENT: cast.alice.api,
        Role.CLINICIAN: cast.bob.api,
        Role.CARE_MANAGER: cast.dana.api,
        Role.CLINIC_ADMIN: cast.erin.api,
        Role.AUDITOR: cast.join("Ivan", Role.AUDITOR).api,
        Role.CLIENT: api.as_(key),
    }


@pytest.mark.parametrize(("path", "method", "declared"), OPERATIONS, ids=NAMES)
def test_every_operation_with_every_identity(
    identities: dict[Role, Api], api: Api, path: str, method: str, declared: Operation
) -> None:
    assert identities.keys() == set(Role)
    nobody = send(api, path, method, declared, {})
    # Without an engine the health of the escalation is bad, which anyone may know.
    assert nobody.status < 500 or nobody.code == "escalation-unreliable"
    assert (nobody.code == "unauthenticated") is (declared.scope is not None)
    if declared.scope is None:
        return
    assert (nobody.status, nobody.headers["WWW-Authenticate"]) == (401, "Bearer")
    for role, caller in identities.items():
        answer = send(caller, path, method, declared, {})
        allowed = declared.scope in SCOPES_OF[role]
        assert answer.status < 500, (role, answer)
        assert (answer.status == 403) is not allowed, (role, answer)
        assert answer.status != 401, (role, answer)
        if not allowed:
            assert answer.code == "forbidden"


@pytest.fixture
def ids(cast: Cast) -> dict[str, Any]:
    """One of each object of Alice's clinic."""
    check_in = cast.alice.check_in(si=4).json["id"]
    (alert,) = cast.dana.alerts()
    (owed,) = cast.dana.api.get(f"/v1/alerts/{alert['id']}/deliveries").json["items"]
    rota = cast.dana.api.post("/v1/rotas", ROTA).json["id"]
    override = cast.dana.api.post(f"/v1/rotas/{rota}/overrides", OVERRIDE).json["id"]
    (infusion, *_) = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/infusions").json["items"]
    return {
        "check_in_id": check_in,
        "patient_id": cast.alice.id,
        "infusion_id": infusion["id"],
        "alert_id": alert["id"],
        "delivery_id": owed["id"],
        "endpoint_id": cast.on_call.id,
        "client_id": client(cast)["id"],
        "device_id": cast.alice.grant.subject_id,
        "session_id": cast.bob.grant.session_id,
        "staff_id": cast.bob.id,
        "contact_id": cast.bob.api.post(f"/v1/staff/{cast.bob.id}/contacts", CONTACT).json["id"],
        "rota_id": rota,
        "override_id": override,
    }


def _names(path: str) -> set[str]:
    return set(re.findall(r"<uuid:(\w+)>", path))


def _with_ids() -> Iterator[tuple[str, str, Operation]]:
    yield from (each for each in SCOPED if _names(each[0]) and each[2].name != "putOwnCheckIn")


WITH_IDS = list(_with_ids())


@pytest.mark.parametrize(
    ("path", "method", "declared"), WITH_IDS, ids=[declared.name for _, _, declared in WITH_IDS]
)
def test_a_strangers_object_is_as_absent_as_any(
    cast: Cast, ids: dict[str, Any], path: str, method: str, declared: Operation
) -> None:
    assert declared.scope is not None
    inside, outside = next(
        pair
        for pair in ((cast.alice, cast.frank), (cast.bob, cast.charlie), (cast.erin, cast.grace))
        if declared.scope in pair[0].caller.scopes
    )
    foreign = send(outside.api, path, method, declared, ids)
    absent = send(outside.api, path, method, declared, {})
    here = send(inside.api, path, method, declared, {})
    mixed = send(inside.api, path, method, declared, {"patient_id": ids["patient_id"]})

    assert (foreign.status, foreign.code) == (404, "not-found")
    assert foreign.body == absent.body
    assert here.status == 404
    if _names(path) != {"patient_id"}:
        assert mixed.status == 404
    # Whoever it belongs to finds it.
    assert send(inside.api, path, method, declared, ids).status != 404


def test_a_patient_of_the_same_clinic_is_a_stranger_too(cast: Cast, ids: dict[str, Any]) -> None:
    other = cast.enrol("Olga").api
    foreign = other.get(f"/v1/check-ins/{ids['check_in_id']}")
    assert foreign.status == 404
    assert foreign.body == other.get(f"/v1/check-ins/{uuid4()}").body
    assert other.get("/v1/check-ins").json["items"] == []


def test_lists_show_ones_own_clinic_alone(cast: Cast, ids: dict[str, Any]) -> None:
    cast.frank.check_in(si=5)
    for path, inside, outside in (
        ("alerts", cast.bob, cast.charlie),
        ("patients", cast.bob, cast.charlie),
        ("staff", cast.erin, cast.grace),
        ("webhook-endpoints", cast.erin, cast.grace),
        ("policies", cast.erin, cast.grace),
    ):
        ours, theirs = (
            {item["id"] for item in who.api.get(f"/v1/{path}").json["items"]}
            for who in (inside, outside)
        )
        assert ours
        assert theirs
        assert not ours & theirs


def test_head_needs_what_get_needs(cast: Cast, api: Api) -> None:
    for token, status in (("", 401), (cast.alice.token, 403), (cast.bob.token, 200)):
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        with api.app.test_client().head("/v1/alerts", headers=sent) as answer:
            assert (answer.status_code, answer.get_data()) == (status, b"")


# --- an app with a hole in it does not start ---------------------------------------------------


def _served(house: House, monkeypatch: pytest.MonkeyPatch, resource: type[Resource]) -> None:
    namespace = Namespace("more", path="/v1/more")
    namespace.add_resource(resource, "")
    monkeypatch.setattr("api.app.NAMESPACES", (namespace,))
    create_app(house)


def test_a_route_without_a_declaration_stops_the_app(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Open(Resource):  # type: ignore[misc]
        def get(self) -> str:
            return "whatever"

    class HalfOpen(Resource):  # type: ignore[misc]
        @operation("Read it", scope=Scope.CLINIC_READ, status=204)
        def get(self, work: Work) -> None:
            return None

        def post(self) -> str:
            return "whatever"

    class Closed(Resource):  # type: ignore[misc]
        @operation("Read it", scope=Scope.CLINIC_READ, status=204)
        def get(self, work: Work) -> None:
            return None

    with pytest.raises(UndeclaredRoute, match="GET /v1/more"):
        _served(house, monkeypatch, Open)
    with pytest.raises(UndeclaredRoute, match="POST /v1/more"):
        _served(house, monkeypatch, HalfOpen)
    _served(house, monkeypatch, Closed)


@pytest.mark.parametrize("given", [{}, {"public": True, "scope": Scope.CLINIC_READ}])
def test_a_declaration_says_scope_or_public(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="scope and public"):
        operation("Read it", **given)
