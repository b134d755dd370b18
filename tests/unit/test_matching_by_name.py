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


# --- numbers at the answers ----------------------------------------------------------------------

PREFIX = "http://hl7.org/fhir/StructureDefinition/questionnaire-optionPrefix"


def prefixed(option: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The option with something printed before it."""
    extension = {"url": PREFIX, "valueString": prefix}
    return option | {"extension": [*option.get("extension", ()), extension]}


def at(number: int, how: str) -> dict[str, Any]:
    """An answer with a number as its code, before it, or opening its words."""
    words = {"valueString": f"Answer {chr(107 + number)}"}
    if how == "prefix":
        return prefixed(words, f"{number}.")
    if how == "words":
        return {"valueString": f"{number} - {words['valueString']}"}
    return coded(f"{number}", system="x") if how == "code" else {"valueInteger": number}


HOWS = ["code", "prefix", "words", "integer"]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(
    "numbers", [(3, 2, 1, 0), (0, 1, 2, 3), (4, 3, 2, 1), (1, 2, 3, 4), (12, 10, 11, 9)]
)
def test_numbers_at_the_answers_are_never_turned_round(numbers: tuple[int, ...], how: str) -> None:
    document = uncoded(16, lambda: [at(number, how) for number in numbers])
    found = matched(document, profile="qids-sr16")
    values = [value for (link_id, _), value in found.answers.items() if link_id == "q12"]
    assert values == [sorted(numbers).index(number) for number in numbers]
    by_order = told(document, profile="qids-sr16").get("values_by_order", False)
    assert by_order is (sorted(numbers) != [0, 1, 2, 3])


@pytest.mark.parametrize("how", ["code", "prefix", "integer"])
@pytest.mark.parametrize("numbers", [(6, 4, 2, 0), (0, 1, 2, 4), (771, 23, 8, 5)])
def test_numbers_that_say_nothing_clear_are_refused(numbers: tuple[int, ...], how: str) -> None:
    document = uncoded(16, lambda: [at(number, how) for number in numbers])
    assert set(refused(document, profile="qids-sr16").values()) == {"numbers_unclear"}


def test_words_that_open_with_a_number_of_something_are_words() -> None:
    for words in ("5-6 hours", "1.5 hours", "2 or more"), ("1 - ", "3 - ", "4 - "):
        texts = [*words, "None of it"]
        document = uncoded(16, lambda texts=texts: [{"valueString": text} for text in texts])  # type: ignore[misc]
        found = matched(document, profile="qids-sr16")
        assert [found.answers["q1", text] for text in texts] == [0, 1, 2, 3]


@pytest.mark.parametrize("numbers", [(3, 2, 1, 0), (4, 3, 2, 1), (6, 4, 2, 0), (1, 0, 2, 3)])
def test_a_weight_that_goes_against_what_is_printed_is_refused(numbers: tuple[int, ...]) -> None:
    options = [
        prefixed(coded(f"m{value}", system="x", ordinal=value), f"{number})")
        for value, number in enumerate(numbers)
    ]
    faults = refused(uncoded(16, lambda: options), profile="qids-sr16")
    assert set(faults.values()) == {"weight_differs"}
    # The codes of the PHQ-9 are no better than weights.
    document = phq9()
    answers = document["item"][8]["answerOption"]
    answers[:] = [
        prefixed(each, f"{number}") for each, number in zip(answers, numbers, strict=True)
    ]
    assert set(refused(document).values()) == {"weight_differs"}


def test_a_weight_may_begin_elsewhere_than_what_is_printed() -> None:
    options = [
        prefixed(coded(f"m{value}", system="x", ordinal=value), f"{value + 1}")
        for value in range(4)
    ]
    assert matched(uncoded(16, lambda: options), profile="qids-sr16").answers["q1", "m3"] == 3


def sidas(control: list[dict[str, Any]]) -> dict[str, Any]:
    """Five items; the second, control, has these answers."""
    others = [coded(f"m{value}", system="x", ordinal=value) for value in range(11)]
    return questionnaire(
        [
            item(None, f"q{number}", answerOption=control if number == 2 else others)
            for number in range(1, 6)
        ]
    )


@pytest.mark.parametrize("falling", [True, False])
def test_control_is_turned_round_once_wherever_its_list_begins(falling: bool) -> None:
    shown = [*range(11)][:: -1 if falling else 1]

    def control(weight: Callable[[int], int]) -> dict[str, Any]:
        return sidas(
            [
                prefixed(coded(f"c{number}", system="x", ordinal=weight(number)), f"{number}")
                for number in shown
            ]
        )

    straight = matched(control(lambda number: number), profile="sidas")
    assert {straight.answers["q2", f"c{number}"] - number for number in range(11)} == {0}
    turned = refused(control(lambda number: 10 - number), profile="sidas")
    assert set(turned.values()) == {"weight_differs"}


def test_control_without_numbers_to_see_rises() -> None:
    # Its first answer looks right, and the others are turned round.
    weights = [0, *range(10, 0, -1)]
    assert refused(weighed(weights), profile="sidas") == {"/item/1": "weight_differs"}
