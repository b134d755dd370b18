"""The baseline of a course is the newest of what was entered and what the patient answered."""

import pytest

from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.http.test_instruments import bring
from tests.http.treatment import NOW, Treatment
from tests.questionnaires import FREQUENCY, PHQ9


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
