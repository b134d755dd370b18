"""FHIR responses as answers of a profile: whatever they say of a total, the items decide."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.instruments.fhir.documents import Refusal
from diary.instruments.fhir.reading import read
from diary.instruments.matching import match
from diary.instruments.responses import Answered, answers_of
from diary.instruments.scoring import PROFILES
from tests.questionnaires import FREQUENCY, PHQ9, PHQ9_TOTAL, item, phq9, questionnaire, response

MATCH = match(read(phq9()), PROFILES)
CODE_OF = {value: code for code, value in FREQUENCY.items()}
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def answered(given: dict[str, Any]) -> Answered:
    return answers_of(response(given), MATCH)


def one(given: Any) -> tuple[int | None, list[str]]:
    """What the ninth item comes to, and the codes of what is wrong."""
    found = answered({PHQ9[8]: given})
    return found.answers["item9"], [fault.code for fault in found.faults]


@given(st.lists(st.integers(0, 3) | st.none(), min_size=9, max_size=9))
def test_the_answers_are_those_that_were_given(values: list[int | None]) -> None:
    given_ = {
        code: CODE_OF[value] for code, value in zip(PHQ9, values, strict=True) if value is not None
    }
    found = answered(given_)
    assert list(found.answers.values()) == values
    assert found.faults == ()


def test_a_stated_total_is_kept_apart_and_not_believed() -> None:
    given_ = dict.fromkeys(PHQ9, "LA6569-3")
    for total in ({"valueDecimal": 13}, {"valueInteger": 13}, {"valueString": "13"}):
        found = answered(given_ | {PHQ9_TOTAL: total})
        assert found.stated_total == 13
        assert PROFILES["phq-9"].score(found.answers).total == 9
    for total in ({"valueString": "NaN"}, {"valueString": "many"}, {"valueInteger": 10**9}):
        assert answered({PHQ9_TOTAL: total}).stated_total is None


@pytest.mark.parametrize(
    "given_",
    [
        {"valueCoding": {"system": "http://loinc.org", "code": "LA6571-9"}},
        {"valueCoding": {"code": "LA6571-9"}},
        {"valueCoding": {"system": "https://loinc.org/", "code": "LA6571-9"}},
    ],
)
def test_an_answer_in_each_of_its_forms(given_: dict[str, Any]) -> None:
    assert one(given_) == (3, [])


@pytest.mark.parametrize(
    "given_",
    [
        {"valueCoding": {"system": ABSENT, "code": "asked-declined"}},
        {"valueCoding": {"code": "asked-declined"}},
        {"_valueCoding": {"extension": [{"url": "x", "valueCode": "asked-declined"}]}},
        {},
    ],
)
def test_a_declined_answer_is_missing(given_: dict[str, Any]) -> None:
    assert one(given_) == (None, [])


@pytest.mark.parametrize(
    ("given_", "fault"),
    [
        ({"valueCoding": {"code": "LA9999-9"}}, "unknown_answer"),
        ({"valueCoding": {"display": "x"}}, "no_code"),
        ({"valueCoding": "LA6571-9"}, "wrong_type"),
        ({"valueInteger": 3}, "unknown_answer"),
        ({"valueString": ["x"]}, "unknown_answer"),
        ({"valueInteger": 3, "valueBoolean": True}, "no_value"),
        ({"value/~": 3}, "no_value"),
    ],
)
def test_an_answer_that_cannot_be_read_is_told_of(given_: dict[str, Any], fault: str) -> None:
    value, faults = one(given_)
    assert value is None
    assert fault in faults


def test_a_fault_names_no_member_that_fhir_does_not_have() -> None:
    (fault,) = answered({PHQ9[8]: {f"value{'x/~' * 1_000}": 3}}).faults
    assert fault.pointer == "/item/0/answer/0"


def test_of_several_answers_the_highest_is_taken_and_told_of() -> None:
    for codes in (("LA6569-3", "LA6571-9"), ("LA6571-9", "LA6569-3")):
        document = response({PHQ9[8]: codes[0]})
        document["item"] += response({PHQ9[8]: codes[1]})["item"]
        found = answers_of(document, MATCH)
        assert found.answers["item9"] == 3
        assert [fault.code for fault in found.faults] == ["answer_twice"]


def test_items_may_stand_in_groups_and_below_answers() -> None:
    inner = response({PHQ9[8]: "LA6571-9"})["item"]
    in_group = response({}) | {"item": [{"linkId": "g", "item": inner}]}
    below = response({}) | {"item": [{"linkId": "x", "answer": [{"item": inner}]}]}
    for document in (in_group, below):
        assert answers_of(document, MATCH).answers["item9"] == 3


def test_numbers_and_yes_and_no() -> None:
    sidas = questionnaire([item(None, f"q{number}", type="decimal") for number in range(5)])
    numbers = match(read(sidas), PROFILES, profile="sidas")
    forms = [
        {"valueInteger": 10},
        {"valueDecimal": 10.0},
        {"valueQuantity": {"value": 10}},
        {"valueString": "10"},
        {"valueDecimal": 10.5},
    ]
    found = answers_of(response({f"q{number}": form for number, form in enumerate(forms)}), numbers)
    assert list(found.answers.values()) == [10, 10, 10, 10, None]

    asq = questionnaire([item(None, f"q{number}", type="boolean") for number in range(5)])
    words = match(read(asq), PROFILES, profile="asq")
    document = response({"q0": {"valueBoolean": True}, "q1": {"valueBoolean": False}})
    assert list(answers_of(document, words).answers.values()) == [1, 0, None, None, None]


def test_another_resource_is_no_response() -> None:
    with pytest.raises(Refusal):
        answers_of(phq9(), MATCH)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["linkId", "answer", "item", "valueCoding", "code", PHQ9[8]]), inner
        )
    ),
    max_leaves=20,
)


@given(_JSON)
def test_any_response_is_read(value: object) -> None:
    for items in (value, [value], [{"linkId": PHQ9[8], "answer": value}]):
        document = {"resourceType": "QuestionnaireResponse", "item": items}
        try:
            found = answers_of(document, MATCH)
        except Refusal:  # a number that no JSON has
            continue
        assert set(found.answers) == {f"item{number}" for number in range(1, 10)}
