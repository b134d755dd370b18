"""Nobody goes home after an infusion without it being said how they were."""

from typing import Any

import pytest

from diary.work import House
from tests.cast import Cast
from tests.client import Response
from tests.clock import SimulatedClock
from tests.erasing import opened
from tests.http.test_bad_input import faults

BEGUN, ENDED, LEFT = "2026-03-02T06:00:00Z", "2026-03-02T06:40:00Z", "2026-03-02T08:30:00Z"
ALL = [
    "vital_signs",
    "orientation",
    "walking",
    "dissociation",
    "nausea_and_pain",
    "suicidality_asked",
    "escort_present",
]


class Visit:
    """Bob's side of an infusion of Olga's this morning."""

    def __init__(self, cast: Cast) -> None:
        self._bob = cast.bob
        self.patient = cast.enrol("Olga").id
        infusions = f"/v1/patients/{self.patient}/infusions"
        self.id = self._bob.api.post(infusions, {"planned_at": BEGUN}).json["id"]
        self.path = f"{infusions}/{self.id}"
        begun = {"started_at": BEGUN, "confirm": ["course"]}
        assert self._bob.api.post(f"{self.path}/start", begun).status == 200

    def end(self) -> None:
        assert self._bob.api.post(f"{self.path}/end", {"ended_at": ENDED}).status == 200

    def leave(self, **said: Any) -> Response:
        return self._bob.api.post(f"{self.path}/departures", {"left_at": LEFT, "met": ALL} | said)

    def observe(self, observed_at: str, dissociation: int, corrects: str | None = None) -> str:
        seen = {"observed_at": observed_at, "dissociation": dissociation, "corrects": corrects}
        made = self._bob.api.post(f"{self.path}/observations", seen)
        assert made.status == 201
        return str(made.json["id"])

    def left_at(self) -> str | None:
        found: str | None = self._bob.api.get(self.path).json["left_at"]
        return found

    def listed(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._bob.api.get(f"{self.path}/departures").json["items"]
        return items


@pytest.fixture
def visit(cast: Cast) -> Visit:
    made = Visit(cast)
    made.end()
    return made


def test_who_goes_home_is_entered(cast: Cast, visit: Visit) -> None:
    assert visit.left_at() is None
    gone = visit.leave()
    assert gone.status == 201
    assert (gone.json["met"], gone.json["unmet"], gone.json["reason"]) == (ALL, [], None)
    assert gone.json["recorded_by"] == str(cast.bob.id)
    assert visit.left_at() == LEFT


def test_who_leaves_though_something_is_not_met_needs_a_reason(visit: Visit) -> None:
    met = [each for each in ALL if each not in ("walking", "escort_present")]
    refused = visit.leave(met=met)
    assert refused.status == 422
    (fault,) = refused.json["errors"]
    assert (fault["pointer"], fault["code"]) == ("/reason", "required")
    assert "walking, escort_present" in fault["detail"]
    assert (visit.listed(), visit.left_at()) == ([], None)
    gone = visit.leave(met=met[::-1], reason="Against our advice.")
    assert (gone.json["met"], gone.json["unmet"]) == (met, ["walking", "escort_present"])
    assert gone.json["reason"] == "Against our advice."


def test_the_reason_is_sealed_under_the_patients_key(
    house: House, cast: Cast, visit: Visit
) -> None:
    before = opened(house, cast.clinic, visit.patient)
    visit.leave(met=[], reason="Against our advice.")
    after = opened(house, cast.clinic, visit.patient)
    assert after == (before[0] + 1, before[1] + 1)


def test_a_wrong_entry_is_entered_anew_and_stays(visit: Visit) -> None:
    wrong = visit.leave().json
    right = visit.leave(left_at="2026-03-02T08:45:00Z", met=ALL[:-1], reason="A taxi came.").json
    assert visit.listed() == [right, wrong]
    assert visit.left_at() == "2026-03-02T08:45:00Z"


def test_who_was_said_to_have_left_by_mistake_is_listed_again(cast: Cast, visit: Visit) -> None:
    visit.leave()
    back = visit.leave(left_at=None, met=[], reason="It was the man in the next chair.")
    assert (back.status, back.json["left_at"], back.json["unmet"]) == (201, None, [])
    assert visit.left_at() is None
    listed = cast.bob.api.get("/v1/infusions/not-left").json["items"]
    assert visit.id in [each["id"] for each in listed]
    assert faults(visit.leave(left_at=None)) == {"/met": "not_left"}


def test_nobody_left_before_the_end_or_in_the_future(cast: Cast) -> None:
    visit = Visit(cast)
    assert visit.leave().code == "infusion-state"
    visit.end()
    assert faults(visit.leave(left_at="2026-03-02T06:39:59Z")) == {"/left_at": "too_early"}
    assert faults(visit.leave(left_at="2026-03-02T09:06:00Z")) == {"/left_at": "in_future"}


def test_who_left_within_two_hours_is_asked_about(visit: Visit) -> None:
    soon = {"left_at": "2026-03-02T07:59:59Z"}
    asked = visit.leave(**soon)
    assert (asked.code, faults(asked)) == ("needs-confirmation", {"/left_at": "too_soon"})
    assert visit.leave(**soon, confirm=["left_at"]).status == 201
    assert visit.leave(left_at="2026-03-02T08:00:00Z").status == 201


def test_a_day_that_is_not_the_visits_is_asked_about(
    cast: Cast, visit: Visit, clock: SimulatedClock
) -> None:
    clock.advance(hours=12)
    assert visit.leave(left_at="2026-03-02T18:40:00Z").status == 201
    late = visit.leave(left_at="2026-03-02T18:41:00Z")
    assert faults(late) == {"/left_at": "another_time"}


def test_that_dissociation_is_over_is_asked_about_when_it_was_seen_last(visit: Visit) -> None:
    wrong = visit.observe("2026-03-02T08:20:00Z", 2)
    visit.observe("2026-03-02T08:00:00Z", 0)
    assert faults(visit.leave()) == {"/met": "as_observed"}
    without = [each for each in ALL if each != "dissociation"]
    assert visit.leave(met=without, reason="Her sister stays with her.").status == 201
    assert visit.leave(confirm=["met"]).status == 201
    visit.observe("2026-03-02T08:20:00Z", 1, corrects=wrong)
    assert visit.leave().status == 201


def test_the_visits_from_which_nobody_went_home_are_listed(
    cast: Cast, clock: SimulatedClock
) -> None:
    visit = Visit(cast)
    path = "/v1/infusions/not-left"

    def ids() -> list[str]:
        return [each["id"] for each in cast.bob.api.get(path).json["items"]]

    before = [each for each in ids() if each != visit.id]
    assert visit.id in ids()
    visit.end()
    assert visit.id in ids()
    assert visit.id not in [each["id"] for each in cast.charlie.api.get(path).json["items"]]
    visit.leave()
    assert ids() == before
    clock.advance(days=7)
    assert ids() == []
