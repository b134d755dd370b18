"""FHIR Questionnaires in neutral words: the codes of published ones, and none of their texts."""

from collections.abc import Mapping, Sequence
from typing import Any

LOINC = "http://loinc.org"
FREQUENCY = {"LA6568-5": 0, "LA6569-3": 1, "LA6570-1": 2, "LA6571-9": 3}
PHQ9 = (
    *("44250-9", "44255-8", "44259-0", "44254-1", "44251-7"),
    *("44258-2", "44252-5", "44253-3", "44260-8"),
)
GAD7 = ("69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7")
DIFFICULTY, PHQ9_TOTAL, PHQ9_PANEL, GAD7_PANEL = "69722-7", "44261-6", "44249-1", "69737-5"
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
ITEM_WEIGHT = "http://hl7.org/fhir/StructureDefinition/itemWeight"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"


def coded(code: str, *, system: str | None = LOINC, ordinal: float | None = None) -> dict[str, Any]:
    """One answer option."""
    found: dict[str, Any] = {"valueCoding": {"code": code, "display": f"Answer {code}"}}
    if system is not None:
        found["valueCoding"]["system"] = system
    if ordinal is not None:
        found["extension"] = [{"url": ORDINAL, "valueDecimal": ordinal}]
    return found


def frequency(*, ordinals: bool = False) -> list[dict[str, Any]]:
    """Four answers, from the least to the most."""
    return [coded(code, ordinal=value if ordinals else None) for code, value in FREQUENCY.items()]


def item(
    code: str | None, link_id: str | None = None, /, *, type: str = "choice", **more: Any
) -> dict[str, Any]:
    """One item. code: its LOINC code, which is its linkId where none is given."""
    found: dict[str, Any] = {
        "linkId": link_id or code,
        "type": type,
        "text": f"Question {link_id or code}",
    }
    if code is not None:
        found["code"] = [{"system": LOINC, "code": code}]
    if type == "choice" and "answerValueSet" not in more:
        found["answerOption"] = frequency()
    return found | more


def questionnaire(
    items: Sequence[Mapping[str, Any]], *, panel: str | None = None, **more: Any
) -> dict[str, Any]:
    """A questionnaire with these items."""
    found: dict[str, Any] = {
        "resourceType": "Questionnaire",
        "status": "active",
        "language": "en",
        "title": "A weekly form",
        "url": "https://forms.example/weekly",
        "item": list(items),
    }
    if panel is not None:
        found["code"] = [{"system": LOINC, "code": panel}]
    return found | more


def phq9(codes: Sequence[str] = PHQ9, **more: Any) -> dict[str, Any]:
    """Nine items, the one about difficulty, and the total."""
    items = [item(code) for code in codes]
    items.append(item(DIFFICULTY, type="choice", answerOption=[coded("LA6572-7")]))
    items.append(item(PHQ9_TOTAL, type="decimal", readOnly=True))
    return questionnaire(items, **{"panel": PHQ9_PANEL} | more)


def gad7(**more: Any) -> dict[str, Any]:
    """Seven items; the second says its third answer with another code."""
    items = [item(code) for code in GAD7]
    items[1]["answerOption"][2] = coded("LA18938-3")
    return questionnaire(items, **{"panel": GAD7_PANEL} | more)


def response(answers: Mapping[str, Any]) -> dict[str, Any]:
    """A response. answers: by linkId a code, or a whole `answer` object."""
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "item": [
            {
                "linkId": link_id,
                "answer": [
                    given
                    if isinstance(given, dict)
                    else {"valueCoding": {"system": LOINC, "code": given}}
                ],
            }
            for link_id, given in answers.items()
        ],
    }
