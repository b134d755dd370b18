"""Read the answers of a check-in strictly: what its instrument offers, and every fault named."""

from collections.abc import Mapping
from typing import Any

from diary.errors import FieldFault
from diary.instruments.library import Instrument, Item
from diary.instruments.measures import SUICIDALITY

DECLINED = "declined"


def faults_in(instrument: Instrument, answers: Mapping[str, Any]) -> list[FieldFault]:
    """Everything in the answers that the instrument does not offer, or misses."""
    known = {item.id for item in instrument.items}
    faults = [
        FieldFault(f"/answers/{escaped(name)}", "unknown_field", "is no item of this instrument")
        for name in answers
        if name not in known
    ]
    for item in instrument.items:
        fault = _fault(item, answers)
        if fault is not None:
            faults.append(FieldFault(f"/answers/{item.id}", *fault))
    return faults


def _fault(item: Item, answers: Mapping[str, Any]) -> tuple[str, str] | None:
    answer = answers.get(item.id)
    if answer is None:
        # After a positive gate a missing answer was left, which the rules judge; it is no fault.
        left = answers.get("si_gate") == "yes" and item.id in SUICIDALITY
        if item.required and not left:
            return "required", f'must be answered, or "{DECLINED}"'
        return ("wrong_type", "must not be null") if item.id in answers else None
    if answer == DECLINED:
        return None
    if item.kind == "choice":
        if not isinstance(answer, str):
            return "wrong_type", "must be a word"
        if answer not in item.codes:
            return "invalid_choice", f"must be one of {', '.join(item.codes)}, {DECLINED}"
        return None
    if type(answer) is not int:
        return "wrong_type", f'must be a whole number or "{DECLINED}"'
    assert item.minimum is not None
    assert item.maximum is not None
    if not item.minimum <= answer <= item.maximum:
        return "out_of_range", f"must be from {item.minimum} to {item.maximum}"
    return None


def escaped(name: str) -> str:
    """A name as a part of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
