"""Call any operation as anyone, with one object of each kind of Alice's clinic."""

import re
from typing import Any
from uuid import uuid4

import pytest

from api.operation import Operation
from diary.access.permissions import SCOPES_OF, Role
from tests.cast import Cast
from tests.client import Api, Response
from tests.http.matrix import WORDS
from tests.http.test_clients import client, exchange
from tests.http.test_permissions import BODIES, CONTACT, OVERRIDE, ROTA


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
