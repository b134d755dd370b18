"""The first infusion of a course begins when what must be known before it is known."""

from typing import Any

import pytest

from diary.work import House
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.erasing import opened
from tests.http.test_bad_input import faults
from tests.http.treatment import NOW, TODAY, TWO, Treatment, lacking, resting_on, trial


def test_the_first_infusion_needs_trials_an_assessment_and_a_baseline(
    cast: Cast, treatment: Treatment
) -> None:
    course = treatment.course(trials=[])
    infusion = treatment.plan()
    assert lacking(treatment.start(infusion)) == {"trials", "assessment", "baseline"}
    assert treatment.missing(course) == ["trials", "assessment", "baseline"]
    rests_on = resting_on(induction_infusions=6, baseline_instrument="phq-9")
    assert treatment.say(course, **rests_on).status == 200
    assert lacking(treatment.start(infusion)) == {"assessment", "baseline"}
    treatment.assess(course)
    assert lacking(treatment.start(infusion)) == {"baseline"}
    treatment.rate(course)
    assert treatment.missing(course) == []
    assert treatment.start(infusion).json["state"] == "started"
    begun = cast.bob.api.get(course).json
    assert (begun["begun_at"], begun["missing"]) == (NOW, [])
    assert (begun["baseline_total"], begun["baseline_at"]) == (21, TODAY)
    assert begun["trials"] == TWO
    by = ("opened_by", "assessed_by", "baseline_by")
    assert {begun[each] for each in by} == {str(cast.bob.id)}


def test_what_was_refused_changed_nothing(treatment: Treatment) -> None:
    course = treatment.course()
    infusion = treatment.plan()
    before = treatment.bob.api.get(course).json
    assert treatment.start(infusion, confirm=["course", "started_at"]).status == 409
    assert treatment.bob.api.get(course).json == before
    assert treatment.bob.api.get(infusion).json["state"] == "planned"


@pytest.mark.parametrize(
    ("trials", "enough"),
    [
        (TWO, True),
        (TWO[:1], False),
        ([TWO[0], trial(" sertraline ")], False),
        ([TWO[0], trial("Venlafaxine", adequate=False)], False),
        ([TWO[0], trial("Venlafaxine", "response")], False),
        ([TWO[0], trial("Venlafaxine", "not-tolerated")], False),
        ([*TWO, trial("Lithium", "response")], True),
    ],
)
def test_two_different_adequate_treatments_must_have_done_too_little(
    treatment: Treatment, trials: list[dict[str, Any]], enough: bool
) -> None:
    assert ("trials" not in treatment.missing(treatment.course(trials=trials))) is enough


@pytest.mark.parametrize(
    ("indication", "needed"),
    [("trd", True), ("bipolar-trd", True), ("acute-suicidality", False), ("other", False)],
)
def test_how_many_is_a_matter_of_the_indication(
    treatment: Treatment, indication: str, needed: bool
) -> None:
    course = treatment.course(indication=indication, trials=[])
    assert ("trials" in treatment.missing(course)) is needed


def test_what_is_missing_is_never_told_from_a_copy(
    treatment: Treatment, clock: SimulatedClock
) -> None:
    course = treatment.course()
    treatment.assess(course)
    treatment.rate(course)
    read = treatment.bob.api.get(course)
    assert read.json["missing"] == []
    clock.advance(days=15)
    tag = {"If-None-Match": read.headers["ETag"]}
    again = treatment.bob.api.send("GET", course, headers=tag)
    assert (again.status, again.json["missing"]) == (200, ["baseline"])


def test_an_assessment_stands_for_thirty_days_and_a_total_for_fourteen(
    treatment: Treatment, clock: SimulatedClock
) -> None:
    course = treatment.course()
    treatment.assess(course, "2026-01-31T09:00:00Z")
    treatment.rate(course, rated_at="2026-02-16T09:00:00Z")
    assert treatment.missing(course) == []
    clock.advance(seconds=1)
    assert treatment.missing(course) == ["assessment", "baseline"]


def test_what_was_given_is_recorded_and_says_what_it_lacked(
    cast: Cast, treatment: Treatment, clock: SimulatedClock
) -> None:
    course, infusion = treatment.course(), treatment.plan()
    treatment.assess(course)
    clock.advance(minutes=14, seconds=59)
    assert lacking(treatment.start(infusion)) == {"baseline"}
    clock.advance(seconds=1)
    asked = treatment.start(infusion)
    assert (asked.code, faults(asked)) == ("needs-confirmation", {"/course": "not_ready"})
    assert "14 days" in asked.json["errors"][0]["detail"]
    assert treatment.bob.api.get(course).json["begun_at"] is None
    assert treatment.start(infusion, confirm=["course"]).status == 200
    (found,) = cast.bob.api.get("/v1/courses/incomplete").json["items"]
    assert (found["begun_at"], found["lacked"]) == (NOW, ["baseline"])
    assert cast.charlie.api.get("/v1/courses/incomplete").json["items"] == []


def test_what_was_known_only_after_the_beginning_does_not_count(
    treatment: Treatment, clock: SimulatedClock
) -> None:
    course, infusion = treatment.course(), treatment.plan()
    clock.advance(hours=1)
    treatment.assess(course, "2026-03-02T09:00:01Z")
    treatment.rate(course, rated_at="2026-03-02T09:00:01Z")
    assert treatment.start(infusion, confirm=["course"]).status == 200
    assert treatment.bob.api.get(course).json["lacked"] == ["assessment", "baseline"]


def test_one_that_was_given_before_those_entered_begins_the_course_anew(
    treatment: Treatment, clock: SimulatedClock
) -> None:
    clock.advance(days=2)
    course = treatment.course()
    earlier = treatment.plan(confirm=["planned_at"])
    later = treatment.plan("2026-03-04T09:00:00Z")
    treatment.assess(course)
    treatment.rate(course, rated_at="2026-03-03T09:00:00Z")
    first = treatment.start(later, "2026-03-04T09:00:00Z", confirm=["started_at"])
    assert first.status == 200, first
    held = treatment.bob.api.get(course)
    assert (held.json["begun_at"], held.json["lacked"]) == ("2026-03-04T09:00:00Z", [])
    asked = treatment.start(earlier, confirm=["started_at"])
    assert faults(asked) == {"/course": "not_ready"}
    assert treatment.start(earlier, confirm=["started_at", "course"]).status == 200
    anew = treatment.bob.api.get(course)
    assert (anew.json["begun_at"], anew.json["lacked"]) == (NOW, ["baseline"])
    assert (anew.json["baseline_total"], anew.json["baseline_at"]) == (None, None)
    assert treatment.places(earlier, later) == [(1, "induction"), (2, "induction")]
    stale = held.headers["ETag"]
    late = treatment.bob.api.put(course, resting_on(), if_match=stale)
    assert late.code == "precondition-failed"


@pytest.mark.parametrize("started_at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_moment_at_the_end_of_time_is_no_fault_of_the_servers(
    treatment: Treatment, started_at: str
) -> None:
    treatment.course()
    refused = treatment.start(treatment.plan(), started_at)
    assert faults(refused) == {"/started_at": "out_of_range"}


def test_a_question_leaves_the_course_unbegun(treatment: Treatment) -> None:
    course, infusion = treatment.course(), treatment.plan("2026-03-04T09:00:00Z")
    treatment.assess(course)
    treatment.rate(course)
    assert faults(treatment.start(infusion)) == {"/started_at": "another_day"}
    assert treatment.bob.api.get(course).json["begun_at"] is None
    assert treatment.start(infusion, confirm=["started_at"]).status == 200
    assert treatment.bob.api.get(course).json["begun_at"] == NOW


def test_what_is_waived_may_be_missing_and_nothing_else(cast: Cast, treatment: Treatment) -> None:
    course, infusion = treatment.course(), treatment.plan()
    waived: dict[str, Any] = {
        "waived": ["baseline"],
        "reason": "She could not answer: mute since Friday.",
    }
    said = treatment.say(course, "/waiver", **waived)
    assert (said.json["waived"], said.json["waived_by"]) == (["baseline"], str(cast.bob.id))
    assert said.json["waiver_reason"] == waived["reason"]
    assert lacking(treatment.start(infusion)) == {"assessment"}
    treatment.assess(course)
    assert treatment.start(infusion).status == 200
    assert treatment.bob.api.get(course).json["baseline_total"] is None


def test_a_waiver_takes_the_place_of_the_one_before(treatment: Treatment) -> None:
    course = treatment.course()
    treatment.say(course, "/waiver", waived=["baseline", "assessment"], reason="In a hurry.")
    treatment.say(course, "/waiver", waived=[], reason="It was a mistake.")
    assert treatment.missing(course) == ["assessment", "baseline"]


def test_only_a_clinician_assesses_and_waives(cast: Cast, treatment: Treatment) -> None:
    course = treatment.course()
    assessed = {"assessed_at": TODAY}
    refused = cast.dana.api.put(f"{course}/assessment", assessed, if_match="*")
    assert refused.status == 403
    waived = {"waived": ["trials"], "reason": "Made up"}
    assert cast.dana.api.put(f"{course}/waiver", waived, if_match="*").status == 403
    rated = {"total": 20, "rated_at": TODAY}
    assert cast.dana.api.put(f"{course}/baseline", rated, if_match="*").status == 200


def test_trials_and_reasons_are_sealed_under_the_patients_key(
    house: House, cast: Cast, treatment: Treatment
) -> None:
    before, _ = opened(house, cast.clinic, treatment.patient.id)
    course = treatment.course()
    treatment.say(course, "/waiver", waived=["trials"], reason="She asked for it.")
    assert opened(house, cast.clinic, treatment.patient.id) == (before + 2, before + 2)


def test_a_wrong_total_is_named(treatment: Treatment) -> None:
    for instrument, highest in (("phq-9", 27), ("madrs-s", 54), ("hamd-17", 52), ("madrs", 60)):
        course = treatment.course(baseline_instrument=instrument)
        too_high = treatment.say(course, "/baseline", total=highest + 1, rated_at=TODAY)
        assert faults(too_high) == {"/total": "out_of_range"}
        treatment.rate(course, total=highest)
        closed = treatment.bob.api.post(f"{course}/close", {"reason": "other"})
        assert closed.json["close_reason"] == "other"


def test_nobody_was_examined_or_measured_in_the_future(treatment: Treatment) -> None:
    course, later = treatment.course(), "2026-03-02T09:06:00Z"
    for what, field in (("/assessment", "assessed_at"), ("/baseline", "rated_at")):
        body: dict[str, Any] = {field: later}
        if what == "/baseline":
            body["total"] = 20
        assert faults(treatment.say(course, what, **body)) == {f"/{field}": "in_future"}


def test_a_total_of_another_instrument_is_no_baseline(treatment: Treatment) -> None:
    course = treatment.course()
    treatment.rate(course)
    rests_on = resting_on(induction_infusions=8, baseline_instrument="madrs")
    changed = treatment.say(course, **rests_on)
    assert (changed.json["baseline_total"], changed.json["baseline_by"]) == (None, None)
    assert "baseline" in changed.json["missing"]
