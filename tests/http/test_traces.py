"""Whoever of the care team reads of a patient leaves a trace, or is shown nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select

from api.traces import leaves_a_trace
from diary.audit import audit_events
from diary.callers import OPERATOR
from diary.work import House
from tests.cast import Cast, Patient
from tests.databases import Kept
from tests.http.matrix import OPERATIONS

READING = [
    declared.name
    for _, _, declared in OPERATIONS
    if leaves_a_trace(declared.scope, write=declared.write)
]


def traces(house: House) -> list[Any]:
    with house.work(OPERATOR, write=False) as work:
        query = select(audit_events).where(audit_events.c.action == "read")
        return list(work.rows(query.order_by(audit_events.c.id)))


@pytest.fixture
def heidi(cast: Cast) -> Patient:
    return cast.enrol("Heidi")


def test_reading_one_patient_names_who_read_and_whom(cast: Cast, house: House) -> None:
    assert cast.bob.api.get(f"/v1/patients/{cast.alice.id}").status == 200
    (trace,) = traces(house)
    assert (trace.actor_kind, trace.actor_id, trace.at) == ("staff", cast.bob.id, house.clock.now())
    assert (trace.subject, trace.subject_id) == ("patient", cast.alice.id)
    assert trace.detail["operation"] == "getPatient"


def test_a_list_names_everyone_it_showed(cast: Cast, house: House, heidi: Patient) -> None:
    everyone = sorted([str(cast.alice.id), str(heidi.id)])
    cast.bob.api.get("/v1/patients")
    cast.alice.check_in(si=4)
    heidi.check_in(si=4)
    cast.bob.api.get("/v1/alerts")
    for trace in traces(house):
        assert (trace.subject, trace.subject_id) == ("clinic", cast.clinic)
        assert trace.detail["patients"] == everyone
    assert [trace.detail["operation"] for trace in traces(house)] == ["getPatients", "getAlerts"]


def test_a_page_that_was_not_shown_is_not_traced(cast: Cast, house: House, heidi: Patient) -> None:
    cast.bob.api.get("/v1/patients", limit=1)
    (trace,) = traces(house)
    assert trace.detail["patients"] == [str(heidi.id)]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/alerts/{alert}",
        "/v1/alerts/{alert}/deliveries",
        "/v1/patients/{patient}/check-ins",
        "/v1/patients/{patient}/check-ins/{check_in}",
        "/v1/patients/{patient}/infusions",
        "/v1/patients/{patient}/devices",
    ],
)
def test_whatever_is_read_of_a_patient(cast: Cast, house: House, path: str) -> None:
    kept = cast.alice.check_in(si=4).json
    (alert,) = cast.bob.alerts()
    before = len(traces(house))
    url = path.format(alert=alert["id"], patient=cast.alice.id, check_in=kept["id"])
    assert cast.bob.api.get(url).status == 200
    (trace,) = traces(house)[before:]
    named = {*trace.detail["patients"], *trace.detail["path"].values()}
    assert named & {str(cast.alice.id), alert["id"]}


def test_what_is_refused_shows_nothing_and_leaves_nothing(cast: Cast, house: House) -> None:
    for stranger, status in ((cast.charlie, 404), (cast.erin, 403)):
        assert stranger.api.get(f"/v1/patients/{cast.alice.id}").status == status
    assert traces(house) == []


def test_patients_read_their_own_without_a_trace(cast: Cast, house: House) -> None:
    kept = cast.alice.check_in().json["id"]
    for path in ("/v1/me", "/v1/me/alert", f"/v1/check-ins/{kept}"):
        assert cast.alice.api.get(path).status == 200
    assert traces(house) == []


@contextmanager
def no_audit(kept: Kept) -> Iterator[None]:
    """The table of the audit trail is not there."""
    kept.alter("ALTER TABLE audit_events RENAME TO elsewhere")
    try:
        yield
    finally:
        kept.alter("ALTER TABLE elsewhere RENAME TO audit_events")


@pytest.mark.parametrize("path", ["", "/{patient}", "/{patient}/devices"])
def test_where_no_trace_can_be_left_nothing_is_shown(cast: Cast, kept: Kept, path: str) -> None:
    with no_audit(kept):
        answer = cast.bob.api.get("/v1/patients" + path.format(patient=cast.alice.id))
    assert answer.status in (500, 503)
    for secret in (cast.alice.name, cast.alice.reference):
        assert secret.encode() not in answer.body


def test_every_operation_that_reads_of_patients_is_among_them() -> None:
    assert {"getPatients", "getPatient", "getAlerts", "getAlert", "getPatientDevices"} <= set(
        READING
    )
    assert not any(name.startswith(("post", "put", "delete")) for name in READING)
