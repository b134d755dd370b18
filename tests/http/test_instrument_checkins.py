"""A weekly questionnaire that the clinic brought: scored by us, and judged like any check-in."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from diary.rules.model import rule_sets
from diary.work import House
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


@pytest.mark.parametrize("words", ["Slept well.", "I want to die."])
def test_what_is_written_in_answers_is_kept_as_a_note_is(cast: Cast, words: str) -> None:
    plain = questionnaire(
        [item(None, "q1", type="string"), item(None, "q2", type="boolean")], version="1"
    )
    assert bring(cast, plain, slug="open-questions").status == 201
    answers = {"q1": words, "q2": True}
    receipt = cast.alice.check_in(
        envelope={"instrument": "open-questions", "version": "1", "answers": answers}
    )
    assert receipt.status == 201
    kept = cast.alice.api.get(f"/v1/check-ins/{receipt.json['id']}").json
    assert kept["answers"] == {"q2": True}
    (note,) = cast.bob.api.get("/v1/notes", unread="true").json["items"]
    assert note["text"] == f"q1: {words}"
    assert found(cast) == ({} if words == "Slept well." else {"R17": "high"})


def test_a_character_that_no_database_keeps_loses_nothing(cast: Cast) -> None:
    plain = [*(item(code) for code in PHQ9), item(None, "q1", type="string")]
    assert bring(cast, questionnaire(plain, version="2")).status == 201
    answers = {ITEM_9: CODES[3], "q1": "a\0b"}
    receipt = cast.alice.check_in(
        envelope={"instrument": "phq-9", "version": "2", "answers": answers}
    )
    assert receipt.status == 202
    assert found(cast)["R2"] == "high"


def renamed(version: str) -> dict[str, Any]:
    """The same items under other linkIds."""
    return questionnaire(
        [item(code, f"{version}/{number}") for number, code in enumerate(PHQ9)], version=version
    )


@pytest.mark.parametrize("wrong", [{"time_zone": "Nowhere"}, {"more": 1}])
def test_a_faulty_body_is_read_by_the_version_that_it_names(
    cast: Cast, wrong: dict[str, Any]
) -> None:
    assert bring(cast, renamed("2")).status == 201
    assert answer(cast, 0, 0, 0, 0, 0, 0, 0, 0, 3, **wrong).status == 202
    assert found(cast)["R2"] == "high"


def test_a_body_that_contradicts_one_is_read_by_its_version(cast: Cast) -> None:
    assert bring(cast, renamed("2")).status == 201
    id = answer(cast, 0, 0, 0, 0, 0, 0, 0, 0, 0).json["id"]
    answers = {ITEM_9: CODES[3]}
    contradicting = cast.alice.check_in(
        id, envelope={"instrument": "phq-9", "version": "1", "answers": answers}
    )
    assert contradicting.status == 409
    assert found(cast)["R2"] == "high"


@pytest.mark.parametrize("slug", ["PHQ-9", "phq9", 7, None])
def test_a_name_that_nobody_knows_silences_nobody(cast: Cast, slug: object) -> None:
    assert answer(cast, 3, 3, 3, 3, 3, 3, 3, 3, 3, instrument=slug).status == 202
    assert found(cast)["R2"] == "high"


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"answers": {ITEM_9: CODES[3], "more": 1}}])
def test_an_amendment_that_cannot_be_taken_is_read_as_its_check_in_was(
    cast: Cast, wrong: dict[str, Any]
) -> None:
    id = answer(cast, 0, 0, 0, 0, 0, 0, 0, 0, 0).json["id"]
    body = {
        "reason": "I was wrong.",
        "amended_at": "2026-03-02T10:00:00+01:00",
        "answers": {ITEM_9: CODES[3]},
    }
    url = f"/v1/check-ins/{id}/amendments/{uuid4()}"
    assert cast.alice.api.put(url, body | wrong).status == 202
    assert found(cast)["R2"] == "high"


def test_what_is_withheld_of_an_instrument_weighs_what_was_said_before(cast: Cast) -> None:
    screener = questionnaire(
        [item(None, f"q{n}", type="boolean") for n in range(1, 6)], version="1"
    )
    assert bring(cast, screener, slug="asq", profile="asq").status == 201
    asked = {"instrument": "asq", "version": "1"}
    acute = dict.fromkeys(("q1", "q2", "q3", "q4", "q5"), True)
    assert cast.alice.check_in(envelope=asked | {"answers": acute}).status == 201
    assert found(cast)["R1"] == "critical"
    withheld = {"q1": True, "q2": False, "q3": False, "q4": False, "q5": "declined"}
    assert cast.alice.check_in(envelope=asked | {"answers": withheld}).status == 201
    assert found(cast)["R7"] == "critical"


def test_the_baseline_is_the_last_whole_answer_before_treatment(
    cast: Cast, clock: SimulatedClock
) -> None:
    now = clock.now()
    for days, values in ((61, (3, 3, 3, 3, 3, 3, 2, 0, 0)), (60, (*[None] * 8, 0))):
        moment = now - timedelta(days=days)
        answer(cast, *values, recorded_at=moment.isoformat())
    for values in ((1, 1, 1, 1, 1, 1, 1, 0, 0), (3, 3, 3, 3, 2, 2, 2, 0, 0)) * 2:
        clock.advance(days=7)
        answer(cast, *values)
    clock.advance(days=7)
    answer(cast, 3, 3, 3, 3, 3, 3, 2, 0, 0)
    assert found(cast)["R9"] == "moderate"


def test_an_improvement_of_before_treatment_is_none_of_it(
    cast: Cast, clock: SimulatedClock
) -> None:
    now = clock.now()
    for days, values in ((120, (1, 1, 1, 1, 1, 1, 1, 1, 0)), (60, (3, 3, 3, 3, 3, 2, 2, 0, 0))):
        answer(cast, *values, recorded_at=(now - timedelta(days=days)).isoformat())
    for _ in range(2):
        clock.advance(days=7)
        answer(cast, 3, 3, 3, 3, 3, 2, 2, 0, 0)
    assert "R10" not in found(cast)


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


def test_rules_that_are_older_than_an_instrument_do_not_silence_it(
    cast: Cast, house: House
) -> None:
    daily = {"kind": "at_least", "measure": "si", "value": 1}
    older = {"code": "R2", "title": "ideation", "severity": "high", "suicidality": True}
    with house.work(cast.dana.caller) as work:
        work.add(
            rule_sets,
            clinic_id=cast.clinic,
            id=work.new_id(),
            version=1,
            document={"rules": [older | {"when": daily}]},
            reason="Before the product knew of questionnaires",
            published_at=work.now,
        )
    with capture_logs() as logged:
        answer(cast, 0, 0, 0, 0, 0, 0, 0, 0, 3)
    assert found(cast) == {"SHIPPED_R2": "high", "SHIPPED_R3": "moderate"}
    (event,) = [each for each in logged if each["event"] == "rules.instruments-unheard"]
    assert "phq-9" in event["instruments"]
    # Declining next time weighs what was found by them.
    answer(cast, 0, 0, 0, 0, 0, 0, 0, 0, "declined")
    assert found(cast)["SHIPPED_R7"] == "high"
    # So it is with what cannot be taken.
    assert answer(cast, "LA0-0", 0, 0, 0, 0, 0, 0, 0, 3).status == 202
    (alert,) = cast.bob.alerts(patient_id=cast.alice.id)
    apart = [each for each in cast.bob.alert(alert)["findings"] if each["source"] == "quarantine"]
    assert {each["rule"] for each in apart} == {"SHIPPED_R2", "SHIPPED_R3"}
