"""Lists, HEAD, and apps with a hole in them. `test_matrix.py` has every operation and identity."""

from typing import Any
from uuid import uuid4

import pytest
from flask_restx import Namespace, Resource

from api.app import UndeclaredRoute, create_app
from api.operation import operation
from diary.access.permissions import Scope
from diary.work import House, Work
from tests.asked import DAILY
from tests.cast import Cast
from tests.client import Api
from tests.questionnaires import phq9

# What a caller may send who is who the operation is for.
LATER = "2026-03-09T09:00:00Z"
CONTACT = {"address": "mailtos://pager:word@mail.example"}
ROTA = {"name": "Nights", "time_zone": "Europe/Madrid", "shifts": []}
CONSENT = {
    "purpose": "research",
    "version": 1,
    "given": True,
    "answered_at": "2026-03-02T08:00:00Z",
}
OVERRIDE = {"starts_at": "2026-03-02T09:00:00Z", "ends_at": LATER, "staff": []}
# The first key of RFC 7517, A.1.
PUBLIC_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    "kid": "1",
}
PLAN = {"steps": {"coping": [{"text": "Walk down to the river."}]}}
DISPLAYS = {
    "displays": [
        {
            "id": "0190a000-0000-7000-8000-000000000001",
            "what": "crisis-pack",
            "version": "1f0c",
            "shown_at": "2026-03-01T23:10:00Z",
            "offline": True,
        }
    ]
}
LICENCE = {"attested": True, "text": "The publisher's letter of May."}
CALM = {
    "code": "C1",
    "title": "calm",
    "when": {"kind": "at_least", "measure": "mood", "value": 5},
    "severity": "low",
    "suicidality": False,
}
CONTACTS = {
    "callback_phone": "+34 600 000 000",
    "emergency": [{"name": "Ana", "phone": "+34 600 000 001", "may_call": True}],
}
BODIES: dict[str, dict[str, Any]] = {
    "putClinicRetention": {"months": 24},
    "postStaff": {"name": "Kim", "email": "kim@harbour.example", "role": "clinician"},
    "putApiClientPublicKeys": {"public_keys": [PUBLIC_KEY]},
    "postEndpoints": {"url": "https://hooks.example/one", "description": None},
    "postApiClients": {"name": "Pager", "scopes": ["alerts:read"]},
    "postAlerts": {"severity": "high", "note": "She called the ward."},
    "postAcknowledgeAlert": {"generation": 1},
    "postAlertNotes": {"text": "Called."},
    "deletePatient": {"reason": "patient-request"},
    "postHandOverAlert": {"generation": 1, "to": str(uuid4())},
    "postReleaseAlert": {"generation": 1},
    "postDrills": {"severity": "low"},
    "postResolveAlert": {"sequence": 1, "outcome": "contacted-safe"},
    "postInfusions": {"planned_at": LATER, "confirm": ["planned_at"]},
    "postInfusionMoving": {"planned_at": "2026-03-10T09:00:00Z", "reason": "clinic"},
    "postInfusionStarting": {"started_at": "2026-03-02T08:00:00Z"},
    "postInfusionEnding": {"ended_at": "2026-03-02T08:40:00Z"},
    "postCourses": {"indication": "trd"},
    "putOneCourse": {
        "indication": "other",
        "trials": [],
        "induction_infusions": 6,
        "baseline_instrument": "phq-9",
    },
    "putCourseAssessment": {"assessed_at": "2026-03-02T08:00:00Z"},
    "putCourseBaseline": {"total": 21, "rated_at": "2026-03-02T08:00:00Z"},
    "putCourseWaiver": {"waived": [], "reason": "Made up"},
    "postCourseClosed": {"reason": "other"},
    "postObservations": {"observed_at": "2026-03-02T08:00:00Z", "systolic": 130, "diastolic": 80},
    "postDepartures": {"left_at": "2026-03-02T08:50:00Z", "met": [], "reason": "Made up"},
    "putInfusionEscort": {"escort": True, "transport": True},
    "postInfusionCancelling": {"reason": "clinic"},
    "postStaffContacts": CONTACT,
    "putRota": ROTA,
    "postRotaOverrides": OVERRIDE,
    "postPatientConsents": CONSENT,
    "postPatientKnownBaselines": {"level": 1, "reason": "For years.", "until": LATER},
    "postPatientStates": {"state": "discharged", "reason": "Moved."},
    "putOwnContacts": CONTACTS,
    "putPatientContacts": CONTACTS,
    "putOwnSafetyPlan": PLAN,
    "postOwnDisplays": DISPLAYS,
    "postCheckInBatch": {"items": [{"id": str(uuid4()), "check_in": {}}]},
    "putPatientSafetyPlan": PLAN,
    "postSchedulePlans": {"items": [DAILY], "reason": "Agreed."},
    "putOwnTimeZone": {"time_zone": "Europe/Madrid"},
    "putOwnReminder": {"shown_at": LATER},
    "putPatientTimeZone": {"time_zone": "Europe/Madrid"},
    "postSetApartReview": {"verdict": "duplicate"},
    "postPatientLegalHolds": {"reason": "Case 12"},
    "postPatientBreakGlass": {"reason": "She called the ward."},
    "postInstruments": {"document": phq9()},
    "postInstrumentCheckUp": {"document": phq9()},
    "postInstrumentLicence": LICENCE,
    "postRuleSetDryRuns": {"document": {"rules": [CALM]}},
}


def test_lists_show_ones_own_clinic_alone(cast: Cast) -> None:
    cast.alice.check_in(si=4)
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
