"""Questionnaires as they are really published: each with one irregularity, and what becomes of it.

`python -m tests.irregular` prints the table. The words are neutral, the codes the published ones.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from diary.instruments.fhir.documents import Refusal, parsed
from diary.instruments.preparing import examine
from diary.instruments.responses import answers_of
from diary.instruments.scoring import PROFILES
from tests.questionnaires import (
    FREQUENCY,
    GAD7_PANEL,
    ITEM_WEIGHT,
    ORDINAL,
    PHQ9,
    PHQ9_TOTAL,
    coded,
    frequency,
    gad7,
    item,
    phq9,
    questionnaire,
    response,
)

# Of the nine items, in order: 12 in all.
ANSWERS = (2, 2, 2, 2, 1, 1, 2, 0, 0)
Document = dict[str, Any] | bytes


@dataclass(frozen=True, slots=True)
class Irregular:
    """One file. becomes: the profile, `unscored`, or the code of the first fault."""

    name: str
    document: Document
    becomes: str
    total: int | None = None
    told: str | None = None
    profile: str | None = None


def outcome(case: Irregular) -> tuple[str, int | None, list[str]]:
    """What becomes of it, what the answers score, and the codes of what is told."""
    raw = case.document if isinstance(case.document, bytes) else json.dumps(case.document).encode()
    try:
        examined = examine(parsed(raw), PROFILES, profile=case.profile)
    except Refusal as refusal:
        return refusal.faults[0].code, None, []
    told = [remark.code for remark in examined.report]
    match = examined.match
    if match.profile is None:
        return "unscored", None, told
    links = {key: link_id for link_id, key in match.items.items()}
    keys = [each.key for each in PROFILES[match.profile].items if each.key in links]
    options = {
        worth: {"valueBoolean": code == "true"} if code in ("true", "false") else code
        for (_, code), worth in match.answers.items()
    }
    highest = max(options)
    given = response(
        {
            links[key]: options[min(value, highest)]
            for key, value in zip(keys, ANSWERS, strict=False)
        }
    )
    total = PROFILES[match.profile].score(answers_of(given, match).answers).total
    return match.profile, total, told


def _each(change: Callable[[dict[str, Any]], None], **more: Any) -> dict[str, Any]:
    """A PHQ-9 with a change to each of its nine items."""
    document = phq9(**more)
    for each in document["item"][:9]:
        change(each)
    return document


def _code_in_link(each: dict[str, Any]) -> None:
    each["linkId"] = f"/{each.pop('code')[0]['code']}"


def _without_systems(each: dict[str, Any]) -> None:
    each["answerOption"] = [coded(code, system=None) for code in FREQUENCY]


def _value_set(each: dict[str, Any]) -> None:
    del each["answerOption"]
    each["answerValueSet"] = "#often"


def _weights(each: dict[str, Any]) -> None:
    each["answerOption"] = [
        coded(code) | {"extension": [{"url": ITEM_WEIGHT, "valueDecimal": value}]}
        for code, value in FREQUENCY.items()
    ]


def _wrong_ordinals(each: dict[str, Any]) -> None:
    each["answerOption"] = [
        coded(code) | {"extension": [{"url": ORDINAL, "valueDecimal": value + 1}]}
        for code, value in FREQUENCY.items()
    ]


def _r5(each: dict[str, Any]) -> None:
    each["type"] = "coding"


def _declinable(each: dict[str, Any]) -> None:
    each["answerOption"] = [
        *frequency(),
        {
            "valueCoding": {
                "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
                "code": "asked-declined",
            }
        },
    ]


_OFTEN = {
    "resourceType": "ValueSet",
    "id": "often",
    "status": "active",
    "compose": {
        "include": [
            {"system": "http://loinc.org", "concept": [{"code": code} for code in FREQUENCY]}
        ]
    },
}
_GROUP = {"linkId": "g", "type": "group", "item": phq9()["item"]}
_EIGHT = [item(code) for code in PHQ9[:8]]
_TWICE = [*(item(code) for code in PHQ9), item(PHQ9[8], "again")]
_CYCLE = [
    item(code, enableWhen=[{"question": other, "operator": "exists", "answerBoolean": True}])
    for code, other in zip(PHQ9, (*PHQ9[1:], PHQ9[0]), strict=True)
]
_YES_NO = [item(None, f"q{number}", type="boolean") for number in range(1, 6)]
_WITH_SET = _each(_value_set, contained=[_OFTEN])
_OTHERS_CODE = phq9(panel=GAD7_PANEL)
_TORN = b'{"resourceType": "Questionnaire",'

CASES = (
    Irregular("as it should be", phq9(), "phq-9", 12),
    Irregular("codes in the linkIds alone", _each(_code_in_link), "phq-9", 12),
    Irregular("answers without a system", _each(_without_systems), "phq-9", 12),
    Irregular("answers in a contained ValueSet", _WITH_SET, "phq-9", 12),
    Irregular("itemWeight in place of ordinalValue", _each(_weights), "phq-9", 12),
    Irregular("R5: coding in place of choice", _each(_r5), "phq-9", 12),
    Irregular("asked-declined among the answers", _each(_declinable), "phq-9", 12),
    Irregular("another instrument's panel code", _OTHERS_CODE, "phq-9", 12, "mislabelled"),
    Irregular("no panel code at all", phq9(panel=None), "phq-9", 12),
    Irregular("items within a group", questionnaire([_GROUP]), "phq-9", 12),
    Irregular("the PHQ-9 without its ninth item", questionnaire(_EIGHT), "phq-8", 12),
    Irregular("the GAD-7 with both codes for its 2", gad7(), "gad-7", 12),
    Irregular("an item twice", questionnaire(_TWICE), "item_twice"),
    Irregular("ordinals that disagree", _each(_wrong_ordinals), "weight_differs"),
    Irregular("enableWhen in a circle", questionnaire(_CYCLE), "cycle"),
    Irregular("JSON that is none", _TORN, "not_json"),
    Irregular("XML", b"<Questionnaire/>", "xml"),
    Irregular("a total alone", questionnaire([item(PHQ9_TOTAL, type="decimal")]), "unscored"),
    Irregular("five questions without codes", questionnaire(_YES_NO), "unscored"),
    Irregular("the same, named by the clinic", questionnaire(_YES_NO), "asq", profile="asq"),
)


def main() -> None:
    """Print the table."""
    click.echo(f"{'file':<40} {'becomes':<16} total  told")
    for case in CASES:
        becomes, total, told = outcome(case)
        scored = "" if total is None else str(total)
        click.echo(f"{case.name:<40} {becomes:<16} {scored:>5}  {', '.join(told)}")


if __name__ == "__main__":
    main()
