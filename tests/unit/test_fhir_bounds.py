"""FHIR Questionnaires at the edges: what is too much, changes the meaning, or is not asked."""

from typing import Any

import pytest

from diary.instruments.fhir.bounds import MOST_CONDITIONS
from diary.instruments.fhir.options import MOST_OPTIONS
from diary.instruments.fhir.reading import MOST_ITEMS, read
from diary.instruments.preparing import examine, prepare
from diary.instruments.scoring import PROFILES
from tests.questionnaires import ORDINAL, coded, item, questionnaire
from tests.unit.test_fhir_reading import (
    COMPOSED,
    HIDDEN,
    SECRET,
    codes,
    in_group,
    refused,
    value_set,
    when,
)

MODIFIER = [{"url": SECRET}]


@pytest.mark.parametrize(
    ("contained", "place"),
    [
        (value_set(**COMPOSED, implicitRules="https://x.example"), "/implicitRules"),
        (value_set(**COMPOSED, modifierExtension=MODIFIER), "/modifierExtension"),
        (
            value_set(compose=COMPOSED["compose"] | {"modifierExtension": MODIFIER}),
            "/compose/modifierExtension",
        ),
        (
            value_set(
                compose={"include": [{"concept": [{"code": "x", "modifierExtension": MODIFIER}]}]}
            ),
            "/compose/include/0/concept/0/modifierExtension",
        ),
        (
            value_set(
                expansion={
                    "contains": [
                        {
                            "abstract": True,
                            "contains": [{"code": "x"}],
                            "modifierExtension": MODIFIER,
                        }
                    ]
                }
            ),
            "/expansion/contains/0/modifierExtension",
        ),
    ],
)
def test_what_may_change_a_value_set_is_refused(contained: dict[str, Any], place: str) -> None:
    document = questionnaire([item(None, "a", answerValueSet="#often")], contained=[contained])
    assert refused(document) == {f"/contained/0{place}": "modifier"}


def test_what_is_around_an_item_keeps_it_from_being_asked() -> None:
    hidden = [{"url": HIDDEN, "valueBoolean": True}]
    inner = in_group(item(None, "a", item=[item(None, "b")]), linkId="inner")
    for more in ({"readOnly": True}, {"extension": hidden}):
        found = read(questionnaire([in_group(inner, item(None, "c"), **more), item(None, "d")]))
        assert [each.link_id for each in found.items if each.askable] == ["d"]


def test_an_item_that_takes_several_answers_is_told_of() -> None:
    found = read(questionnaire([item(None, "a", repeats=True)]))
    assert codes(found) == ["one_answer"]


def test_the_most_conditions_those_of_a_group_at_each_item_within() -> None:
    def nested(items: int) -> dict[str, Any]:
        asked = [item(None, name, type="boolean") for name in "ab"]
        within = [item(None, f"i{number}", type="string") for number in range(items)]
        gates = [when("a"), when("b")] * 5
        group = in_group(*within, enableWhen=gates, enableBehavior="any")
        return questionnaire([*asked, group])

    # The group is an item, too.
    assert MOST_CONDITIONS == 2_000
    assert read(nested(199)).items
    assert refused(nested(200)) == {"/item": "too_many"}


def test_answers_that_many_items_share_count_at_each() -> None:
    def shared(items: int) -> dict[str, Any]:
        concepts = [{"code": f"{number}", "display": "x" * 4_950} for number in range(100)]
        contained = value_set(compose={"include": [{"concept": concepts}]})
        asked = [item(None, f"{number}", answerValueSet="#often") for number in range(items)]
        return questionnaire(asked, contained=[contained])

    assert read(shared(2)).items
    assert refused(shared(3)) == {"/item": "too_large"}


def test_too_many_answers_are_counted_before_one_of_them_is_read() -> None:
    concepts = [{"code": SECRET, "extension": [{"url": ORDINAL}]}] * (MOST_OPTIONS + 1)
    contained = value_set(compose={"include": [{"concept": concepts}]})
    document = questionnaire([item(None, "a", answerValueSet="#often")], contained=[contained])
    assert refused(document) == {"/contained/0": "too_many"}
    options: list[dict[str, Any]] = [{"valueCoding": {}}] * (MOST_OPTIONS + 1)
    assert refused(questionnaire([item(None, "a", answerOption=options)])) == {
        "/item/0": "too_many"
    }


def test_the_most_items_and_the_most_answers() -> None:
    many = [item(None, str(number), type="string") for number in range(MOST_ITEMS + 1)]
    assert len(read(questionnaire(many[:-1])).items) == MOST_ITEMS
    assert set(refused(questionnaire(many)).values()) == {"too_many"}

    options = [coded(f"x{number}") for number in range(MOST_OPTIONS + 1)]
    assert len(read(questionnaire([item(None, "a", answerOption=options[:-1])])).items) == 1
    assert refused(questionnaire([item(None, "a", answerOption=options)])) == {
        "/item/0": "too_many",
    }


# --- a name for what was examined ----------------------------------------------------------------


def fingerprint(document: dict[str, Any]) -> str:
    return prepare(examine(document, PROFILES), PROFILES, slug="form").fingerprint


def test_conditions_count_at_the_item_that_has_them() -> None:
    def form(around: str, within: str) -> dict[str, Any]:
        asked = [item(None, name, type="boolean") for name in "ab"]
        inner = item(None, "c", type="string", enableWhen=[when(within)])
        return questionnaire([*asked, in_group(inner, enableWhen=[when(around)])])

    found = [fingerprint(form(*names)) for names in ("aa", "ab", "ba", "bb")]
    assert len(set(found)) == 4
    assert fingerprint(form("a", "b")) == found[1]
