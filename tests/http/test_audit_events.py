"""The auditor reads who did what, and is seen to."""

from typing import Any

import pytest

from diary.access.permissions import SCOPES_OF, Role, Scope
from engine.loop import Engine
from tests.cast import Cast, Member
from tests.clock import SimulatedClock


@pytest.fixture
def ivan(cast: Cast) -> Member:
    """The auditor of Alice's clinic."""
    return cast.join("Ivan", Role.AUDITOR)


def events(who: Member, **query: object) -> list[dict[str, Any]]:
    answer = who.api.get("/v1/audit-events", **query)
    assert answer.status == 200, answer
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def test_only_the_auditor_holds_the_scope() -> None:
    assert [role for role in Role if Scope.AUDIT_READ in SCOPES_OF[role]] == [Role.AUDITOR]


def test_who_did_what_is_listed_the_newest_first(
    cast: Cast, ivan: Member, engine: Engine, clock: SimulatedClock
) -> None:
    clock.advance(minutes=1)
    cast.bob.api.get(f"/v1/patients/{cast.alice.id}")
    (event, *_) = events(ivan, limit=1)
    assert event == {
        "id": event["id"],
        "at": "2026-03-02T09:01:00Z",
        "actor_kind": "staff",
        "actor_id": str(cast.bob.id),
        "action": "read",
        "subject": "patient",
        "subject_id": str(cast.alice.id),
        "detail": event["detail"],
        "sequence": None,
    }
    assert event["detail"]["operation"] == "getPatient"

    engine.run_until_idle(watching=True)
    listed = events(ivan, limit=100, to="2026-03-02T09:01:00Z")
    assert listed == sorted(listed, key=lambda each: each["sequence"], reverse=True)
    assert [each["sequence"] for each in listed][-1] == 1


def test_reading_the_trail_leaves_a_trace_of_what_was_looked_for(cast: Cast, ivan: Member) -> None:
    events(ivan, subject="patient", subject_id=cast.alice.id)
    (trace, *_) = events(ivan)
    assert (trace["actor_id"], trace["action"]) == (str(ivan.id), "read")
    assert (trace["subject"], trace["subject_id"]) == ("audit-trail", str(cast.clinic))
    assert trace["detail"] == {"wanted": {"subject": "patient", "subject_id": str(cast.alice.id)}}


def test_it_is_filtered_by_object_actor_and_time(
    cast: Cast, ivan: Member, clock: SimulatedClock
) -> None:
    before = clock.now()
    after = clock.advance(minutes=1)
    cast.bob.api.get(f"/v1/patients/{cast.alice.id}")
    cast.dana.api.get("/v1/patients")
    assert {each["actor_id"] for each in events(ivan, actor_id=cast.dana.id)} == {str(cast.dana.id)}
    of_alice = events(ivan, subject_id=cast.alice.id)
    assert {each["subject_id"] for each in of_alice} == {str(cast.alice.id)}
    assert {each["action"] for each in of_alice} >= {"read", "patient.created"}
    assert {each["subject"] for each in events(ivan, subject="staff", limit=100)} == {"staff"}
    late = events(ivan, **{"from": after.isoformat()})
    assert {each["at"] for each in late} == {"2026-03-02T09:01:00Z"}
    early = events(ivan, limit=100, to=after.isoformat())
    assert early
    assert {each["at"] for each in early} == {before.isoformat().replace("+00:00", "Z")}


def test_pages_do_not_overlap(ivan: Member) -> None:
    first = ivan.api.get("/v1/audit-events", limit=5).json
    second = ivan.api.get("/v1/audit-events", limit=5, cursor=first["next_cursor"]).json
    ids = [each["id"] for page in (first, second) for each in page["items"]]
    assert len(set(ids)) == 10


def test_another_clinics_events_are_not_there(cast: Cast, ivan: Member) -> None:
    assert events(ivan, subject_id=cast.frank.id) == []
    assert events(ivan, actor_id=cast.charlie.id) == []
    assert cast.charlie.api.get("/v1/audit-events").status == 403
