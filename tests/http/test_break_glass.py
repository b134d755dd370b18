"""A clinician reads a patient of somebody else: for an hour, in the open, and nothing more."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from diary.access.permissions import Role
from diary.callers import OPERATOR
from diary.patients.model import break_glass
from diary.work import House
from engine.loop import Engine
from tests.cast import Cast, Member
from tests.clock import SimulatedClock
from tests.receiver import Receiver

REASON = {"reason": "She called the ward, and Bob is away."}


@pytest.fixture
def judy(cast: Cast) -> Member:
    """A clinician of the clinic, on nobody's care team."""
    return cast.join("Judy", Role.CLINICIAN)


def path(cast: Cast) -> str:
    return f"/v1/patients/{cast.alice.id}"


def test_an_hour_of_reading(cast: Cast, judy: Member, clock: SimulatedClock) -> None:
    check_in = cast.alice.check_in(si=1).json["id"]
    other = cast.enrol("Olga")
    broken = judy.api.post(f"{path(cast)}/break-glass", REASON)
    assert broken.status == 201
    assert broken.json["until"] == "2026-03-02T10:00:00Z"

    for part in ("", "/check-ins", f"/check-ins/{check_in}", "/infusions", "/devices"):
        assert judy.api.get(path(cast) + part).status == 200, part
    assert judy.api.get(f"/v1/patients/{other.id}").status == 404
    for refused in (
        judy.api.post(f"{path(cast)}/enrolments"),
        judy.api.post(f"{path(cast)}/infusions", {"planned_at": "2026-03-09T09:00:00Z"}),
        judy.api.delete(f"{path(cast)}/devices/{cast.alice.device_id}"),
        judy.api.put(f"{path(cast)}/care-team/{judy.id}"),
        judy.api.delete(f"{path(cast)}/care-team/{cast.bob.id}"),
    ):
        assert (refused.status, refused.code) == (403, "only-reading")

    clock.advance(minutes=59, seconds=59)
    assert judy.api.get(path(cast)).status == 200
    clock.advance(seconds=1)
    assert judy.api.get(path(cast)).status == 404
    assert judy.api.get("/v1/patients").json["items"] == []


def test_it_ends_sooner_by_whoever_began_it(cast: Cast, judy: Member) -> None:
    glass = f"{path(cast)}/break-glass"
    judy.api.post(glass, REASON)
    heidi = cast.join("Heidi", Role.CLINICIAN)
    assert heidi.api.delete(glass).status == 404
    assert judy.api.delete(glass).status == 204
    assert judy.api.delete(glass).status == 404
    assert judy.api.get(path(cast)).status == 404


def test_who_needs_none_breaks_none(cast: Cast, judy: Member) -> None:
    glass = f"{path(cast)}/break-glass"
    assert judy.api.post(glass, REASON).status == 201
    for someone in (judy, cast.bob):
        refused = someone.api.post(glass, REASON)
        assert (refused.status, refused.code) == (409, "already-visible")
    absent = judy.api.post(f"/v1/patients/{uuid4()}/break-glass", REASON)
    foreign = judy.api.post(f"/v1/patients/{cast.frank.id}/break-glass", REASON)
    assert (foreign.status, foreign.body) == (404, absent.body)
    assert len(cast.dana.api.get("/v1/break-glass").json["items"]) == 1


@pytest.mark.parametrize("reason", [None, "", "urgent", " " * 10 + "urgent", "x" * 501])
def test_a_reason_is_given(cast: Cast, judy: Member, reason: str | None) -> None:
    body = {} if reason is None else {"reason": reason}
    assert judy.api.post(f"{path(cast)}/break-glass", body).status == 422
    assert judy.api.get(path(cast)).status == 404


def test_care_managers_and_auditors_see_who_and_why(cast: Cast, judy: Member, house: House) -> None:
    broken = judy.api.post(f"{path(cast)}/break-glass", REASON).json
    ivan = cast.join("Ivan", Role.AUDITOR)
    for reader in (cast.dana, ivan):
        assert reader.api.get("/v1/break-glass").json["items"] == [broken]
        assert reader.api.get(f"/v1/break-glass/{broken['id']}").json == broken
    assert (broken["staff_name"], broken["reason"]) == ("Judy", REASON["reason"])
    assert cast.bob.api.get("/v1/break-glass").status == 403
    with house.work(OPERATOR, write=False) as work:
        (row,) = work.rows(select(break_glass.c.reason))
    assert REASON["reason"].encode() not in row.reason


def test_every_webhook_hears_of_it_at_once(
    cast: Cast, judy: Member, engine: Engine, receiver: Receiver
) -> None:
    broken = judy.api.post(f"{path(cast)}/break-glass", REASON).json
    engine.run_until_idle()
    for name in ("team", "on-call"):
        heard = receiver.endpoint(name).expect("access.break_glass").data
        assert heard == {
            "break_glass_id": broken["id"],
            "patient": cast.alice.reference,
            "staff_id": str(judy.id),
            "until": broken["until"],
            "link": f"https://diary.example/v1/break-glass/{broken['id']}",
        }
    receiver.endpoint("elsewhere").expect_none()
