"""Which profile a questionnaire has: its items decide, whatever it calls itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.instruments.fhir.documents import Refusal
from diary.instruments.fhir.reading import read
from diary.instruments.matching import Match, from_document, match, report
from diary.instruments.scoring import PROFILES
from tests.questionnaires import (
    DIFFICULTY,
    FREQUENCY,
    GAD7,
    LOINC,
    PHQ9,
    PHQ9_PANEL,
    PHQ9_TOTAL,
    coded,
    frequency,
    gad7,
    item,
    phq9,
    questionnaire,
)

SNOMED = "http://snomed.info/sct"
CSSRS = ("93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9")


def matched(document: dict[str, Any], **how: Any) -> Match:
    return match(read(document), PROFILES, **how)


def refused(document: dict[str, Any], **how: Any) -> dict[str, str]:
    with pytest.raises(Refusal) as refusal:
        matched(document, **how)
    return {fault.pointer: fault.code for fault in refusal.value.faults}


def told(document: dict[str, Any], **how: Any) -> dict[str, bool]:
    """What is told: each code, and whether it is a warning."""
    found = read(document)
    return {each.code: each.warning for each in report(found, match(found, PROFILES, **how))}


# --- by the codes of the items -----------------------------------------------------------------


def test_the_phq_9() -> None:
    found = matched(phq9())
    assert found.profile == "phq-9"
    assert found.items == {code: f"item{number}" for number, code in enumerate(PHQ9, 1)}
    assert {found.answers[PHQ9[8], code] for code in FREQUENCY} == {0, 1, 2, 3}
    assert (found.unscored, found.totals) == ((DIFFICULTY, PHQ9_TOTAL), (PHQ9_TOTAL,))


def test_the_gad_7_says_its_two_in_two_ways() -> None:
    found = matched(gad7())
    assert found.profile == "gad-7"
    assert found.answers["68509-9", "LA18938-3"] == 2
    assert found.answers["68509-9", "LA6570-1"] == 2
    assert matched(gad7(item=[item(code) for code in GAD7])).profile == "gad-7"


def test_the_order_of_the_items_does_not_matter() -> None:
    found = matched(phq9(PHQ9[::-1]))
    assert found.items == {code: f"item{number}" for number, code in enumerate(PHQ9, 1)}


@pytest.mark.parametrize("link_id", ["/44260-8", "phq/44260-8", "44260-8"])
def test_a_code_may_stand_in_the_link_id_alone(link_id: str) -> None:
    document = phq9()
    document["item"][8] = item(None, link_id)
    assert matched(document).items[link_id] == "item9"


def test_an_item_with_two_names_is_refused() -> None:
    document = phq9()
    document["item"][8] = item("44260-8", "/44250-9")
    assert refused(document)["/item/8"] == "codes_differ"


def test_the_largest_profile_that_is_wholly_there_is_meant() -> None:
    for count, profile in ((9, "phq-9"), (8, "phq-8"), (2, "phq-2")):
        document = questionnaire([item(code) for code in PHQ9[:count]])
        assert matched(document).profile == profile


def test_items_in_groups_are_found() -> None:
    group = {"linkId": "g", "type": "group", "item": [item(code) for code in PHQ9]}
    assert matched(questionnaire([group])).profile == "phq-9"


@pytest.mark.parametrize(
    ("document", "profile"),
    [
        (phq9(panel="69737-5"), "phq-9"),
        (gad7(panel=PHQ9_PANEL), "gad-7"),
        (gad7(panel=None, url=f"https://forms.example/{PHQ9_PANEL}"), "gad-7"),
        (gad7(panel=None, identifier=[{"value": PHQ9_PANEL}]), "gad-7"),
    ],
)
def test_a_wrong_name_is_told_and_overruled(document: dict[str, Any], profile: str) -> None:
    assert matched(document).profile == profile
    assert told(document)["mislabelled"] is True


def test_a_right_name_is_not_told_of() -> None:
    assert "mislabelled" not in told(phq9())


def test_a_scored_item_stands_there_once() -> None:
    document = phq9()
    document["item"].append(item("44260-8", "again"))
    assert (
        refused(document) == {"/item/12": "item_twice"}
        or "item_twice" in refused(document).values()
    )


@pytest.mark.parametrize("missing", range(8))
def test_a_phq_9_without_one_item_is_none_and_nothing_smaller(missing: int) -> None:
    left = [code for number, code in enumerate(PHQ9) if number != missing]
    assert refused(phq9(left))
    # Nor without the name: item 9 would be asked, and no rule would look at it.
    assert "risk_unwatched" in refused(phq9(left, panel=None)).values()


UNRECOGNISED: dict[str, dict[str, Any]] = {
    "no code": item(None, "q9"),
    "mistyped": item("44260-9", "q9"),
    "a slip in the linkId": item(None, "/442608"),
    "below its heading": {
        "linkId": "q9",
        "type": "group",
        "text": "Question q9",
        "item": [item(None, "q9.1")],
    },
}
CODED: dict[str, dict[str, Any]] = {
    "wrong system": item(None, "q9", code=[{"system": "https://codes.example", "code": PHQ9[8]}]),
    "odd linkId": item(None, f"phq.{PHQ9[8]}"),
    "the heading has it": UNRECOGNISED["below its heading"]
    | {"code": [{"system": LOINC, "code": PHQ9[8]}]},
    "the display has it": {
        "linkId": PHQ9[8],
        "type": "display",
        "text": "Question 9",
        "item": [item(None, "q9.1")],
    },
}


@pytest.mark.parametrize("ninth", (UNRECOGNISED | CODED).values(), ids=UNRECOGNISED | CODED)
@pytest.mark.parametrize("count", [2, 8])
def test_a_phq_9_whose_ninth_item_is_not_recognised_is_nothing_smaller(
    ninth: dict[str, Any], count: int
) -> None:
    document = phq9(PHQ9[:count])
    document["item"].insert(8, ninth)
    named = {8: "phq-8", 2: "phq-2"}[count]
    # A name does not help where it calls itself a PHQ-9.
    for how in ({}, {"profile": named}):
        assert refused(document, **how)["/item"] == "item_missing"
    del document["code"]
    assert set(refused(document).values()) & {"unrecognised", "risk_unwatched"}


@pytest.mark.parametrize("ninth", UNRECOGNISED.values(), ids=UNRECOGNISED)
def test_what_no_profile_knows_beside_a_smaller_one_needs_its_name(ninth: dict[str, Any]) -> None:
    document = phq9(PHQ9[:8], panel=None)
    document["item"].append(ninth)
    assert set(refused(document).values()) == {"unrecognised"}
    assert matched(document, profile="phq-8").profile == "phq-8"
    assert told(document, profile="phq-8")["unrecognised"] is True


@pytest.mark.parametrize("ninth", CODED.values(), ids=CODED)
def test_what_seems_to_be_the_ninth_item_is_not_named_away(ninth: dict[str, Any]) -> None:
    document = phq9(PHQ9[:8], panel=None)
    document["item"].append(ninth)
    assert "risk_unwatched" in refused(document, profile="phq-8").values()


def test_a_heading_may_repeat_the_code_of_the_item_below() -> None:
    document = phq9()
    heading = {"linkId": "g", "type": "group", "text": "The ninth"}
    document["item"][8] = heading | {
        "code": [{"system": LOINC, "code": PHQ9[8]}],
        "item": [item(PHQ9[8])],
    }
    assert matched(document).profile == "phq-9"


def test_what_no_profile_knows_beside_a_whole_instrument_is_told_loudly() -> None:
    for document in (phq9(), gad7()):
        document["item"].append(item(None, "comment", type="text"))
        assert told(document)["unrecognised"] is True
        document["item"][-1] |= {"readOnly": True}
        assert "unrecognised" not in told(document)


def test_a_phq_8_that_calls_itself_a_phq_9_is_refused() -> None:
    assert refused(phq9(PHQ9[:8])) == {"/item": "item_missing"}


def test_a_name_without_the_items_is_refused() -> None:
    document = questionnaire([item(None, "a")], panel=PHQ9_PANEL)
    assert refused(document) == {"/item": "item_missing"}


def test_no_profile_is_told_loudly() -> None:
    document = questionnaire([item(None, "a"), item(None, "b", type="text")])
    found = matched(document)
    assert (found.profile, found.items, found.unscored) == (None, {}, ("a", "b"))
    assert told(document) == {"unscored": True}


def test_an_item_that_tells_of_suicidality_is_never_unwatched() -> None:
    alone = questionnaire([item("44260-8"), item(None, "b")])
    assert refused(alone) == {"/item/0": "risk_unwatched"}
    both = questionnaire([item(code) for code in (*PHQ9, *GAD7)])
    assert refused(both) == {"/item": "several_instruments"}
    assert refused(both, profile="gad-7") == {"/item/8": "risk_unwatched"}
    assert refused(phq9(), profile="phq-8") == {"/item/8": "risk_unwatched"}
    assert matched(both, profile="phq-9").unscored == GAD7
    assert told(both, profile="phq-9")["left_over"] is True


def test_half_an_instrument_beside_a_whole_one_is_refused() -> None:
    document = questionnaire([item(code) for code in (*PHQ9, *GAD7[:3])])
    assert set(refused(document).values()) == {"left_over"}


# --- by the answers ------------------------------------------------------------------------------


def with_answers(options: list[dict[str, Any]], place: int = 4, **more: Any) -> dict[str, Any]:
    document = phq9()
    document["item"][place] |= {"answerOption": options} | more
    return document


@pytest.mark.parametrize(
    "options",
    [
        frequency(ordinals=True),
        frequency()[::-1],
        [coded(code, system=None) for code in FREQUENCY],
        [coded(code, system="https://loinc.org/") for code in FREQUENCY],
        [coded(f"mine{value}", system="x", ordinal=value) for value in range(4)],
        [{"valueInteger": value} for value in range(4)],
        [
            *frequency(),
            coded(
                "asked-declined",
                system="http://terminology.hl7.org/CodeSystem/data-absent-reason",
            ),
        ],
    ],
)
def test_answers_that_fit(options: list[dict[str, Any]]) -> None:
    found = matched(with_answers(options))
    assert found.profile == "phq-9"
    code = PHQ9[4]
    assert sorted({found.answers[code, answer] for answer in FREQUENCY}) == [0, 1, 2, 3]
    assert (code, "asked-declined") not in found.answers


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ([coded("LA6568-5", ordinal=1), *frequency()[1:]], "weight_differs"),
        ([coded("LA6568-5", ordinal=0.5), *frequency()[1:]], "weight_differs"),
        ([coded("LA9999-9"), *frequency()[1:]], "unknown_answer"),
        (frequency()[:3], "answer_missing"),
        ([*frequency(), coded("mine", system="x", ordinal=3)], "answer_twice"),
        ([*frequency(), coded("mine", system="x", ordinal=4)], "unknown_answer"),
        ([coded(f"mine{value}", system="x") for value in range(4)], "unknown_answer"),
        (
            [coded(f"mine{value}", system="x", ordinal=value + 1) for value in range(4)],
            "weight_differs",
        ),
        ([{"valueInteger": value} for value in range(5)], "unknown_answer"),
    ],
)
def test_answers_that_do_not_fit_are_refused(options: list[dict[str, Any]], fault: str) -> None:
    faults = refused(with_answers(options))
    assert fault in faults.values()
    assert all(pointer.startswith("/item/4") for pointer in faults)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"readOnly": True}, "not_askable"),
        ({"repeats": True}, "repeats"),
        ({"text": " "}, "no_text"),
        ({"type": "text", "answerOption": []}, "shape_differs"),
        ({"type": "boolean", "answerOption": []}, "shape_differs"),
        ({"type": "integer", "answerOption": []}, "shape_differs"),
    ],
)
def test_an_item_of_another_shape_is_refused(more: dict[str, Any], fault: str) -> None:
    document = phq9()
    document["item"][4] |= more
    assert refused(document) == {"/item/4": fault}


def test_a_scored_item_is_not_hidden_by_what_is_around_it() -> None:
    document = phq9()
    group = {"linkId": "g", "type": "group", "readOnly": True, "item": [document["item"][8]]}
    document["item"][8] = group
    assert refused(document) == {"/item/8/item/0": "not_askable"}


def test_a_scored_item_does_not_wait_for_one_that_is_not_asked() -> None:
    document = phq9()
    asked = {"question": "computed", "operator": "=", "answerBoolean": True}
    document["item"].append(item(None, "computed", type="boolean", readOnly=True))
    document["item"][8]["enableWhen"] = [asked]
    assert refused(document) == {"/item/8": "not_askable"}


def test_what_is_told_of_items_that_fit() -> None:
    document = with_answers(frequency(), type="open-choice")
    asked = {"question": PHQ9[0], "operator": "exists", "answerBoolean": True}
    document["item"][5]["enableWhen"] = [asked]
    assert told(document) == {
        "own_words": False,
        "asked_conditionally": False,
        "never_scored": False,
    }


@pytest.mark.parametrize(
    "answers",
    [
        [coded("LA33-6"), coded("LA32-8")],
        [coded("373066001", system=SNOMED), coded("373067005", system=SNOMED)],
        None,
    ],
    ids=["loinc", "snomed", "boolean"],
)
def test_yes_and_no_in_whichever_words(answers: list[dict[str, Any]] | None) -> None:
    kind: dict[str, Any] = {"type": "boolean"} if answers is None else {"answerOption": answers}
    found = matched(questionnaire([item(code, **kind) for code in CSSRS]))
    assert found.profile == "c-ssrs-screener"
    yes, no = ("true", "false") if answers is None else ("LA33-6", "LA32-8")
    assert {(found.answers[code, yes], found.answers[code, no]) for code in CSSRS} == {(1, 0)}
    if answers is not None:
        assert found.answers[CSSRS[0], "373066001"] == 1


# --- what is kept of it --------------------------------------------------------------------------


@given(st.sampled_from([phq9(), gad7(), questionnaire([item(None, "a")])]))
def test_a_match_is_kept_whole(document: dict[str, Any]) -> None:
    found = matched(document)
    assert from_document(found.profile, found.to_document(), found.remarks) == found


def test_every_coded_profile_is_found_by_its_items() -> None:
    for profile in PROFILES.values():
        if not all(each.codes for each in profile.items):
            continue
        items = [
            item(min(each.codes), answerOption=[coded(code) for code in _once(each.answers or {})])
            for each in profile.items
        ]
        assert matched(questionnaire(items)).profile == profile.slug


def _once(answers: Any) -> list[str]:
    by_value = {value: code for code, value in answers.items()}
    return list(by_value.values())
