"""The first infusion of a course begins when what must be known before it is known."""

from typing import Any

import pytest

from diary.work import House
from tests.cast import Cast, Patient
from tests.client import Response
from tests.clock import SimulatedClock
from tests.erasing import opened
from tests.http.test_bad_input import faults
from tests.http.test_checkins import at_once
from tests.http.test_instruments import bring
from tests.questionnaires import FREQUENCY, PHQ9

NOW, TODAY = "2026-03-02T09:00:00Z", "2026-03-02T08:00:00Z"


def trial(
    treatment: str, outcome: str = "no-response", *, adequate: bool = True, weeks: int | None = 8
) -> dict[str, Any]:
    return {"treatment": treatment, "adequate": adequate, "outcome": outcome, "weeks": weeks}


TWO = [trial("Sertraline"), trial("Venlafaxine", "partial-response", weeks=None)]


def resting_on(**more: Any) -> dict[str, Any]:
    rests_on = {"indication": "trd", "trials": TWO, "induction_infusions": 6}
    return rests_on | {"baseline_instrument": "phq-9"} | more


class Treatment:
    """Bob's side of the treatment of somebody who has had none yet."""

    def __init__(self, cast: Cast, patient: Patient) -> None:
        self.bob, self.patient = cast.bob, patient
        self.path = f"/v1/patients/{patient.id}"

    def open(self, **more: Any) -> Response:
        return self.bob.api.post(f"{self.path}/courses", {"indication": "trd"} | more)

    def course(self, **more: Any) -> str:
        made = self.open(**{"trials": TWO} | more)
        assert made.status == 201, made
        return f"{self.path}/courses/{made.json['id']}"

    def say(self, course: str, what: str = "", **body: Any) -> Response:
        return self.bob.api.put(f"{course}{what}", body, if_match="*")

    def assess(self, course: str, assessed_at: str = TODAY) -> None:
        assert self.say(course, "/assessment", assessed_at=assessed_at).status == 200

    def rate(self, course: str, total: int = 21, rated_at: str = TODAY) -> None:
        assert self.say(course, "/baseline", total=total, rated_at=rated_at).status == 200

    def missing(self, course: str) -> list[str]:
        found: list[str] = self.bob.api.get(course).json["missing"]
        return found

    def plan(self, planned_at: str = NOW, **more: Any) -> str:
        made = self.bob.api.post(f"{self.path}/infusions", {"planned_at": planned_at} | more)
        assert made.status == 201, made
        return f"{self.path}/infusions/{made.json['id']}"

    def start(self, infusion: str, started_at: str = NOW, **more: Any) -> Response:
        return self.bob.api.post(f"{infusion}/start", {"started_at": started_at} | more)

    def give(self, day: str) -> str:
        """Plan, start and end one."""
        infusion = self.plan(f"{day}T08:00:00Z")
        assert self.start(infusion, f"{day}T08:00:00Z").status == 200
        ended = self.bob.api.post(f"{infusion}/end", {"ended_at": f"{day}T08:40:00Z"})
        assert ended.status == 200
        return infusion

    def places(self, *infusions: str) -> list[tuple[int | None, str | None]]:
        shown = [self.bob.api.get(each).json for each in infusions]
        return [(each["number_in_course"], each["phase"]) for each in shown]


@pytest.fixture
def treatment(cast: Cast) -> Treatment:
    return Treatment(cast, cast.enrol("Olga"))


def lacking(answer: Response) -> set[str]:
    assert answer.code == "course-not-ready", answer
    return {pointer.removeprefix("/course/") for pointer in faults(answer)}


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


class TestTheirOwnAnswer:
    """A questionnaire that the patient filled in is a baseline, too."""

    @pytest.fixture(autouse=True)
    def form(self, cast: Cast) -> None:
        assert bring(cast).status == 201

    def answer(self, treatment: Treatment, total: int, *, left_out: int = 0) -> str:
        codes = list(FREQUENCY)
        values = [min(3, max(0, total - 3 * item)) for item in range(len(PHQ9))]
        # Item 9 is the last: a total of up to 24 leaves it at not at all.
        given = {code: codes[value] for code, value in zip(PHQ9, values, strict=True)}
        for code in PHQ9[:left_out]:
            del given[code]
        sent = treatment.patient.check_in(
            envelope={"instrument": "phq-9", "version": "1", "answers": given}
        )
        assert sent.status == 201, sent
        return str(sent.json["id"])

    def test_the_newest_of_both_is_the_baseline_and_stays_it(
        self, treatment: Treatment, clock: SimulatedClock
    ) -> None:
        course, infusion = treatment.course(), treatment.plan("2026-03-03T09:00:00Z")
        treatment.assess(course)
        treatment.rate(course, total=12, rated_at="2026-03-01T09:00:00Z")
        answered = self.answer(treatment, 20)
        clock.advance(days=1)
        assert treatment.start(infusion, "2026-03-03T09:00:00Z").status == 200
        begun = treatment.bob.api.get(course).json
        assert (begun["baseline_total"], begun["baseline_at"]) == (20, NOW)
        assert (begun["baseline_check_in_id"], begun["baseline_by"]) == (answered, None)
        clock.advance(hours=1)
        self.answer(treatment, 6)
        assert treatment.bob.api.get(course).json["baseline_total"] == 20

    def test_what_the_team_entered_later_goes_before_it(
        self, treatment: Treatment, clock: SimulatedClock
    ) -> None:
        course, infusion = treatment.course(), treatment.plan()
        self.answer(treatment, 20)
        clock.advance(hours=2)
        treatment.assess(course)
        treatment.rate(course, total=18, rated_at="2026-03-02T10:00:00Z")
        assert treatment.start(infusion, "2026-03-02T11:00:00Z").status == 200
        begun = treatment.bob.api.get(course).json
        assert (begun["baseline_total"], begun["baseline_check_in_id"]) == (18, None)

    def test_an_answer_without_a_total_is_no_baseline(self, treatment: Treatment) -> None:
        course = treatment.course()
        self.answer(treatment, 20, left_out=3)
        assert "baseline" in treatment.missing(course)

    def test_another_instruments_answer_is_no_baseline(self, treatment: Treatment) -> None:
        course = treatment.course(baseline_instrument="qids-sr16")
        self.answer(treatment, 20)
        assert "baseline" in treatment.missing(course)

    def test_it_counts_for_fourteen_days(self, treatment: Treatment, clock: SimulatedClock) -> None:
        course = treatment.course()
        self.answer(treatment, 20)
        clock.advance(days=14)
        assert "baseline" not in treatment.missing(course)
        clock.advance(seconds=1)
        assert "baseline" in treatment.missing(course)


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
