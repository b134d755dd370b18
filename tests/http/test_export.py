"""The record, to take along: all that was sent, as it was sent, and what was made of it."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from diary.audit import audit_events
from diary.callers import OPERATOR, Caller, CallerKind
from diary.instruments import library
from diary.records import sections
from diary.records.export import NAMES
from diary.webhooks import queue
from diary.webhooks.queue import Attempted
from diary.work import House
from tests.cast import CALM, Cast
from tests.client import Api
from tests.clock import SimulatedClock
from tests.consents import answer, outside, publish
from tests.http.test_amendments import amend
from tests.http.test_permissions import DISPLAYS

OWN = "/v1/me/export"
TRIAL = {"treatment": "Sertraline", "adequate": True, "weeks": 8, "outcome": "no-response"}


def whole(api: Api, path: str, limit: int = 100) -> list[dict[str, Any]]:
    """Every item, page after page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = api.get(path, limit=limit, **cursor)
        assert page.status == 200, page
        assert len(page.json["items"]) <= limit
        found += page.json["items"]
        if page.json["next_cursor"] is None:
            return found
        cursor = {"cursor": page.json["next_cursor"]}


def of(items: list[dict[str, Any]], section: str) -> list[dict[str, Any]]:
    return [item[section] for item in items if item["section"] == section]


@pytest.fixture
def a_life(cast: Cast, clock: SimulatedClock, house: House) -> None:
    """Something of every section."""
    outside(cast)
    publish(cast, "disclosure")
    answer(cast.alice, "disclosure", given=True)
    assert (
        cast.alice.api.put("/v1/me/contacts", {"callback_phone": "+34 600 000 000"}).status == 200
    )
    known = {"level": 1, "reason": "Since spring.", "until": "2026-03-20T09:00:00Z"}
    made = cast.bob.api.post(f"/v1/patients/{cast.alice.id}/known-baselines", known)
    assert made.status == 201
    assert cast.alice.api.post("/v1/me/displays", DISPLAYS).status == 200
    plan = {"steps": {"coping": [{"text": "Make tea."}]}}
    assert cast.alice.api.put("/v1/me/safety-plan", plan).status == 200
    path = f"/v1/patients/{cast.alice.id}/infusions"
    planned = cast.bob.api.post(path, {"planned_at": "2026-03-10T09:00:00Z"}).json["id"]
    moved = {"planned_at": "2026-03-12T09:00:00Z", "reason": "clinic"}
    assert cast.bob.api.post(f"{path}/{planned}/move", moved).status == 200
    seen = {"observed_at": "2026-03-02T09:00:00Z", "systolic": 130, "confirm": ["observed_at"]}
    assert cast.bob.api.post(f"{path}/{planned}/observations", seen).status == 201
    course = {"indication": "trd", "trials": [TRIAL]}
    opened = cast.bob.api.post(f"/v1/patients/{cast.alice.id}/courses", course).json["id"]
    waived = {"waived": ["trials"], "reason": "Her file is lost."}
    at = f"/v1/patients/{cast.alice.id}/courses/{opened}/waiver"
    assert cast.bob.api.put(at, waived, if_match="*").status == 200
    ended = next(each for each in cast.bob.api.get(path).json["items"] if each["ended_at"])
    left = {"left_at": ended["ended_at"], "met": [], "reason": "Her train.", "confirm": ["left_at"]}
    assert cast.bob.api.post(f"{path}/{ended['id']}/departures", left).status == 201
    first = cast.alice.check_in(mood=6, envelope={"note": "The tea was good."}).json["id"]
    assert amend(cast.alice, first, si=5).status == 201
    cast.alice.check_in(mood=11, si=1, envelope={"location": "At the bridge."})
    (alert,) = cast.dana.alerts()
    cast.bob.api.post(f"/v1/alerts/{alert['id']}/notes", {"text": "She sounds afraid."})
    cast.bob.resolve(alert, note="Spoke with her sister.")
    back = {"state": "active", "reason": "She is home."}
    cast.bob.api.post(f"/v1/patients/{cast.alice.id}/states", back)
    engine = Caller(CallerKind.ENGINE)
    with house.work(engine) as work:
        for place in queue.due_endpoints(work):
            sent = [(one, _taken(work.now)) for one in queue.claim(work, *place)]
            queue.settle(work, sent)
    clock.advance(minutes=1)
    assert cast.bob.api.get(f"/v1/patients/{cast.alice.id}").status == 200


def _taken(now: datetime) -> Attempted:
    return Attempted(
        delivered=True, status=204, error=None, retry_after=None, started_at=now, duration_ms=1
    )


def test_everything_is_there(cast: Cast, a_life: None) -> None:
    items = whole(cast.alice.api, OWN)
    assert {item["section"] for item in items} == set(NAMES)
    assert [item["section"] for item in items] == sorted(
        (item["section"] for item in items), key=NAMES.index
    )
    assert all(item.keys() == {"section", item["section"]} for item in items)
    (about,) = of(items, "about")
    assert about["notice"].startswith("42 CFR part 2")
    (profile,) = of(items, "profile")
    assert (profile["name"], profile["clinic"]["name"]) == ("Alice", "The Harbour Clinic")
    assert len(of(items, "infusion")) == 5
    assert of(items, "infusion_move")[0]["to_at"] == "2026-03-12T09:00:00Z"
    (seen,) = of(items, "observation")
    assert (seen["systolic"], "recorded_by" in seen) == (130, False)
    (course,) = of(items, "course")
    assert (course["trials"], course["waived"]) == ([TRIAL], ["trials"])
    assert (course["waiver_reason"], course["has_waiver_reason"]) == (None, True)
    (left,) = of(items, "departure")
    assert (left["met"], left["reason"], left["has_reason"]) == ([], None, True)
    assert "recorded_by" not in left
    (consent,) = of(items, "consent")
    assert (consent["given"], consent["title"], consent["text"]) == (
        True,
        "About disclosure",
        "Do you agree?",
    )
    (check_in,) = of(items, "check_in")
    assert check_in["scores"]["si"] == 5
    (amendment,) = of(items, "amendment")
    assert amendment["before"]["answers"] == {**CALM, "mood": 6}
    (note,) = of(items, "note")
    assert note["text"] == "The tea was good."
    (shown,) = of(items, "display")
    assert (shown["what"], shown["offline"]) == ("crisis-pack", True)
    assert of(items, "window")[0]["state"] == "answered"
    (plan,) = of(items, "safety_plan")
    assert plan["steps"]["coping"] == [{"text": "Make tea.", "phone": None}]
    (apart,) = of(items, "set_apart")
    assert apart["body"]["answers"]["mood"] == 11
    assert of(items, "contacts")[0]["callback_phone"] == "+34 600 000 000"
    assert of(items, "location")[0]["text"] == "At the bridge."
    assert of(items, "known_baseline")[0]["ended_why"] == "rise"
    (alert,) = of(items, "alert")
    assert (alert["status"], alert["outcome"]) == ("resolved", "contacted-safe")
    assert {each["alert_id"] for each in of(items, "finding")} == {alert["id"]}
    assert {each["recipient"] for each in of(items, "disclosure")} == {"The other hospital"}


def test_notes_are_for_the_team_to_give_and_names_are_nobodys(cast: Cast, a_life: None) -> None:
    own = whole(cast.alice.api, OWN)
    entries = of(own, "entry")
    assert [each["has_note"] for each in entries].count(True) == 2
    assert {each["note"] for each in entries} == {None}
    assert {each["by"] for each in entries} == {"patient", "care-team"}
    team = whole(cast.dana.api, f"/v1/patients/{cast.alice.id}/export")
    notes = {each["note"] for each in of(team, "entry")}
    assert notes == {None, "She sounds afraid.", "Spoke with her sister."}
    (own_state,), (state,) = of(own, "state"), of(team, "state")
    assert (own_state["has_reason"], own_state["reason"], state["reason"]) == (
        True,
        None,
        "She is home.",
    )
    (own_known,), (known,) = of(own, "known_baseline"), of(team, "known_baseline")
    assert (own_known["reason"], known["reason"]) == (None, "Since spring.")
    for items in (own, team):
        text = orjson.dumps(items).decode()
        for member in (cast.bob, cast.dana, cast.erin):
            assert member.name not in text
            assert str(member.id) not in text


@pytest.mark.parametrize("limit", [1, 3])
def test_page_by_page_is_the_same(cast: Cast, a_life: None, limit: int) -> None:
    def lasting(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [item for item in items if item["section"] not in ("about", "access")]

    assert lasting(whole(cast.alice.api, OWN, limit)) == lasting(whole(cast.alice.api, OWN))


def test_who_read_is_told_alone_and_in_lists(
    cast: Cast, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many events of others lie between: so many are looked at for a page."""
    monkeypatch.setattr(sections, "_AT_ONCE", 3)
    olga = cast.enrol("Olga")
    assert cast.bob.api.get(f"/v1/patients/{cast.alice.id}").status == 200
    for _ in range(7):
        assert cast.bob.api.get(f"/v1/patients/{olga.id}").status == 200
    assert cast.bob.api.get("/v1/patients").status == 200
    assert cast.charlie.api.get("/v1/patients").status == 200
    assert cast.dana.api.get(f"/v1/patients/{cast.alice.id}/export").status == 200
    read = of(whole(cast.alice.api, OWN), "access")
    assert [(each["what"], each["by"]) for each in read] == [
        ("getPatient", "care-team"),
        ("getPatients", "care-team"),
        ("record.exported", "care-team"),
    ]


def test_an_export_leaves_a_trace_and_is_the_care_managers(
    cast: Cast, house: House, clock: SimulatedClock
) -> None:
    path = f"/v1/patients/{cast.alice.id}/export"
    assert cast.dana.api.get(path).status == 200
    assert cast.alice.api.get(OWN).status == 200
    with house.work(OPERATOR, write=False) as work:
        query = select(audit_events).where(audit_events.c.action == "record.exported")
        traces = work.rows(query.order_by(audit_events.c.id))
    assert [(each.actor_id, each.subject_id) for each in traces] == [
        (cast.dana.id, cast.alice.id),
        (cast.alice.device_id, cast.alice.id),
    ]
    for other in (cast.bob, cast.erin):
        assert other.api.get(path).status == 403
    clock.advance(minutes=11)
    assert cast.dana.api.get(path).code == "step-up-needed"


def test_a_page_of_another_patient_is_not_ones_own(cast: Cast, a_life: None) -> None:
    cursor = cast.alice.api.get(OWN, limit=1).json["next_cursor"]
    assert cast.alice.api.get(OWN, limit=1, cursor=cursor).status == 200
    assert cast.frank.api.get(OWN, limit=1, cursor=cursor).status == 400
    path = f"/v1/patients/{cast.alice.id}/export"
    assert cast.dana.api.get(path, cursor=cursor).status == 400


# --- everything that was sent comes back ----------------------------------------------------------

INSTRUMENT = library.find("daily-check-in", "1.0.0")
assert INSTRUMENT is not None
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OFFSETS = st.integers(-14 * 4, 14 * 4).map(
    lambda quarters: timezone(timedelta(minutes=15 * quarters))
)
PLACES = ["Europe/Madrid", "America/New_York", "Asia/Kathmandu", "UTC"]


@st.composite
def moments(draw: st.DrawFn) -> str:
    """A moment of the last days, in the many ways that RFC 3339 has to write it."""
    text = (NOW - timedelta(minutes=draw(st.integers(0, 9_000)))).astimezone(draw(OFFSETS))
    written = text.strftime(draw(st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dt%H:%M:%S"])))
    written += draw(st.sampled_from(["", ".5", ".120", ".123456", ".123456789"]))
    if text.utcoffset() == timedelta(0):
        return written + draw(st.sampled_from(["Z", "z", "+00:00", "-00:00"]))
    return written + _offset(text)


def _offset(moment: datetime) -> str:
    text = moment.strftime("%z")
    return f"{text[:3]}:{text[3:]}"


def _answers(*, odd: bool) -> st.SearchStrategy[dict[str, object]]:
    """odd: one that no instrument offers may be among them."""
    assert INSTRUMENT is not None
    return st.fixed_dictionaries({item.id: _answer(item, odd) for item in INSTRUMENT.items})


def _answer(item: library.Item, odd: bool) -> st.SearchStrategy[object]:
    offered: st.SearchStrategy[object] = (
        st.sampled_from(sorted(item.codes))
        if item.kind == "choice"
        else st.integers(item.minimum, item.maximum)
    )
    fine = st.one_of(offered, st.just("declined"))
    if not odd:
        return fine
    return fine | st.text(max_size=5) | st.floats(allow_nan=False) | st.none() | st.booleans()


@st.composite
def check_ins(draw: st.DrawFn) -> dict[str, Any]:
    """A body as a phone sends it, in order or with something odd."""
    odd = draw(st.integers(0, 3)) == 0
    body: dict[str, Any] = {
        "instrument": "daily-check-in",
        "version": "1.0.0",
        "locale": draw(st.sampled_from(["en", "es-MX", "si"])),
        "recorded_at": draw(moments()),
        "time_zone": draw(st.sampled_from(PLACES)),
        "answers": draw(_answers(odd=odd)),
    }
    if draw(st.booleans()):
        body["sent_at"] = draw(st.one_of(moments(), st.none()))
    if odd:
        body["mood"] = draw(st.text(max_size=9))
    return body


@settings(
    max_examples=6,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(check_ins(), min_size=2, max_size=5))
def test_what_was_answered_2xx_comes_back_as_it_was_sent(
    cast: Cast, bodies: list[dict[str, Any]]
) -> None:
    patient = cast.enrol("Olga").api
    taken = [body for body in bodies if patient.put(f"/v1/check-ins/{uuid4()}", body).status < 300]
    items = whole(patient, OWN)
    back = [each["sent"] for each in of(items, "check_in")]
    back += [each["body"] for each in of(items, "set_apart")]
    assert _counted(back) == _counted(taken)


def _counted(bodies: list[dict[str, Any]]) -> Counter[bytes]:
    """As JSON values: the order of an object's members is no part of it."""
    return Counter(orjson.dumps(body, option=orjson.OPT_SORT_KEYS) for body in bodies)
