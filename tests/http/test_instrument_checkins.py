"""A weekly questionnaire that the clinic brought: scored by us, and judged like any check-in."""

from datetime import timedelta
from typing import Any

import pytest

from tests.cast import Cast
from tests.client import Response
from tests.clock import SimulatedClock
from tests.http.test_instruments import bring
from tests.questionnaires import DIFFICULTY, FREQUENCY, PHQ9, item, questionnaire

CODES = list(FREQUENCY)
ITEM_9 = PHQ9[-1]


@pytest.fixture(autouse=True)
def form(cast: Cast) -> None:
    """The clinic has brought a PHQ-9, version 1."""
    assert bring(cast).status == 201


def answer(cast: Cast, *values: int | str | None, **envelope: Any) -> Response:
    """Alice answers its nine items. None leaves one, a word stands for itself."""
    given = {
        code: CODES[value] if isinstance(value, int) else value
        for code, value in zip(PHQ9, values, strict=True)
        if value is not None
    }
    return cast.alice.check_in(
        envelope={"instrument": "phq-9", "version": "1", "answers": given} | envelope
    )


def found(cast: Cast) -> dict[str, str]:
    """Each rule that ever fired on Alice, with its last severity."""
    shown = [cast.bob.alert(each) for each in cast.bob.alerts(patient_id=cast.alice.id)]
    return {each["rule"]: each["severity"] for alert in shown for each in alert["findings"]}


def test_it_is_scored_here(cast: Cast) -> None:
    scores = answer(cast, 2, 2, 2, 2, 1, 1, 2, 0, 0).json["scores"]
    assert (scores["total"], scores["band"]) == (12, "moderate")
    assert scores["measures"] == {"phq9": 12, "phq9_item9": 0}
    assert found(cast) == {}


def test_a_total_that_the_phone_adds_up_otherwise_is_flagged(cast: Cast) -> None:
    for total, agrees in ((12, True), (13, False)):
        id = answer(cast, 2, 2, 2, 2, 1, 1, 2, 0, 0, client_total=total).json["id"]
        kept = cast.bob.api.get(f"/v1/patients/{cast.alice.id}/check-ins/{id}").json
        assert (kept["total"], kept["client_total"]) == (12, total)
        assert kept["total_agrees"] is agrees


@pytest.mark.parametrize(
    ("nine", "rules"),
    [
        (0, {}),
        (1, {"R3": "moderate"}),
        (2, {"R3": "moderate"}),
        (3, {"R2": "high", "R3": "moderate"}),
        ("declined", {"R7": "moderate"}),
        (None, {"R7": "moderate"}),
    ],
)
def test_its_ninth_item_is_judged(
    cast: Cast, nine: int | str | None, rules: dict[str, str]
) -> None:
    receipt = answer(cast, 0, 0, 0, 0, 0, 0, 0, 0, nine)
    assert receipt.status == 201
    fired = found(cast)
    assert {each: fired[each] for each in rules} == rules
    assert fired.keys() - {"R3"} == rules.keys() - {"R3"}


def test_what_is_missing_is_made_up_for_and_then_no_total_is_told(cast: Cast) -> None:
    assert answer(cast, 2, 2, 2, 2, 2, 2, 2, None, 0).json["scores"]["total"] == 16
    scores = answer(cast, 2, 2, 2, 2, 2, 2, None, None, None).json["scores"]
    assert "total" not in scores


@pytest.mark.parametrize(
    "wrong", [{"version": "7"}, {"answers": {PHQ9[0]: "LA0-0", ITEM_9: "LA6571-9"}}]
)
def test_one_that_cannot_be_taken_is_kept_and_its_ninth_item_judged(
    cast: Cast, wrong: dict[str, Any]
) -> None:
    receipt = answer(cast, 0, 0, 0, 0, 0, 0, 0, 0, 3, **wrong)
    assert (receipt.status, receipt.json["outcome"]) == (202, "quarantined")
    assert found(cast)["R2"] == "high"


@pytest.mark.parametrize("nine", ["3", 3, 2.5, 9])
def test_a_number_in_place_of_a_code_is_read_at_its_worst(cast: Cast, nine: object) -> None:
    answers = {ITEM_9: nine}
    assert cast.alice.check_in(
        envelope={"instrument": "phq-9", "version": "1", "answers": answers}
    ).status in (201, 202)
    assert found(cast)["R2"] == "high"


def test_what_cannot_be_read_there_is_high(cast: Cast) -> None:
    receipt = answer(cast, 0, 0, 0, 0, 0, 0, 0, 0, "LA9999-9")
    assert receipt.status == 202
    assert found(cast)["U1"] == "high"


def test_faults_that_say_nothing_of_suicidality_are_told(cast: Cast) -> None:
    answers = {PHQ9[0]: "LA0-0", DIFFICULTY: ["x"], "nothing": 1}
    refused = cast.alice.check_in(
        envelope={"instrument": "phq-9", "version": "1", "answers": answers}
    )
    assert refused.status == 422
    assert {each["pointer"]: each["code"] for each in refused.json["errors"]} == {
        f"/answers/{PHQ9[0]}": "invalid_choice",
        f"/answers/{DIFFICULTY}": "wrong_type",
        "/answers/nothing": "unknown_field",
    }


def test_a_relapse_is_measured_against_what_came_before_the_first_infusion(
    cast: Cast, clock: SimulatedClock
) -> None:
    # The cast's first infusion was before today: the baseline comes late.
    first = clock.now() - timedelta(days=60)
    answer(cast, 3, 3, 3, 3, 3, 3, 2, 0, 0, recorded_at=first.isoformat())
    for values in ((1, 1, 1, 1, 1, 1, 1, 0, 0), (3, 3, 3, 3, 2, 2, 2, 0, 0)):
        clock.advance(days=7)
        answer(cast, *values)
    assert "R10" not in found(cast)
    clock.advance(days=7)
    answer(cast, 3, 3, 3, 3, 3, 3, 2, 0, 0)
    assert found(cast)["R10"] == "high"


def test_scores_of_two_versions_are_not_chained(cast: Cast, clock: SimulatedClock) -> None:
    answer(cast, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    clock.advance(days=7)
    changed = questionnaire([item(code) for code in PHQ9], version="2")
    assert bring(cast, changed).status == 201
    answer(cast, 3, 3, 3, 3, 3, 3, 2, 0, 0, version="2")
    assert "R9" not in found(cast)
    clock.advance(days=7)
    answer(cast, 3, 3, 3, 3, 3, 3, 2, 0, 0)
    assert found(cast)["R9"] == "moderate"


def test_one_that_nothing_scores_is_kept(cast: Cast) -> None:
    plain = questionnaire([item(None, "q1", type="string")], version="1")
    assert bring(cast, plain, slug="open-questions").status == 201
    receipt = cast.alice.check_in(
        envelope={"instrument": "open-questions", "version": "1", "answers": {"q1": "Words."}}
    )
    assert receipt.status == 201
    assert cast.alice.api.get(f"/v1/check-ins/{receipt.json['id']}").json["answers"] == {
        "q1": "Words."
    }


def test_the_weekly_check_in_is_judged_too(cast: Cast) -> None:
    answers: dict[str, object] = dict.fromkeys(
        (
            "elevated_energy",
            "little_need_for_sleep",
            "unusual_perceptions",
            "suspiciousness",
            "bladder_symptoms",
            "ketamine_craving",
        ),
        0,
    )
    weekly = {"instrument": "weekly-check-in", "version": "1.0.0"}
    answers["ketamine_use_elsewhere"] = "no"
    assert cast.alice.check_in(envelope=weekly | {"answers": answers}).status == 201
    assert found(cast) == {}
    answers["ketamine_use_elsewhere"] = "yes"
    assert cast.alice.check_in(envelope=weekly | {"answers": answers}).status == 201
    assert found(cast) == {"R15": "moderate"}
