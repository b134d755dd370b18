"""A FHIR QuestionnaireResponse, R4 or R5, as the answers of a scoring profile. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from diary.errors import FieldFault
from diary.instruments.fhir.documents import Refusal, checked
from diary.instruments.fhir.options import is_absent
from diary.instruments.fhir.parts import Findings, Placed
from diary.instruments.matching import Match

_LARGEST_TOTAL: Final = 1_000
_VALUES: Final = frozenset(
    f"value{kind}"
    for kind in (
        *("Attachment", "Boolean", "Coding", "Date", "DateTime", "Decimal", "Integer"),
        *("Quantity", "Reference", "String", "Time", "Uri"),
    )
)


@dataclass(frozen=True, slots=True)
class Answered:
    """By item key the value, None for what was left or declined.

    faults: answers that could not be read; such an item is None, and somebody has to look.
    stated_total: the total that the response says itself. It is never believed.
    """

    answers: Mapping[str, int | None]
    faults: tuple[FieldFault, ...]
    stated_total: float | None


def answers_of(response: object, match: Match) -> Answered:
    """What a response answers to a matched questionnaire; raises Refusal for another resource.

    Of several answers to one item the highest is taken, and the item is told of as a fault.
    """
    document = checked(response)
    if document.get("resourceType") != "QuestionnaireResponse":
        raise Refusal(
            FieldFault("/resourceType", "wrong_resource", "a QuestionnaireResponse is needed")
        )
    findings = Findings()
    answers: dict[str, int | None] = dict.fromkeys(match.items.values())
    seen: set[str] = set()
    total: float | None = None
    for pointer, item in _items(findings, document):
        link_id = item.get("linkId")
        if not isinstance(link_id, str):
            findings.fault(f"{pointer}/linkId", "required", "this field is needed")
            continue
        given = findings.objects(item, "answer", pointer)
        if link_id in match.totals:
            total = _total(given, total)
        if link_id not in match.items:
            continue
        if link_id in seen or len(given) > 1:
            findings.fault(pointer, "answer_twice", "an item has several answers")
        seen.add(link_id)
        key = match.items[link_id]
        for here, answer in given:
            value = _value(findings, here, answer, link_id, match)
            known = answers[key]
            answers[key] = value if known is None else max(known, value or known)
    return Answered(answers, tuple(findings.faults), total)


def _items(findings: Findings, document: Mapping[str, Any]) -> Iterator[Placed]:
    waiting = findings.objects(document, "item", "")[::-1]
    while waiting:
        pointer, item = waiting.pop()
        yield pointer, item
        below = findings.objects(item, "item", pointer)
        for here, answer in findings.objects(item, "answer", pointer):
            below += findings.objects(answer, "item", here)
        waiting += below[::-1]


def _value(
    findings: Findings, pointer: str, answer: Mapping[str, Any], link_id: str, match: Match
) -> int | None:
    names = [name for name in answer if name.startswith("value")]
    if not names:
        return None
    if len(names) > 1 or names[0] not in _VALUES:
        findings.fault(pointer, "no_value", "exactly one value is needed")
        return None
    (name,) = names
    here, raw = f"{pointer}/{name}", answer[name]
    if name == "valueCoding":
        coding = findings.coding(findings.object(answer, name, pointer), here)
        if coding is None:
            findings.fault(here, "no_code", "a code is needed")
            return None
        if is_absent(coding.system, coding.code):
            return None
        code = coding.code
    else:
        if name == "valueQuantity" and isinstance(raw, dict):
            raw = raw.get("value")
        code = _written(raw)
    if (link_id, code) not in match.answers:
        findings.fault(here, "unknown_answer", "an answer that the questionnaire does not offer")
        return None
    return match.answers[link_id, code]


def _written(raw: object) -> str:
    """A plain value as the match names it; the empty text where it can be none."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return str(raw) if isinstance(raw, int | str) else ""


def _total(given: list[Placed], before: float | None) -> float | None:
    for _, answer in given:
        for name in ("valueDecimal", "valueInteger", "valueString"):
            try:
                found = float(answer[name])
            except (KeyError, TypeError, ValueError, OverflowError):
                continue
            if abs(found) < _LARGEST_TOTAL:
                return found
    return before
