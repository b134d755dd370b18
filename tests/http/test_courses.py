"""A course of treatment is opened, counts its infusions, and is closed."""

from typing import Any

from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.http.test_bad_input import faults
from tests.http.test_checkins import at_once
from tests.http.treatment import NOW, TWO, Treatment, lacking, resting_on, trial


def test_what_is_planned_is_of_the_open_course(treatment: Treatment) -> None:
    before = treatment.plan()
    assert treatment.places(before) == [(None, None)]
    treatment.course(induction_infusions=1)
    after = treatment.plan("2026-03-04T09:00:00Z")
    assert treatment.places(before, after) == [(1, "induction"), (2, "maintenance")]


def test_numbers_and_phases_follow_the_course(treatment: Treatment, clock: SimulatedClock) -> None:
    course = treatment.course(induction_infusions=2)
    treatment.assess(course)
    treatment.rate(course)
    given = treatment.give("2026-03-02")
    planned = [treatment.plan(f"2026-03-{day:02}T09:00:00Z") for day in (5, 9, 12)]
    induction, maintenance = "induction", "maintenance"
    assert treatment.places(given, *planned) == [
        (1, induction),
        (2, induction),
        (3, maintenance),
        (4, maintenance),
    ]
    cancelled = treatment.bob.api.post(f"{planned[0]}/cancel", {"reason": "unwell"}).json
    assert (cancelled["number_in_course"], cancelled["phase"]) == (None, None)
    assert treatment.places(*planned[1:]) == [(2, induction), (3, maintenance)]
    rests_on = resting_on(induction_infusions=4, baseline_instrument="phq-9")
    assert treatment.say(course, **rests_on).status == 200
    assert treatment.places(*planned[1:]) == [(2, induction), (3, induction)]


def test_a_second_course_counts_anew_and_the_patient_goes_on(
    treatment: Treatment, clock: SimulatedClock
) -> None:
    first = treatment.course()
    treatment.assess(first)
    treatment.rate(first)
    one = treatment.give("2026-03-02")
    assert treatment.bob.api.post(f"{first}/close", {"reason": "completed"}).status == 200
    second, other = treatment.course(), treatment.plan("2026-03-04T08:00:00Z")
    assert treatment.places(one, other) == [(1, "induction"), (1, "induction")]
    assert treatment.bob.api.get(other).json["number"] == 2
    clock.advance(days=2)
    assert lacking(treatment.start(other, "2026-03-04T09:00:00Z")) == {"assessment", "baseline"}
    assert treatment.missing(first) == []
    assert treatment.missing(second) == ["assessment", "baseline"]


def test_an_infusion_of_no_course_is_asked_about(treatment: Treatment) -> None:
    infusion = treatment.plan()
    asked = treatment.start(infusion)
    assert (asked.code, faults(asked)) == ("needs-confirmation", {"/course": "without"})
    assert treatment.start(infusion, confirm=["course"]).json["course_id"] is None


def test_one_course_at_a_time(treatment: Treatment) -> None:
    course = treatment.course()
    assert treatment.open().code == "course-open"
    assert treatment.bob.api.post(f"{course}/close", {"reason": "clinic"}).status == 200
    assert treatment.open().status == 201


def test_of_two_who_open_one_at_once_one_does(treatment: Treatment) -> None:
    answers = at_once(treatment.open)
    assert sorted(each.status for each in answers)[:2] == [201, 409]
    assert len(treatment.bob.api.get(f"{treatment.path}/courses").json["items"]) == 1


def test_a_course_is_closed_when_nothing_of_it_is_left(treatment: Treatment) -> None:
    course = treatment.course()
    treatment.assess(course)
    treatment.rate(course)
    infusion, close = treatment.plan(), {"reason": "completed"}
    assert treatment.bob.api.post(f"{course}/close", close).code == "course-state"
    assert treatment.start(infusion).status == 200
    assert treatment.bob.api.post(f"{course}/close", close).code == "course-state"
    treatment.bob.api.post(f"{infusion}/end", {"ended_at": NOW, "confirm": ["ended_at"]})
    closed = treatment.bob.api.post(f"{course}/close", close)
    assert (closed.status, closed.json["closed_at"]) == (200, NOW)
    assert treatment.bob.api.post(f"{course}/close", close).code == "course-state"
    assert treatment.say(course, "/baseline", total=1, rated_at=NOW).code == "course-state"


def test_what_was_known_before_the_first_infusion_stays(treatment: Treatment) -> None:
    course = treatment.course()
    treatment.assess(course)
    treatment.rate(course)
    assert treatment.start(treatment.plan()).status == 200
    known: dict[str, dict[str, Any]] = {
        "/assessment": {"assessed_at": NOW},
        "/baseline": {"total": 3, "rated_at": NOW},
        "/waiver": {"waived": [], "reason": "Made up"},
    }
    for what, body in known.items():
        assert treatment.say(course, what, **body).code == "course-state"
    for name, other in (
        ("indication", "other"),
        ("trials", TWO[:1]),
        ("baseline_instrument", "madrs"),
    ):
        assert faults(treatment.say(course, **resting_on(**{name: other}))) == {f"/{name}": "begun"}
    assert treatment.say(course, **resting_on(induction_infusions=7)).status == 200


def test_what_it_rests_on_can_be_mended_until_it_begins(treatment: Treatment) -> None:
    course = treatment.course()
    assert "trials" in treatment.say(course, **resting_on(trials=TWO[:1])).json["missing"]
    mended = resting_on(indication="acute-suicidality", trials=[])
    changed = treatment.say(course, **mended).json
    assert (changed["indication"], changed["trials"]) == ("acute-suicidality", [])
    assert changed["missing"] == ["assessment", "baseline"]


def test_a_course_may_be_maintenance_alone(treatment: Treatment) -> None:
    treatment.course(induction_infusions=0)
    assert treatment.places(treatment.plan()) == [(1, "maintenance")]


def test_the_courses_that_wait_say_what_is_missing(cast: Cast, treatment: Treatment) -> None:
    course = treatment.course()
    (waits,) = cast.bob.api.get("/v1/courses/waiting").json["items"]
    assert (waits["patient_id"], waits["missing"]) == (
        str(treatment.patient.id),
        ["assessment", "baseline"],
    )
    assert cast.charlie.api.get("/v1/courses/waiting").json["items"] == []
    treatment.assess(course)
    treatment.rate(course)
    treatment.start(treatment.plan())
    assert cast.bob.api.get("/v1/courses/waiting").json["items"] == []


def test_a_patient_sees_which_of_the_course_it_is(treatment: Treatment) -> None:
    treatment.course()
    treatment.plan("2026-03-04T09:00:00Z")
    (ahead,) = treatment.patient.api.get("/v1/me/infusions").json["items"]
    assert (ahead["number"], ahead["number_in_course"], ahead["phase"]) == (1, 1, "induction")


def test_a_treatment_needs_a_name(treatment: Treatment) -> None:
    refused = treatment.open(trials=[trial("  ")])
    assert list(faults(refused)) == ["/trials/0/treatment"]
