"""Infusions are planned, moved, given and cancelled; what is unusual is asked about."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.infusions.doubts import USUAL_DOSES
from diary.infusions.numbers import Place, numbered, places
from tests.cast import Cast, Member, Patient
from tests.client import Response
from tests.clock import START, SimulatedClock
from tests.http.test_bad_input import faults
from tests.http.test_checkins import at_once

only_sqlite = pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
DAY = timedelta(days=1)


class Visits:
    """Bob's side of Olga's infusions; days are counted from today."""

    def __init__(self, cast: Cast, patient: Patient) -> None:
        self._bob = cast.bob
        self.path = f"/v1/patients/{patient.id}/infusions"

    def ask(self, day: float, **more: Any) -> Response:
        planned_at = (START + day * DAY).isoformat()
        return self._bob.api.post(self.path, {"planned_at": planned_at} | more)

    def plan(self, day: float, **more: Any) -> str:
        answer = self.ask(day, **more)
        assert answer.status == 201, answer
        return str(answer.json["id"])

    def do(self, infusion: str, verb: str, **body: Any) -> Response:
        return self._bob.api.post(f"{self.path}/{infusion}/{verb}", body)

    def start(self, infusion: str, day: float, **more: Any) -> Response:
        of_no_course = {"confirm": ["course", *more.pop("confirm", [])]}
        moment = {"started_at": (START + day * DAY).isoformat()}
        return self.do(infusion, "start", **moment, **of_no_course, **more)

    def end(self, infusion: str, day: float, **more: Any) -> Response:
        return self.do(infusion, "end", ended_at=(START + day * DAY).isoformat(), **more)

    def move(self, infusion: str, day: float, **more: Any) -> Response:
        moved = {"planned_at": (START + day * DAY).isoformat(), "reason": "unwell"}
        return self.do(infusion, "move", **moved | more)

    def read(self, infusion: str) -> dict[str, Any]:
        found: dict[str, Any] = self._bob.api.get(f"{self.path}/{infusion}").json
        return found

    def numbers(self, *ids: str) -> list[int | None]:
        items = self._bob.api.get(self.path, limit=100).json["items"]
        of = {each["id"]: each["number"] for each in items}
        return [of[each] for each in ids]


@pytest.fixture
def visits(cast: Cast) -> Visits:
    return Visits(cast, cast.enrol("Olga"))


def asked_about(answer: Response) -> dict[str, str]:
    assert (answer.status, answer.code) == (409, "needs-confirmation"), answer
    return faults(answer)


def test_a_cancelled_infusion_is_not_counted(visits: Visits) -> None:
    first, second, third = (visits.plan(day) for day in (1, 4, 8))
    assert visits.numbers(first, second, third) == [1, 2, 3]

    cancelled = visits.do(second, "cancel", reason="unwell")
    assert cancelled.status == 200
    assert (cancelled.json["state"], cancelled.json["number"]) == ("cancelled", None)
    assert cancelled.json["cancel_reason"] == "unwell"
    assert visits.numbers(first, second, third) == [1, None, 2]
    assert visits.numbers(visits.plan(4)) == [2]
    assert visits.do(second, "cancel", reason="unwell").code == "infusion-state"


def test_a_moved_infusion_keeps_where_it_was(visits: Visits) -> None:
    first, second = visits.plan(1), visits.plan(4)
    moved = visits.move(first, 6)
    assert moved.status == 200
    assert visits.numbers(first, second) == [2, 1]
    assert visits.move(first, 6).status == 200

    visits.move(first, 7, reason="clinic")
    moves = visits.read(first)["moves"]
    assert [(each["reason"], each["from_at"][:10], each["to_at"][:10]) for each in moves] == [
        ("unwell", "2026-03-03", "2026-03-08"),
        ("clinic", "2026-03-08", "2026-03-09"),
    ]


def test_what_began_is_neither_moved_nor_cancelled(visits: Visits) -> None:
    infusion = visits.plan(0)
    assert visits.start(infusion, 0).status == 200
    for refused in (visits.move(infusion, 3), visits.do(infusion, "cancel", reason="clinic")):
        assert (refused.status, refused.code) == (409, "infusion-state")


def test_one_that_was_never_given_takes_no_number_from_those_that_were(
    visits: Visits, clock: SimulatedClock
) -> None:
    forgotten, given = visits.plan(1), visits.plan(4)
    clock.advance(days=5)
    assert asked_about(visits.start(given, 4)) == {"/started_at": "out_of_order"}
    assert visits.start(given, 4, confirm=["started_at"]).json["number"] == 1
    assert visits.numbers(forgotten) == [2]


@only_sqlite
@pytest.mark.parametrize("route", USUAL_DOSES)
def test_an_unusual_dose_is_asked_about(visits: Visits, route: str) -> None:
    least, most = USUAL_DOSES[route]
    for dose in (least / 2, most + 0.1, 10):
        asked = visits.ask(3, dose_mg_per_kg=dose, route=route)
        assert asked_about(asked) == {"/dose_mg_per_kg": "unusual"}
        # Another field's confirmation is none.
        asked = visits.ask(3, dose_mg_per_kg=dose, route=route, confirm=["planned_at"])
        assert asked_about(asked) == {"/dose_mg_per_kg": "unusual"}
    assert visits._bob.api.get(visits.path).json["items"] == []
    for dose in (least, most):
        infusion = visits.plan(3, dose_mg_per_kg=dose, route=route)
        visits.do(infusion, "cancel", reason="other")
    visits.plan(3, dose_mg_per_kg=10, route=route, confirm=["dose_mg_per_kg"])


@only_sqlite
def test_what_was_given_is_asked_about_too(visits: Visits, clock: SimulatedClock) -> None:
    infusion = visits.plan(0, dose_mg_per_kg=0.5)
    visits.start(infusion, 0)
    clock.advance(hours=3)
    ended = {"dose_mg_per_kg": 5, "confirm": ["dose_mg_per_kg"]}
    assert asked_about(visits.end(infusion, 0.03, dose_mg_per_kg=5)) == {
        "/dose_mg_per_kg": "unusual"
    }
    assert asked_about(visits.end(infusion, 0.125, **ended)) == {"/ended_at": "unusual"}
    assert visits.end(infusion, 0.03, **ended).json["dose_mg_per_kg"] == 5


@only_sqlite
def test_two_on_one_day_are_asked_about(visits: Visits) -> None:
    first = visits.plan(3)
    assert asked_about(visits.ask(3.3)) == {"/planned_at": "too_close"}
    # 22:00 and 06:00 are two days, and one night.
    late = visits.plan(6.5)
    assert asked_about(visits.ask(6.9)) == {"/planned_at": "too_close"}
    assert asked_about(visits.move(late, 3.2)) == {"/planned_at": "too_close"}
    assert visits.move(late, 3.2, confirm=["planned_at"]).status == 200
    visits.do(first, "cancel", reason="clinic")
    visits.do(late, "cancel", reason="clinic")
    visits.plan(3)


@only_sqlite
def test_what_is_out_of_order_is_asked_about(visits: Visits, clock: SimulatedClock) -> None:
    given = visits.plan(0)
    visits.start(given, 0)
    assert asked_about(visits.ask(-0.4)) == {"/planned_at": "out_of_order"}
    assert asked_about(visits.ask(400)) == {"/planned_at": "far_ahead"}
    earlier = visits.plan(-3, confirm=["planned_at"])
    assert asked_about(visits.start(earlier, -3)) == {"/started_at": "another_runs"} | {
        "/started_at": "out_of_order"
    }
    assert visits.start(earlier, -3, confirm=["started_at"]).status == 200
    assert visits.numbers(earlier, given) == [1, 2]
    clock.advance(days=5)
    assert asked_about(visits.end(earlier, 0.1)) == {"/ended_at": "overlaps"}

    other_day = visits.plan(5)
    visits.end(given, 0.03)
    visits.end(earlier, -2.97)
    assert asked_about(visits.start(other_day, 4)) == {"/started_at": "another_day"}


@only_sqlite
def test_what_cannot_be_is_refused(visits: Visits) -> None:
    infusion = visits.plan(0)
    assert faults(visits.start(infusion, 0.1)) == {"/started_at": "in_future"}
    assert visits.start(infusion, 0).status == 200
    confirm = {"confirm": ["ended_at"]}
    assert faults(visits.end(infusion, -0.01, **confirm)) == {"/ended_at": "too_early"}
    assert faults(visits.end(infusion, 0.1, **confirm)) == {"/ended_at": "in_future"}
    for minutes, code in ((0, "out_of_range"), (481, "out_of_range")):
        assert faults(visits.ask(9, planned_minutes=minutes)) == {"/planned_minutes": code}
    assert asked_about(visits.ask(9, planned_minutes=5)) == {"/planned_minutes": "unusual"}
    for body in ({}, {"reason": "because"}):
        assert visits.do(infusion, "cancel", **body).status == 422
        assert visits.do(infusion, "move", planned_at=START.isoformat(), **body).status == 422


def test_two_who_plan_at_once_get_two_numbers(cast: Cast, visits: Visits) -> None:
    days = count(3, 3)
    answers = at_once(lambda: visits.ask(next(days)))
    assert {answer.status for answer in answers} == {201}
    numbers = visits.numbers(*(each.json["id"] for each in answers))
    assert set(numbers) == set(range(1, len(answers) + 1))


class _Visit:
    def __init__(
        self, id: int, state: str, planned: int, started: int | None, course_id: str | None = None
    ) -> None:
        self.id, self.state, self.course_id = id, state, course_id
        self.planned_at = START + planned * DAY
        self.started_at = None if started is None else START + started * DAY


STATES = st.sampled_from(["planned", "cancelled", "started", "ended"])
MOMENTS = st.integers(-30, 30)


@given(st.lists(st.tuples(STATES, MOMENTS, MOMENTS)))
def test_numbers_have_no_gap_and_follow_time(drawn: list[tuple[str, int, int]]) -> None:
    visits = [
        _Visit(id, state, planned, started if state in ("started", "ended") else None)
        for id, (state, planned, started) in enumerate(drawn)
    ]
    numbers: dict[Any, int | None] = dict(numbered(visits))
    counted = sorted(number for number in numbers.values() if number is not None)
    assert counted == list(range(1, len(counted) + 1))
    for visit in visits:
        assert (numbers[visit.id] is None) == (visit.state == "cancelled")
    began = [each for each in visits if each.started_at is not None]
    for one in began:
        for other in began:
            assert one.started_at is not None
            assert other.started_at is not None
            if one.started_at < other.started_at:
                assert numbers[one.id] < numbers[other.id]  # type: ignore[operator]
    given = {numbers[each.id] for each in began}
    assert given == set(range(1, len(began) + 1))


@given(
    st.lists(st.tuples(STATES, MOMENTS, st.sampled_from([None, "first", "second"]))),
    st.integers(1, 3),
)
def test_within_a_course_they_are_counted_in_the_same_order(
    drawn: list[tuple[str, int, str | None]], induction: int
) -> None:
    visits = [
        _Visit(id, state, moment, moment if state in ("started", "ended") else None, course)
        for id, (state, moment, course) in enumerate(drawn)
    ]
    lengths: dict[Any, int] = dict.fromkeys(["first", "second"], induction)
    stand: dict[Any, Place] = dict(places(visits, lengths))
    assert {id: place.number for id, place in stand.items()} == numbered(visits)
    for course in ("first", "second", None):
        there = [each for each in visits if each.course_id == course and each.state != "cancelled"]
        there.sort(key=lambda each: stand[each.id].number or 0)
        expected = range(1, len(there) + 1) if course else [None] * len(there)
        assert [stand[each.id].number_in_course for each in there] == list(expected)
        phases = [stand[each.id].phase for each in there]
        first = ["induction"] * min(induction, len(there)) if course else []
        rest = "maintenance" if course else None
        assert phases == [*first, *[rest] * (len(there) - len(first))]
    gone = {stand[each.id] for each in visits if each.state == "cancelled"}
    assert gone <= {Place(None, None, None)}


def test_a_patient_sees_what_is_planned_for_them_and_nothing_else(
    cast: Cast, clock: SimulatedClock
) -> None:
    visits = Visits(cast, cast.alice)
    later, sooner, cancelled = (visits.plan(day) for day in (8, 4, 6))
    assert visits.do(cancelled, "cancel", reason="unwell").status == 200
    arranged = {"escort": True, "transport": False}
    assert cast.bob.api.put(f"{visits.path}/{sooner}/escort", arranged).status == 200

    items = cast.alice.api.get("/v1/me/infusions").json["items"]
    assert [each["id"] for each in items] == [sooner, later]
    assert items[0]["escort_arranged_at"] == "2026-03-02T09:00:00Z"
    assert items[0]["transport_arranged_at"] is None
    assert items[0].keys().isdisjoint({"dose_mg_per_kg", "patient_id"})
    assert cast.frank.api.get("/v1/me/infusions").json["items"] == []

    clock.advance(days=4, hours=13)
    items = cast.alice.api.get("/v1/me/infusions").json["items"]
    assert [each["id"] for each in items] == [later]


@only_sqlite
def test_a_visit_of_the_past_is_asked_about(visits: Visits) -> None:
    assert asked_about(visits.ask(-0.51)) == {"/planned_at": "past"}
    planned = visits.plan(-0.49)
    assert asked_about(visits.move(planned, -21)) == {"/planned_at": "past"}
    assert visits.move(planned, -21, confirm=["planned_at"]).status == 200
    visits.plan(-3, confirm=["planned_at"])


def test_a_visit_of_which_nothing_is_recorded_is_listed(
    cast: Cast, visits: Visits, clock: SimulatedClock
) -> None:
    def listed(who: Member) -> list[str]:
        return [each["id"] for each in who.api.get("/v1/infusions/not-recorded").json["items"]]

    held, off, moved, later = (visits.plan(day) for day in (0, 2, 4, 6))
    forgotten = visits.plan(-10, confirm=["planned_at"])
    clock.advance(hours=11, minutes=59)
    assert listed(cast.bob) == [forgotten]
    clock.advance(minutes=1)
    assert listed(cast.bob) == [forgotten, held]
    assert visits.start(held, 0, confirm=["started_at"]).status == 200
    assert listed(cast.bob) == [forgotten]
    clock.advance(days=5)
    assert listed(cast.bob) == [forgotten, off, moved]
    assert listed(cast.charlie) == []
    assert visits.do(off, "cancel", reason="unwell").status == 200
    assert visits.move(moved, 8).status == 200
    assert listed(cast.bob) == [forgotten]
    clock.advance(days=30)
    assert listed(cast.bob) == [forgotten, later, moved]
