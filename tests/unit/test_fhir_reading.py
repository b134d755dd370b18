"""FHIR Questionnaires as they are published: read with all that is odd, or refused by the place."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from diary.instruments.fhir import documents
from diary.instruments.fhir.documents import Refusal
from diary.instruments.fhir.model import LOINC, Condition, Gate, Questionnaire
from diary.instruments.fhir.reading import read
from tests.questionnaires import (
    ITEM_WEIGHT,
    ORDINAL,
    TRANSLATION,
    coded,
    frequency,
    item,
    phq9,
    questionnaire,
)

HIDDEN = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden"
SECRET = "Confidential wording"


def refused(document: object) -> dict[str, str]:
    """The faults of a document: pointer to code. None may repeat what stood in it."""
    reader: Callable[[Any], object] = documents.parsed if isinstance(document, bytes) else read
    with pytest.raises(Refusal) as refusal:
        reader(document)
    faults = refusal.value.faults
    assert faults
    assert SECRET not in repr(faults)
    return {fault.pointer: fault.code for fault in faults}


def codes(found: Questionnaire) -> list[str]:
    return [remark.code for remark in found.remarks]


# --- items ---------------------------------------------------------------------------------------


def test_items_are_flattened_in_their_order() -> None:
    inner = item(None, "b", type="integer")
    group = {"linkId": "g", "type": "group", "text": "Over two weeks", "item": [inner]}
    last = item(None, "c", type="boolean", item=[{"linkId": "d", "type": "display", "text": "!"}])
    found = read(questionnaire([item(None, "a"), group, last]))
    assert [(each.link_id, each.within, each.kind) for each in found.items] == [
        ("a", None, "choice"),
        ("g", None, "group"),
        ("b", "g", "whole-number"),
        ("c", None, "yes-no"),
        ("d", "c", "display"),
    ]
    assert [each.link_id for each in found.asking] == ["a", "b", "c"]
    assert found.items[2].pointer == "/item/1/item/0"


def test_r5_says_coding_where_r4_says_choice() -> None:
    found = read(
        questionnaire(
            [
                item(None, "a", type="coding", answerOption=frequency()),
                item(
                    None,
                    "b",
                    type="coding",
                    answerOption=frequency(),
                    answerConstraint="optionsOrString",
                ),
                item(None, "c", type="open-choice", answerOption=frequency()),
                item(None, "d", type="integer", answerOption=[{"valueInteger": 4}]),
            ]
        )
    )
    assert [(each.kind, each.open) for each in found.items] == [
        ("choice", False),
        ("choice", True),
        ("choice", True),
        ("choice", False),
    ]
    assert [option.code for option in found.items[3].options] == ["4"]


def test_a_code_without_a_system_can_be_told_by_its_form() -> None:
    option = coded("LA6568-5", system=None)
    found = read(questionnaire([item(None, "a", answerOption=[option, coded("x", system=None)])]))
    assert [each.system for each in found.items[0].options] == [LOINC, None]


@pytest.mark.parametrize("url", [ORDINAL, ITEM_WEIGHT])
@pytest.mark.parametrize(
    "value", [{"valueDecimal": 2.0}, {"valueInteger": 2}, {"valueString": "2"}]
)
@pytest.mark.parametrize("on_coding", [True, False])
def test_a_weight_is_read_wherever_it_stands(
    url: str, value: dict[str, Any], on_coding: bool
) -> None:
    option = coded("LA6570-1")
    holder = option["valueCoding"] if on_coding else option
    holder["extension"] = [{"url": url} | value]
    (found,) = read(questionnaire([item(None, "a", answerOption=[option])])).items
    assert [each.weight for each in found.options] == [2]


def test_two_weights_of_one_answer_must_be_one() -> None:
    option = coded("LA6570-1", ordinal=2)
    option["valueCoding"]["extension"] = [{"url": ITEM_WEIGHT, "valueDecimal": 3}]
    document = questionnaire([item(None, "a", answerOption=[option])])
    assert refused(document) == {"/item/0/answerOption/0/valueCoding": "weights_differ"}


def value_set(**more: Any) -> dict[str, Any]:
    return {"resourceType": "ValueSet", "id": "often"} | more


COMPOSED = {
    "compose": {
        "include": [
            {
                "system": LOINC,
                "concept": [
                    {
                        "code": "LA6568-5",
                        "display": "Never",
                        "designation": [{"language": "es", "value": "Nunca"}],
                        "extension": [{"url": ORDINAL, "valueDecimal": 0}],
                    },
                    {"code": "LA6569-3"},
                ],
            }
        ]
    }
}
EXPANDED = {
    "expansion": {
        "contains": [
            {"abstract": True, "contains": [{"system": LOINC, "code": "LA6568-5"}]},
            {"system": LOINC, "code": "LA6569-3"},
        ]
    }
}


@pytest.mark.parametrize("how", [COMPOSED, EXPANDED], ids=["composed", "expanded"])
@pytest.mark.parametrize("name", ["#often", "https://sets.example/often|1"])
def test_answers_may_stand_in_a_contained_value_set(how: dict[str, Any], name: str) -> None:
    contained = value_set(url="https://sets.example/often", **how)
    found = read(questionnaire([item(None, "a", answerValueSet=name)], contained=[contained]))
    (asked,) = found.items
    assert [(each.system, each.code) for each in asked.options] == [
        (LOINC, "LA6568-5"),
        (LOINC, "LA6569-3"),
    ]
    if how is COMPOSED:
        assert (asked.options[0].weight, dict(asked.options[0].text)) == (
            0,
            {"en": "Never", "es": "Nunca"},
        )


@pytest.mark.parametrize(
    ("contained", "code"),
    [
        ([], "value_set_missing"),
        ([value_set()], "value_set_open"),
        ([value_set(compose={"include": [{"system": LOINC}]})], "value_set_open"),
        ([value_set(compose={"include": [{"system": LOINC, "filter": []}]})], "value_set_open"),
    ],
)
def test_answers_that_are_elsewhere_are_not_made_up(contained: list[Any], code: str) -> None:
    document = questionnaire([item(None, "a", answerValueSet="#often")], contained=contained)
    assert set(refused(document).values()) == {code}


def test_a_declined_answer_is_none() -> None:
    absent = coded(
        "asked-declined", system="http://terminology.hl7.org/CodeSystem/data-absent-reason"
    )
    (found,) = read(questionnaire([item(None, "a", answerOption=[*frequency(), absent])])).items
    assert [each.absent for each in found.options] == [False] * 4 + [True]


def test_translations_come_along() -> None:
    said = {"url": TRANSLATION, "extension": [{"url": "lang", "valueCode": "es"}]}
    said["extension"].append({"url": "content", "valueString": "¿Cuánto?"})  # type: ignore[attr-defined]
    found = read(questionnaire([item(None, "a", type="integer", _text={"extension": [said]})]))
    assert dict(found.items[0].text) == {"en": "Question a", "es": "¿Cuánto?"}
    assert found.locales == ("en", "es")


def translated(name: str, holder: dict[str, Any]) -> dict[str, Any]:
    """The holder, with its text of that name in Spanish as well."""
    said = [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "En español"}]
    return holder | {f"_{name}": {"extension": [{"url": TRANSLATION, "extension": said}]}}


@pytest.mark.parametrize("missing", ["nothing", "an item", "an answer", "what is hidden"])
def test_a_language_is_one_when_all_that_is_shown_is_said_in_it(missing: str) -> None:
    options = [
        {"valueCoding": translated("display", option["valueCoding"])} for option in frequency()
    ]
    if missing == "an answer":
        options[2] = frequency()[2]
    asked = translated("text", item(None, "a", answerOption=options))
    number = translated("text", item(None, "b", answerOption=[{"valueInteger": 1}]))
    hidden = [{"url": f"{HIDDEN}", "valueBoolean": missing == "what is hidden"}]
    plain = item(None, "c", type="integer", extension=hidden)
    if missing in ("nothing", "an answer"):
        plain = translated("text", plain)
    found = read(questionnaire([asked, number, plain]))
    is_one = missing in ("nothing", "what is hidden")
    assert found.locales == (("en", "es") if is_one else ("en",))


def test_a_document_without_a_language_is_taken_as_english_and_says_so() -> None:
    document = questionnaire([item(None, "a")])
    del document["language"]
    found = read(document)
    assert (found.language, found.locales) == (None, ("en",))
    assert codes(found) == ["language_assumed"]


def test_nothing_is_carried_out_and_no_answer_is_set_beforehand() -> None:
    calculated = {
        "url": "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression",
        "valueExpression": {"language": "text/fhirpath", "expression": SECRET},
    }
    first = item(None, "a", extension=[calculated], initial=[{"valueInteger": 0}])
    second = item(None, "b", extension=[calculated])
    second["answerOption"][0]["initialSelected"] = True
    found = read(questionnaire([first, second]))
    assert {remark.code: remark.count for remark in found.remarks} == {
        "expression_ignored": 2,
        "default_ignored": 2,
    }
    assert SECRET not in repr(found.remarks)


# --- when it is asked ----------------------------------------------------------------------------


def when(question: str, answer: Any = True, **more: Any) -> dict[str, Any]:
    return {"question": question, "operator": "=", "answerBoolean": answer} | more


def test_an_item_is_asked_when_it_and_all_around_it_are() -> None:
    inner = item(None, "c", enableWhen=[when("a"), when("b")], enableBehavior="all")
    group = {"linkId": "g", "type": "group", "item": [inner], "enableWhen": [when("a")]}
    asked = [item(None, name, type="boolean") for name in "ab"]
    found = read(questionnaire([*asked, group]))
    a, b = Condition("a", "=", True), Condition("b", "=", True)
    assert found.items[3].gates == (Gate(True, (a,)), Gate(True, (a, b)))


def test_conditions_that_do_not_say_all_or_any_ask_more() -> None:
    asked = [item(None, name, type="boolean") for name in "ab"]
    found = read(questionnaire([*asked, item(None, "c", enableWhen=[when("a"), when("b")])]))
    assert [gate.every for gate in found.items[2].gates] == [False]
    assert codes(found) == ["behaviour_assumed"]


def in_group(*inner: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"linkId": "g", "type": "group", "item": list(inner)} | more


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([item(None, "a", enableWhen=[when("z")])], "unknown_item"),
        ([item(None, "a", enableWhen=[when("a")])], "cycle"),
        (
            [item(None, "a", enableWhen=[when("b")]), item(None, "b", enableWhen=[when("a")])],
            "cycle",
        ),
        ([in_group(item(None, "a"), enableWhen=[when("a")])], "cycle"),
    ],
)
def test_items_that_could_never_be_asked(items: list[Any], code: str) -> None:
    assert set(refused(questionnaire(items)).values()) == {code}


@pytest.mark.parametrize(
    "condition",
    [
        {"question": "a", "operator": "="},
        {"question": "a", "operator": "~", "answerBoolean": True},
        {"operator": "=", "answerBoolean": True},
        {"question": "a", "operator": "=", "answerBoolean": SECRET},
        {"question": "a", "operator": "=", "answerBoolean": True, "answerInteger": 1},
        {"question": "a", "operator": "=", "answerCoding": {"display": SECRET}},
    ],
)
def test_a_condition_that_cannot_be_read(condition: dict[str, Any]) -> None:
    items = [item(None, "a", type="boolean"), item(None, "b", enableWhen=[condition])]
    (pointer,) = refused(questionnaire(items))
    assert pointer.startswith("/item/1/enableWhen/0")


# --- what is refused, and where -------------------------------------------------------------------


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = deepcopy(phq9())
    change(document)
    return document


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        (lambda d: d.update(resourceType="Patient"), "/resourceType", "wrong_resource"),
        (lambda d: d.pop("resourceType"), "/resourceType", "wrong_resource"),
        (lambda d: d.pop("item"), "/item", "required"),
        (lambda d: d.update(item={}), "/item", "wrong_type"),
        (lambda d: d.update(title=["x"]), "/title", "wrong_type"),
        (lambda d: d.update(title="x" * 8_001), "/title", "too_long"),
        (lambda d: d.update(language="English"), "/language", "invalid_format"),
        (lambda d: d.update(modifierExtension=[{}]), "/modifierExtension", "modifier"),
        (lambda d: d.update(implicitRules="https://x.example"), "/implicitRules", "modifier"),
        (
            lambda d: d["item"][2]["answerOption"][1].update(modifierExtension=[{"url": SECRET}]),
            "/item/2/answerOption/1/modifierExtension",
            "modifier",
        ),
        (
            lambda d: d["item"][2].update(
                enableWhen=[when("44250-9", modifierExtension=[{"url": SECRET}])]
            ),
            "/item/2/enableWhen/0/modifierExtension",
            "modifier",
        ),
        (lambda d: d["item"].append(SECRET), "/item/11", "wrong_type"),
        (lambda d: d["item"][2].pop("linkId"), "/item/2/linkId", "required"),
        (lambda d: d["item"][2].update(linkId="44250-9"), "/item/2/linkId", "repeated"),
        (lambda d: d["item"][2].update(type=SECRET), "/item/2/type", "invalid_choice"),
        (lambda d: d["item"][2].update(required=SECRET), "/item/2/required", "wrong_type"),
        (lambda d: d["item"][2].update(answerOption=[]), "/item/2", "no_options"),
        (
            lambda d: d["item"][2].update(answerValueSet="#x"),
            "/item/2",
            "two_answer_lists",
        ),
        (
            lambda d: d["item"][2]["answerOption"].append(coded("LA6568-5")),
            "/item/2/answerOption/4",
            "repeated",
        ),
        (
            lambda d: d["item"][2]["answerOption"].append({"valueCoding": {"display": SECRET}}),
            "/item/2/answerOption/4/valueCoding",
            "no_code",
        ),
        (lambda d: d["item"][2]["answerOption"].append({}), "/item/2/answerOption/4", "no_value"),
        (
            lambda d: d["item"][2]["answerOption"].append({f"value{SECRET}/~" * 1_000: 1}),
            "/item/2/answerOption/4",
            "no_value",
        ),
        (
            lambda d: d["item"][2]["answerOption"].append({"valueReference": {}}),
            "/item/2/answerOption/4/valueReference",
            "wrong_type",
        ),
        (
            lambda d: d["item"][2]["answerOption"][0].update(
                extension=[{"url": ORDINAL, "valueString": SECRET}]
            ),
            "/item/2/answerOption/0/extension/0",
            "invalid_number",
        ),
    ],
)
def test_a_fault_is_named_by_its_place(
    change: Callable[[dict[str, Any]], object], pointer: str, code: str
) -> None:
    assert refused(changed(change)).get(pointer) == code
