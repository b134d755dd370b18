"""What is seen during a visit is kept as it was entered, and corrected beside it."""

from typing import Any

import pytest

from diary.infusions.observations import POSSIBLE
from tests.cast import Cast
from tests.client import Response
from tests.http.test_bad_input import faults

BEGUN = "2026-03-02T08:00:00Z"
SEEN: dict[str, Any] = {
    "observed_at": "2026-03-02T08:20:00Z",
    "systolic": 142,
    "diastolic": 88,
    "heart_rate": 84,
    "spo2": 97,
    "respiratory_rate": 14,
    "dissociation": 2,
    "cadss": 21,
}


class Visit:
    """Bob's side of an infusion of Olga's that began an hour ago."""

    def __init__(self, cast: Cast) -> None:
        self._api = cast.bob.api
        self._infusions = f"/v1/patients/{cast.enrol('Olga').id}/infusions"
        infusion = self.plan(BEGUN)
        begun = self._api.post(f"{infusion}/start", {"started_at": BEGUN, "confirm": ["course"]})
        assert begun.status == 200
        self.path = f"{infusion}/observations"

    def plan(self, planned_at: str) -> str:
        planned = self._api.post(self._infusions, {"planned_at": planned_at})
        assert planned.status == 201
        return f"{self._infusions}/{planned.json['id']}"

    def enter(self, **seen: Any) -> Response:
        return self._api.post(self.path, {"observed_at": SEEN["observed_at"]} | seen)

    def listed(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._api.get(self.path).json["items"]
        return items


@pytest.fixture
def visit(cast: Cast) -> Visit:
    return Visit(cast)


def test_what_was_seen_is_listed_in_its_order_whenever_it_was_entered(
    cast: Cast, visit: Visit
) -> None:
    later = visit.enter(**SEEN)
    assert later.status == 201
    assert SEEN.items() <= later.json.items()
    assert later.json["recorded_by"] == str(cast.bob.id)
    earlier = visit.enter(observed_at="2026-03-02T07:50:00Z", systolic=121, diastolic=76)
    assert earlier.json["cadss"] is None
    assert [each["id"] for each in visit.listed()] == [earlier.json["id"], later.json["id"]]


def test_a_wrong_entry_stays_and_says_what_corrects_it(visit: Visit) -> None:
    wrong = visit.enter(systolic=88, diastolic=42).json["id"]
    right = visit.enter(systolic=142, diastolic=88, corrects=wrong)
    assert right.status == 201
    found = {each["id"]: each for each in visit.listed()}
    assert (found[wrong]["systolic"], found[wrong]["corrected_by"]) == (88, right.json["id"])
    assert found[right.json["id"]]["corrected_by"] is None
    assert faults(visit.enter(systolic=150, corrects=wrong)) == {"/corrects": "corrected"}
    assert visit.enter(systolic=150, corrects=right.json["id"]).status == 201


def test_only_an_entry_of_the_same_visit_is_corrected(cast: Cast, visit: Visit) -> None:
    entry = visit.enter(systolic=130).json["id"]
    other = visit.plan("2026-03-05T08:00:00Z")
    body = {"observed_at": SEEN["observed_at"], "systolic": 120, "corrects": entry}
    elsewhere = cast.bob.api.post(f"{other}/observations", body)
    assert faults(elsewhere) == {"/corrects": "unknown"}


@pytest.mark.parametrize("measure", POSSIBLE)
def test_what_cannot_be_is_refused(visit: Visit, measure: str) -> None:
    least, most = POSSIBLE[measure]
    assert faults(visit.enter(**{measure: least - 1})) == {f"/{measure}": "out_of_range"}
    assert faults(visit.enter(**{measure: most + 1})) == {f"/{measure}": "out_of_range"}
    meant = visit.enter(**{measure: most}, confirm=[measure])
    assert (meant.status, meant.json[measure]) == (201, most)


def test_at_least_one_measure_is_needed_and_pressures_are_in_order(visit: Visit) -> None:
    assert faults(visit.enter()) == {"": "nothing"}
    assert faults(visit.enter(cadss=None)) == {"": "nothing"}
    assert faults(visit.enter(systolic=80, diastolic=80)) == {"/diastolic": "out_of_order"}
    ahead = visit.enter(observed_at="2026-03-02T10:00:00Z", spo2=98)
    assert faults(ahead) == {"/observed_at": "in_future"}
    assert visit.listed() == []


def test_a_slip_of_the_hand_is_asked_about_and_a_high_pressure_is_not(visit: Visit) -> None:
    assert visit.enter(systolic=215, diastolic=125).status == 201
    slip = visit.enter(spo2=69, heart_rate=205, observed_at="2026-02-02T08:20:00Z")
    assert (slip.status, slip.code) == (409, "needs-confirmation")
    assert faults(slip) == {
        "/spo2": "unusual",
        "/heart_rate": "unusual",
        "/observed_at": "another_time",
    }
    assert len(visit.listed()) == 1
    meant = visit.enter(spo2=69, heart_rate=205, confirm=["spo2", "heart_rate"])
    assert meant.status == 201


def test_nothing_is_seen_during_a_visit_that_did_not_take_place(cast: Cast, visit: Visit) -> None:
    planned = visit.plan("2026-03-05T08:00:00Z")
    assert cast.bob.api.post(f"{planned}/cancel", {"reason": "unwell"}).status == 200
    body = {"observed_at": "2026-03-02T08:50:00Z", "systolic": 120}
    answer = cast.bob.api.post(f"{planned}/observations", body)
    assert (answer.status, answer.code) == (409, "infusion-state")


def test_a_stranger_finds_nothing(cast: Cast, visit: Visit) -> None:
    assert visit.enter(systolic=130).status == 201
    assert cast.charlie.api.get(visit.path).status == 404
    assert cast.alice.api.get(visit.path).status == 403
