"""Profiles without codes: the clinic names them, and the shape confirms it."""

from collections.abc import Callable
from typing import Any

import pytest

from diary.errors import Invalid
from diary.instruments.scoring import PROFILES
from tests.questionnaires import PHQ9, coded, item, phq9, questionnaire
from tests.unit.test_matching import matched, refused, told


def unfit(document: dict[str, Any], **how: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as invalid:
        matched(document, **how)
    return {fault.pointer: fault.code for fault in invalid.value.errors}


def uncoded(count: int, answers: Callable[[], list[dict[str, Any]]], **more: Any) -> dict[str, Any]:
    return questionnaire(
        [item(None, f"q{number}", answerOption=answers(), **more) for number in range(1, count + 1)]
    )


def texts(count: int) -> list[dict[str, Any]]:
    return [{"valueString": f"Answer {chr(97 + number)}"} for number in range(count)]


def test_a_profile_without_codes_has_to_be_named() -> None:
    document = uncoded(9, lambda: texts(7))
    assert matched(document).profile is None
    found = matched(document, profile="madrs-s")
    assert found.profile == "madrs-s"
    assert list(found.items) == [f"q{number}" for number in range(1, 10)]
    assert [found.answers["q9", f"Answer {letter}"] for letter in "abcdefg"] == list(range(7))
    assert told(document, profile="madrs-s") == {"items_by_order": True, "values_by_order": True}


@pytest.mark.parametrize(
    "answers",
    [
        [{"valueInteger": value} for value in (6, 4, 5, 3, 1, 2, 0)],
        [coded(f"{value}", system="x") for value in range(7)],
        [
            {"valueString": f"A{value}", "extension": [prefix]}
            for value in range(7)
            for prefix in [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/questionnaire-optionPrefix",
                    "valueString": f"{value}.",
                }
            ]
        ],
        [coded(f"m{value}", system="x", ordinal=value) for value in range(7)],
    ],
    ids=["numbers", "codes", "prefixes", "weights"],
)
def test_answers_with_numbers_go_by_them(answers: list[dict[str, Any]]) -> None:
    document = uncoded(9, lambda: answers)
    found = matched(document, profile="madrs-s")
    assert sorted(value for (link_id, _), value in found.answers.items() if link_id == "q9") == [
        *range(7)
    ]
    assert told(document, profile="madrs-s") == {"items_by_order": True}


@pytest.mark.parametrize(
    ("document", "profile", "fault"),
    [
        (questionnaire([item(None, "a", type="text")]), "madrs-s", "count_differs"),
        (uncoded(8, lambda: texts(7)), "madrs-s", "count_differs"),
        (uncoded(10, lambda: texts(7)), "madrs-s", "count_differs"),
        (uncoded(9, lambda: texts(6)), "madrs-s", "shape_differs"),
        (uncoded(9, lambda: texts(8)), "madrs-s", "shape_differs"),
        (
            uncoded(
                9, lambda: [coded(f"{value}", system="x", ordinal=6 - value) for value in range(7)]
            ),
            "madrs-s",
            "weight_differs",
        ),
        # Which of two words is yes would be a guess.
        (uncoded(5, lambda: texts(2)), "asq", "unknown_answer"),
        (phq9(), "madrs-s", "count_differs"),
        (questionnaire([item(code) for code in PHQ9]), "madrs-s", "codes_differ"),
    ],
)
def test_a_named_profile_is_confirmed_by_the_shape(
    document: dict[str, Any], profile: str, fault: str
) -> None:
    assert fault in refused(document, profile=profile).values()


@pytest.mark.parametrize(
    ("low", "high", "fits"), [(0, 10, True), (None, None, True), (1, 10, False), (0, 9, False)]
)
def test_numbers_are_held_to_their_bounds(low: int | None, high: int | None, fits: bool) -> None:
    bounds = [
        {"url": f"http://hl7.org/fhir/StructureDefinition/{name}", "valueInteger": value}
        for name, value in (("minValue", low), ("maxValue", high))
        if value is not None
    ]
    document = questionnaire(
        [item(None, f"q{number}", type="integer", extension=bounds) for number in range(5)]
    )
    if fits:
        assert matched(document, profile="sidas").answers["q4", "10"] == 10
    else:
        assert set(refused(document, profile="sidas").values()) == {"shape_differs"}


def test_the_clinic_says_which_item_is_which() -> None:
    document = uncoded(9, lambda: texts(7))
    mapping = {f"q{number}": f"item{10 - number}" for number in range(1, 10)}
    assert matched(document, profile="madrs-s", mapping=mapping).items == mapping
    assert "items_by_order" not in told(document, profile="madrs-s", mapping=mapping)


def test_a_short_form_may_be_brought_alone() -> None:
    short = [
        each.key for each in PROFILES["cadss"].items if each.key in PROFILES["cadss"].short_form
    ]
    document = uncoded(6, lambda: texts(5))
    assert list(matched(document, profile="cadss").items.values()) == short
    mapping = {f"q{number}": key for number, key in enumerate(short, 1)}
    assert matched(document, profile="cadss", mapping=mapping).items == mapping


@pytest.mark.parametrize(
    ("how", "faults"),
    [
        ({"profile": "phq-99"}, {"/profile": "unknown"}),
        ({"mapping": {"q1": "item1"}}, {"/profile": "required"}),
        ({"profile": "madrs-s", "mapping": {"q1": "item1"}}, {"/mapping": "incomplete"}),
        ({"profile": "madrs-s", "mapping": {"q1": "item99"}}, {"/mapping": "unknown_key"}),
        ({"profile": "madrs-s", "mapping": {"z": "item1"}}, {"/mapping": "unknown_item"}),
        (
            {
                "profile": "madrs-s",
                "mapping": {f"q{number}": f"item{min(number, 8)}" for number in range(1, 10)},
            },
            {"/mapping": "incomplete"},
        ),
    ],
)
def test_a_profile_or_mapping_that_leads_nowhere(how: Any, faults: dict[str, str]) -> None:
    assert unfit(uncoded(9, lambda: texts(7)), **how) == faults


def weighed(weights: list[int]) -> dict[str, Any]:
    """Five items of answers without numbers; the second has these weights."""
    rising = list(range(11))
    return questionnaire(
        [
            item(
                None,
                f"q{number}",
                answerOption=[
                    coded(chr(97 + place), system="x", ordinal=weight)
                    for place, weight in enumerate(weights if number == 2 else rising)
                ],
            )
            for number in range(1, 6)
        ]
    )


def test_an_item_that_is_turned_round_is_not_turned_twice() -> None:
    rising = list(range(11))
    assert matched(weighed(rising), profile="sidas").answers["q2", "a"] == 0
    assert refused(weighed(rising[::-1]), profile="sidas") == {"/item/1": "weight_differs"}


def test_two_answers_with_one_code_cannot_be_told_apart() -> None:
    answers = [coded("same", system=f"s{value}", ordinal=value) for value in range(7)]
    assert set(refused(uncoded(9, lambda: answers), profile="madrs-s").values()) == {"repeated"}
