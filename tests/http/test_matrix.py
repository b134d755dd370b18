"""Every operation with every identity and everybody's objects; and holes, which must be seen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, true

from api import auth
from diary import guard
from diary.access import clients
from diary.access.permissions import SCOPES_OF, SET_UP, Role, Scope
from diary.access.sessions import open_session
from diary.alerts import reading as alerts
from diary.callers import OPERATOR, CallerKind
from diary.checkins import reading as check_ins
from diary.checkins.model import check_ins as check_in_rows
from diary.patients import relation, service
from diary.patients.model import patients
from diary.work import House
from engine.schedule import Schedule
from tests.cast import Cast, Member, Patient, signed_in
from tests.client import Api
from tests.clock import SimulatedClock
from tests.engine.silences import ENGINE
from tests.http.matrix import PEOPLE, ROLES, Ids, Matrix
from tests.http.test_permissions import (
    BODIES,
    CONTACT,
    CONTACTS,
    DISPLAYS,
    LATER,
    OVERRIDE,
    PLAN,
    ROTA,
)

HOLD = {"reason": "Case 12"}
REASON = "She called the ward, and I have to know what she takes."


def _objects(
    doctor: Member, manager: Member, admin: Member, patient: Patient, house: House
) -> dict[str, object]:
    """One of each that a path can name, around one patient."""
    assert patient.api.put("/v1/me/contacts", CONTACTS).status == 200
    assert patient.api.put("/v1/me/safety-plan", PLAN).status == 200
    assert patient.api.post("/v1/me/displays", DISPLAYS).status == 200
    Schedule(house, ENGINE).look()
    windows = patient.api.get("/v1/me/schedule").json["windows"]
    check_in = patient.check_in(si=4, envelope={"note": "Not a good day."}).json["id"]
    (note, *_) = doctor.api.get(f"/v1/patients/{patient.id}/notes").json["items"]
    assert patient.check_in(mood=11).status == 202
    (apart, *_) = doctor.api.get(f"/v1/patients/{patient.id}/quarantine").json["items"]
    (alert,) = doctor.api.get("/v1/alerts", patient_id=patient.id, status="open").json["items"]
    planned = {"planned_at": LATER}
    infusion = doctor.api.post(f"/v1/patients/{patient.id}/infusions", planned).json
    trd = {"indication": "trd"}
    course = doctor.api.post(f"/v1/patients/{patient.id}/courses", trd).json
    rota = admin.api.post("/v1/rotas", ROTA).json["id"]
    (owed, *_) = doctor.api.get(f"/v1/alerts/{alert['id']}/deliveries").json["items"]
    return {
        "patient_id": patient.id,
        "check_in_id": check_in,
        "infusion_id": infusion["id"],
        "course_id": course["id"],
        "note_id": note["id"],
        "quarantine_id": apart["id"],
        "window_id": windows[0]["id"],
        "device_id": patient.device_id,
        "hold_id": manager.api.post(f"/v1/patients/{patient.id}/legal-holds", HOLD).json["id"],
        "alert_id": alert["id"],
        "session_id": doctor.grant.session_id,
        "staff_id": doctor.id,
        "contact_id": doctor.api.post(f"/v1/staff/{doctor.id}/contacts", CONTACT).json["id"],
        "endpoint_id": admin.api.get("/v1/webhook-endpoints").json["items"][0]["id"],
        "delivery_id": owed["id"],
        "client_id": admin.api.post(
            "/v1/api-clients", {"name": "Pager", "scopes": ["alerts:read"]}
        ).json["id"],
        "rota_id": rota,
        "override_id": admin.api.post(f"/v1/rotas/{rota}/overrides", OVERRIDE).json["id"],
    }


@pytest.fixture
def matrix(cast: Cast, api: Api, house: House, clock: SimulatedClock) -> Matrix:
    """The people, and the objects around Alice, Olga and Frank."""
    bob, dana, erin, charlie, grace = cast.bob, cast.dana, cast.erin, cast.charlie, cast.grace
    judy, heidi, nina, oscar = (
        cast.join(name, Role.CLINICIAN) for name in ("Judy", "Heidi", "Nina", "Oscar")
    )
    ivan = cast.join("Ivan", Role.AUDITOR)
    victor = cast.join("Victor", Role.CLINICIAN, clinic=cast.other_clinic)
    glass = f"/v1/patients/{cast.alice.id}/break-glass"
    assert oscar.api.post(glass, {"reason": REASON}).status == 201
    elsewhere = victor.api.post(f"/v1/patients/{cast.frank.id}/break-glass", {"reason": REASON})
    stale = {"judy since an hour": judy.grant, "erin since an hour": erin.grant}
    clock.advance(minutes=60, seconds=1)
    for member in (bob, dana, erin, charlie, grace, judy, heidi, nina, oscar, ivan):
        with house.work(OPERATOR) as work:
            member.grant = signed_in(work, member.email)

    past = cast.alice.check_in(si=4).json and dana.alerts()[0]["id"]
    assert dana.resolve(past).status == 200
    hers = _objects(bob, dana, erin, cast.alice, house)
    assert heidi.acknowledge(str(hers["alert_id"])).status == 200
    broken = nina.api.post(glass, {"reason": REASON}).json["id"]
    olga = cast.enrol("Olga", by=judy)
    olgas = _objects(judy, dana, erin, olga, house)
    assert dana.resolve(str(olgas["alert_id"])).status == 200
    walter = cast.join("Walter", Role.CARE_MANAGER, clinic=cast.other_clinic)
    franks = _objects(charlie, walter, grace, cast.frank, house)
    worlds: dict[str, Ids] = {
        "alice": hers | {"break_glass_id": broken},
        "alice's past": hers | {"alert_id": past, "break_glass_id": broken},
        "olga": olgas | {"break_glass_id": broken},
        "frank": franks | {"break_glass_id": elsewhere.json["id"]},
        "nobody": {},
    }

    def program(*scopes: Scope) -> str:
        with house.work(erin.caller) as work:
            made = clients.create(work, name="Program", scopes=frozenset(scopes))
        with house.work(OPERATOR) as work:
            grant = clients.exchange_key(work, client_id=made.id, key=made.key or "")
        return cast.holder("", grant).token

    with house.work(OPERATOR) as work:
        without_app = open_session(
            work,
            clinic_id=cast.clinic,
            kind=CallerKind.STAFF,
            subject_id=bob.id,
            role=Role.CLINICIAN,
            scopes=SET_UP,
        )
    tokens: dict[str, str | None] = {
        "alice": cast.alice.token,
        "olga": olga.token,
        "bob, on alice's team": bob.token,
        "judy, on olga's team": judy.token,
        "heidi, who holds alice's alert": heidi.token,
        "nina, who broke the glass": nina.token,
        "oscar, whose hour is over": oscar.token,
        "charlie, a stranger": charlie.token,
        "dana": dana.token,
        "erin": erin.token,
        "grace, a stranger": grace.token,
        "ivan": ivan.token,
        "a program": program(*SCOPES_OF[Role.CLIENT]),
        "a program without scopes": program(),
        "bob without an app": cast.holder("", without_app).token,
        **{who: cast.holder("", grant).token for who, grant in stale.items()},
        "anybody": None,
    }
    assert tokens.keys() == PEOPLE.keys()
    return Matrix(api.app, house, tokens, worlds, BODIES)


def test_every_operation_with_every_identity(
    matrix: Matrix, record_property: Callable[[str, object], None]
) -> None:
    on_sqlite = matrix.house.database.is_sqlite
    # What is refused before a transaction begins is the same on any database.
    report = matrix.run(past_the_door=not on_sqlite)
    record_property("matrix", f"{'SQLite' if on_sqlite else 'PostgreSQL'}: {report}")
    assert not report.unexpected, "\n".join([str(report), *report.unexpected])
    assert report.cells > 1_000


def test_the_page_has_the_scopes_that_roles_hold() -> None:
    for role in Role:
        assert ROLES[role] == SCOPES_OF[role], role
    assert ROLES["set-up"] == SET_UP


# --- holes that are planted on purpose ---------------------------------------------------------


def _without_the_clinic(patch: pytest.MonkeyPatch) -> None:
    def visible(work: Any) -> Any:
        return select(patients).where(relation.may_read(work))

    patch.setattr(service, "visible", visible)
    # The guard of statements, which comes first, would refuse them all.
    patch.setattr(guard, "_judge", lambda *_: None)


def _without_the_care_team(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(relation, "_on_the_care_team", lambda work: true())


def _administrators_read(patch: pytest.MonkeyPatch) -> None:
    more = SCOPES_OF[Role.CLINIC_ADMIN] | {Scope.PATIENTS_READ}
    patch.setitem(SCOPES_OF, Role.CLINIC_ADMIN, more)


def _the_glass_writes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(relation, "may_change", relation.may_read)


def _the_glass_stays_broken(patch: pytest.MonkeyPatch) -> None:
    broke = relation._broke_the_glass
    an_hour = timedelta(hours=1)
    patch.setattr(
        relation, "_broke_the_glass", lambda work: broke(replace(work, now=work.now - an_hour))
    )


def _closed_alerts_are_seen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(alerts, "visible", alerts._of_clinic)


def _check_ins_of_anyone(patch: pytest.MonkeyPatch) -> None:
    def visible(work: Any, patient_id: Any) -> Any:
        return select(check_in_rows).where(
            check_in_rows.c.clinic_id == work.caller.clinic,
            check_in_rows.c.patient_id == patient_id,
        )

    patch.setattr(check_ins, "visible", visible)


def _no_step_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(auth, "require_fresh_proof", lambda work: None)


HOLES: dict[Callable[[pytest.MonkeyPatch], None], tuple[str, ...]] = {
    _without_the_clinic: ("getPatient × dana × frank: 404 not-found, and was allowed (200)",),
    _without_the_care_team: (
        "getPatient × bob, on alice's team × olga: 404 not-found, and was allowed (200)",
        "getPatients × bob, on alice's team × nobody: shows the patient of olga",
    ),
    # The relation holds where the role does not: but one refusal is not the other.
    _administrators_read: (
        "getPatient × erin × alice: 403 forbidden, and was 404 not-found (404)",
    ),
    _the_glass_writes: (
        "postInfusions × nina, who broke the glass × alice: 403 only-reading, "
        "and was allowed (201)",
    ),
    _the_glass_stays_broken: (
        "getPatient × oscar, whose hour is over × alice: 404 not-found, and was allowed (200)",
    ),
    _closed_alerts_are_seen: (
        "getAlert × bob, on alice's team × olga: 404 not-found, and was allowed (200)",
        "getAlerts × bob, on alice's team × nobody: shows the patient of olga",
    ),
    _check_ins_of_anyone: (
        "getPatientCheckIn × judy, on olga's team × alice: 404 not-found, and was allowed (200)",
    ),
    _no_step_up: (
        "deleteEndpoint × erin since an hour × alice: 401 step-up-needed, and was allowed (409)",
    ),
}


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_holes_are_seen(
    matrix: Matrix,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    for plant, cells in HOLES.items():
        operations = {cell.partition(" ")[0] for cell in cells}
        assert not matrix.run(operations).unexpected
        with monkeypatch.context() as patch:
            plant(patch)
            with matrix.house.work(OPERATOR) as work:
                cast.erin.grant = signed_in(work, cast.erin.email)
            now = replace(matrix, tokens={**matrix.tokens, "erin": cast.erin.token})
            unexpected = now.run(operations).unexpected
        hole = plant.__name__.strip("_").replace("_", " ")
        record_property("matrix", f"planted: {hole}: {len(unexpected)} unexpected")
        assert set(cells) <= set(unexpected), (plant, unexpected)
