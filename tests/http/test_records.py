"""A treatment ends: no phone is let in, an alert stays open, and a record is kept for a time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from diary.access.model import clinics
from diary.access.permissions import Role
from diary.callers import OPERATOR, Caller, CallerKind
from diary.erasure import service as erasure
from diary.patients import devices, holds
from diary.patients.holds import UnderLegalHold
from diary.patients.model import legal_holds, patients
from diary.records import retention
from diary.records.retention import Due
from diary.settings import Settings
from diary.work import House
from engine.escalate import escalate_due
from engine.retention import EVERY, Retention
from tests.cast import Cast, Member
from tests.client import Api
from tests.clock import SimulatedClock
from tests.conftest import settings_for
from tests.erasing import REASON

ENGINE = Caller(CallerKind.ENGINE)
RETENTION = "/v1/clinic/retention"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    ledger = {"erasure_ledger": tmp_path / "erasures.jsonl"}
    return settings_for(database_url).model_copy(update=ledger)


def states(house: House) -> Iterator[str]:
    with house.work(OPERATOR, write=False) as work:
        yield from (row.state for row in work.rows(select(patients.c.state)))


def lift(who: Member, patient_id: UUID) -> None:
    """Every hold of a patient, by somebody who has just signed in."""
    path = f"/v1/patients/{patient_id}/legal-holds"
    for hold in who.api.get(path).json["items"]:
        assert who.api.delete(f"{path}/{hold['id']}").status == 204


@pytest.fixture
def discharged(cast: Cast, clock: SimulatedClock) -> SimulatedClock:
    """Alice was discharged more than a year ago, and the clinic keeps records for one."""
    path = f"/v1/patients/{cast.alice.id}/discharge"
    assert cast.bob.api.post(path).status == 200
    clock.advance(days=366)
    assert cast.erin.api.put(RETENTION, {"months": 12}, if_match="*").json["due"] == 1
    return clock


def test_a_discharged_patient_has_no_phone(cast: Cast, api: Api, house: House) -> None:
    path = f"/v1/patients/{cast.alice.id}"
    with house.work(cast.bob.caller) as work:
        before = devices.make_code(work, cast.alice.id)
    phone = cast.alice.api
    gone = cast.bob.api.post(f"{path}/discharge")
    assert (gone.status, gone.json["state"]) == (200, "discharged")
    assert cast.bob.api.post(f"{path}/discharge").json == gone.json
    assert gone.json["discharged_at"] == "2026-03-02T09:00:00Z"
    refused = phone.get("/v1/me")
    assert (refused.status, refused.code) == (401, "unauthenticated")
    # Whoever is refused is told whom to call.
    assert refused.json["crisis"]
    body = {"code": before.code, "platform": "ios"}
    assert api.post("/v1/devices", body).status == 401
    again = cast.bob.api.post(f"{path}/enrolments")
    assert (again.status, again.code) == (409, "patient-discharged")
    assert cast.charlie.api.post(f"{path}/discharge").status == 404

    back = cast.bob.api.post(f"{path}/readmit").json
    assert (back["state"], back["discharged_at"]) == ("active", None)
    code = cast.bob.api.post(f"{path}/enrolments").json["code"]
    assert api.post("/v1/devices", body | {"code": code}).status == 201


def test_a_code_that_a_discharge_missed_lets_nobody_in(cast: Cast, api: Api, house: House) -> None:
    assert cast.bob.api.post(f"/v1/patients/{cast.alice.id}/discharge").status == 200
    with house.work(cast.bob.caller) as work:
        code = devices.make_code(work, cast.alice.id).code
    assert api.post("/v1/devices", {"code": code, "platform": "ios"}).status == 401


def test_an_open_alert_stays_open_and_pages_on(
    cast: Cast, clock: SimulatedClock, house: House
) -> None:
    cast.alice.check_in(si=5)
    (alert,) = cast.dana.alerts()
    assert cast.bob.api.post(f"/v1/patients/{cast.alice.id}/discharge").status == 200
    clock.advance(minutes=6)
    assert escalate_due(house, ENGINE) == 1
    assert cast.dana.alert(alert)["alert"]["status"] == "triggered"


def test_the_drill_patient_is_not_discharged(cast: Cast) -> None:
    cast.dana.api.post("/v1/drills", {"severity": "low"})
    (drill,) = cast.dana.api.get("/v1/patients", drill="true").json["items"]
    refused = cast.dana.api.post(f"/v1/patients/{drill['id']}/discharge")
    assert (refused.status, refused.code) == (409, "drill-patient")


def test_a_legal_hold_has_a_sealed_reason_and_a_history(cast: Cast, house: House) -> None:
    path = f"/v1/patients/{cast.alice.id}/legal-holds"
    assert cast.dana.api.get(path).json == {"items": []}
    placed = [cast.dana.api.post(path, {"reason": f"Case {case}"}) for case in (12, 13)]
    assert [each.status for each in placed] == [201, 201]
    assert cast.dana.api.get(path).json["items"] == [each.json for each in placed]
    assert placed[0].json == {
        "id": placed[0].json["id"],
        "patient_id": str(cast.alice.id),
        "reason": "Case 12",
        "placed_at": "2026-03-02T09:00:00Z",
        "placed_by": str(cast.dana.id),
    }
    lift(cast.dana, cast.alice.id)
    assert cast.dana.api.get(path).json == {"items": []}
    with house.work(cast.dana.caller) as work:
        rows = work.rows(select(legal_holds).where(legal_holds.c.clinic_id == cast.clinic))
    assert [row.lifted_by for row in rows] == [cast.dana.id] * 2
    assert not any(b"Case" in row.reason for row in rows)
    for other in (cast.bob, cast.erin):
        assert other.api.post(path, {"reason": "x"}).status == 403


def test_whoever_lifts_a_legal_hold_frees_nothing_that_another_holds(
    cast: Cast, house: House
) -> None:
    ruth = cast.join("Ruth", Role.CARE_MANAGER)
    path = f"/v1/patients/{cast.alice.id}/legal-holds"
    hers = ruth.api.post(path, {"reason": "Case 12"}).json
    mine = cast.dana.api.post(path, {"reason": "Case 13"}).json
    assert cast.dana.api.delete(f"{path}/{mine['id']}").status == 204
    assert cast.dana.api.get(path).json["items"] == [hers]
    with house.work(cast.dana.caller) as work, pytest.raises(UnderLegalHold):
        holds.require_none(work, cast.alice.id)
    olga = cast.enrol("Olga", by=ruth)
    for absent in (
        f"{path}/{mine['id']}",
        f"{path}/{uuid4()}",
        f"/v1/patients/{olga.id}/legal-holds/{hers['id']}",
    ):
        assert cast.dana.api.delete(absent).status == 404
    assert cast.dana.api.delete(f"{path}/{hers['id']}").status == 204
    with house.work(cast.dana.caller) as work:
        holds.require_none(work, cast.alice.id)


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_lifting_a_legal_hold_needs_a_fresh_proof(cast: Cast, clock: SimulatedClock) -> None:
    path = f"/v1/patients/{cast.alice.id}/legal-holds"
    clock.advance(minutes=10, seconds=1)
    placed = cast.dana.api.post(path, {"reason": "Case 12"}, key="once")
    assert placed.status == 201
    assert cast.dana.api.post(path, {"reason": "Case 12"}, key="once").json == placed.json
    refused = cast.dana.api.delete(f"{path}/{placed.json['id']}")
    assert (refused.status, refused.code) == (401, "step-up-needed")
    assert cast.dana.api.get(path).json["items"] == [placed.json]


def test_a_clinic_keeps_everything_until_it_says_otherwise(
    cast: Cast, clock: SimulatedClock
) -> None:
    assert cast.bob.api.post(f"/v1/patients/{cast.alice.id}/discharge").status == 200
    clock.advance(days=5_000)
    shown = cast.bob.api.get(RETENTION).json
    assert shown == {"months": None, "shortest_months": 12, "due": 0, "version": 1, "next": []}
    refused = cast.erin.api.put(RETENTION, {"months": 11}, if_match="*")
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/months")
    assert cast.bob.api.put(RETENTION, {"months": 12}).status == 403
    assert cast.erin.api.put(RETENTION, {"months": 12}, if_match="*").json["next"] == [
        {"patient_id": str(cast.alice.id), "discharged_at": "2026-03-02T09:00:00Z"}
    ]


def test_who_is_due(cast: Cast, clock: SimulatedClock) -> None:
    """To the day; and neither with a hold, nor with an open alert, nor once they are back."""
    path = f"/v1/patients/{cast.alice.id}"
    cast.bob.api.post(f"{path}/discharge")
    cast.erin.api.put(RETENTION, {"months": 12}, if_match="*")

    def due() -> int:
        found = cast.erin.api.get(RETENTION).json
        assert len(found["next"]) == found["due"]
        return int(found["due"])

    clock.set(clock.now().replace(year=2027) - timedelta(seconds=1))
    assert due() == 0
    clock.advance(seconds=1)
    assert due() == 1
    assert cast.dana.api.post(f"{path}/legal-holds", {"reason": "Case 12"}).status == 201
    assert due() == 0
    lift(cast.dana, cast.alice.id)
    raised = {"patient_id": str(cast.alice.id), "severity": "high", "note": "They rang."}
    alert = cast.bob.api.post("/v1/alerts", raised).json
    assert due() == 0
    cast.bob.resolve(alert)
    assert due() == 1
    cast.bob.api.post(f"{path}/readmit")
    assert due() == 0


def test_the_engine_erases_what_is_due_once_a_day(
    cast: Cast, house: House, discharged: SimulatedClock
) -> None:
    step = Retention(house, ENGINE)
    step.look()
    assert "erased" not in states(house)
    discharged.advance(hours=23)
    step.look()
    assert "erased" not in states(house)
    discharged.advance(hours=1)
    step.look()
    assert list(states(house)).count("erased") == 1
    assert cast.erin.api.get(RETENTION).json["due"] == 0
    assert cast.dana.api.get(f"/v1/patients/{cast.alice.id}").status == 404


def test_what_cannot_be_erased_stays_due_and_stops_no_engine(
    cast: Cast, house: House, discharged: SimulatedClock
) -> None:
    without = house.settings.model_copy(update={"erasure_ledger": None})
    step = Retention(replace(house, settings=without), ENGINE)
    step.look()
    for _ in range(2):
        discharged.advance(days=EVERY.days)
        step.look()
    assert cast.erin.api.get(RETENTION).json["due"] == 1


@pytest.mark.parametrize("is_first", [True, False])
def test_a_clinic_that_fails_keeps_no_other_from_its_turn(
    cast: Cast, house: House, discharged: SimulatedClock, is_first: bool
) -> None:
    """Whichever of the two comes first."""
    assert cast.charlie.api.post(f"/v1/patients/{cast.frank.id}/discharge").status == 200
    discharged.advance(days=366)
    assert cast.grace.api.put(RETENTION, {"months": 12}, if_match="*").json["due"] == 1
    bad, good = (cast.clinic, cast.other_clinic)[:: 1 if is_first else -1]
    with house.work(OPERATOR) as work:
        # Further back than any calendar goes.
        work.execute(update(clinics).where(clinics.c.id == bad).values(retention_months=10**6))
    step = Retention(house, ENGINE)
    step.look()
    discharged.advance(days=EVERY.days)
    with capture_logs() as logs:
        for _ in range(4):
            step.look()
    failed = [each for each in logs if each["event"] == "retention.failed"]
    assert [each["clinic_id"] for each in failed] == [str(bad)]
    with house.work(OPERATOR, write=False) as work:
        rows = work.rows(select(patients.c.clinic_id).where(patients.c.state == "erased"))
    assert [row.clinic_id for row in rows] == [good]


def test_more_than_a_few_are_due(cast: Cast, house: House, clock: SimulatedClock) -> None:
    """Of several who were discharged in one moment each is looked at once, and all are counted."""
    body = {"name": "Olga", "time_zone": "Europe/Madrid"}
    found = [cast.bob.api.post("/v1/patients", body).json["id"] for _ in range(11)]
    for patient_id in found:
        assert cast.bob.api.post(f"/v1/patients/{patient_id}/discharge").status == 200
    clock.advance(days=366)
    assert cast.erin.api.put(RETENTION, {"months": 12}, if_match="*").json["due"] == 11
    with house.work(ENGINE.within(cast.clinic), write=False) as work:
        seen: list[Due] = []
        while some := retention.due_for_erasure(work, 4, seen[-1] if seen else None):
            seen += some
    assert sorted(str(one.patient_id) for one in seen) == sorted(found)

    def told(settings: Settings) -> list[tuple[int, int]]:
        step = Retention(replace(house, settings=settings), ENGINE)
        step.look()
        clock.advance(days=EVERY.days)
        with capture_logs() as logs:
            for _ in range(3):
                step.look()
        return [(one["due"], one["erased"]) for one in logs if one["event"] == "retention.due"]

    assert told(house.settings.model_copy(update={"erasure_ledger": None})) == [(11, 0)]
    assert told(house.settings) == [(11, 10), (1, 1)]


def test_whoever_came_back_in_between_is_not_erased(
    cast: Cast, house: House, discharged: SimulatedClock
) -> None:
    within = ENGINE.within(cast.clinic)
    with house.work(within, write=False) as work:
        assert retention.due_for_erasure(work)
    cast.bob.api.post(f"/v1/patients/{cast.alice.id}/readmit")
    reason, still = "retention-ended", retention.still_due
    assert not erasure.erase(house, within, cast.alice.id, reason=reason, still=still)
    assert "erased" not in states(house)


def test_nobody_erases_what_a_legal_hold_keeps(
    cast: Cast, house: House, discharged: SimulatedClock
) -> None:
    path = f"/v1/patients/{cast.alice.id}"
    assert cast.dana.api.post(f"{path}/legal-holds", {"reason": "Case 12"}).status == 201
    refused = cast.erin.api.delete(path, REASON)
    assert (refused.status, refused.code) == (409, "legal-hold")
    with pytest.raises(UnderLegalHold):
        erasure.erase(house, ENGINE.within(cast.clinic), cast.alice.id, reason="retention-ended")
    lift(cast.dana, cast.alice.id)
    assert cast.erin.api.delete(path, REASON).status == 204
