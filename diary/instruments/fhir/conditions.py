"""When an item is asked (enableWhen): read, and held to what the document has. Pure."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

from diary.instruments.fhir.model import Answer, Condition, Gate, Item
from diary.instruments.fhir.parts import Findings

OPERATORS: Final = frozenset({"exists", "=", "!=", ">", "<", ">=", "<="})
_MOST = 50
_PLAIN = {
    "answerBoolean": (bool,),
    "answerInteger": (int,),
    "answerDecimal": (int, float),
    "answerDate": (str,),
    "answerDateTime": (str,),
    "answerTime": (str,),
    "answerString": (str,),
}


def gate_of(findings: Findings, item: Mapping[str, Any], pointer: str) -> Gate | None:
    """The item's own gate; None where it is always asked."""
    raw = findings.objects(item, "enableWhen", pointer)
    if len(raw) > _MOST:
        findings.fault(f"{pointer}/enableWhen", "too_many", f"at most {_MOST} conditions are read")
        return None
    read = [_condition(findings, each, here) for here, each in raw]
    conditions = tuple(each for each in read if each is not None)
    if not conditions:
        return None
    behaviour = item.get("enableBehavior")
    if behaviour not in ("all", "any", None):
        findings.fault(f"{pointer}/enableBehavior", "invalid_choice", "all or any is needed")
    if behaviour is None and len(conditions) > 1:
        findings.remark(
            pointer,
            "behaviour_assumed",
            "it does not say whether all conditions must hold; any is taken, which asks more",
        )
    return Gate(behaviour == "all" or len(conditions) == 1, conditions)


def _condition(findings: Findings, raw: Mapping[str, Any], pointer: str) -> Condition | None:
    findings.refuse_modifiers(raw, pointer)
    question = findings.text(raw, "question", pointer, 255)
    operator = raw.get("operator")
    if not isinstance(operator, str) or operator not in OPERATORS:
        findings.fault(f"{pointer}/operator", "invalid_choice", "an operator of FHIR is needed")
        return None
    answer = _answer(findings, raw, pointer)
    if question is None:
        findings.fault(f"{pointer}/question", "required", "this field is needed")
    elif answer is not None:
        return Condition(question, operator, answer)
    return None


def _answer(findings: Findings, raw: Mapping[str, Any], pointer: str) -> Answer | None:
    names = [name for name in raw if name.startswith("answer")]
    if len(names) == 1:
        (name,) = names
        value = raw[name]
        if name == "answerCoding" and isinstance(value, dict):
            coding = findings.coding(value, f"{pointer}/{name}")
            if coding is not None:
                return coding.code
        elif name == "answerQuantity" and isinstance(value, dict):
            number = value.get("value")
            if isinstance(number, int | float) and not isinstance(number, bool):
                return float(number)
        elif type(value) in _PLAIN.get(name, ()):
            found: Answer = value
            return found
    findings.fault(pointer, "no_answer", "exactly one answer to compare with is needed")
    return None


def check(findings: Findings, items: Iterable[Item], own: Mapping[str, Gate]) -> None:
    """Refuse conditions on what is not there, and items that wait for each other.

    own: by linkId, the gates that stand at the item itself. An item waits for the one around it.
    """
    waits: dict[str, set[str]] = {}
    places: dict[str, str] = {}
    for item in items:
        places[item.link_id] = item.pointer
        asked = {each.item for each in own[item.link_id].conditions} if item.link_id in own else ()
        waits[item.link_id] = {*asked, *([item.within] if item.within else ())}
    for name, others in waits.items():
        if others - waits.keys():
            findings.fault(
                f"{places[name]}/enableWhen", "unknown_item", "it names an item that is not there"
            )
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        around = [name for name in error.args[1] if name in own] or error.args[1]
        findings.fault(
            f"{places.get(around[0], '')}/enableWhen",
            "cycle",
            "items wait for each other's answers",
        )
