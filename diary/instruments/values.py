"""What each answer to a scored item is worth: its code, its weight, or its place. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from diary.instruments.fhir.model import LOINC, SNOMED, Item, Option
from diary.instruments.fhir.parts import Findings
from diary.instruments.numbering import numberings
from diary.instruments.profiles import ScoredItem

# LOINC's and SNOMED CT's words for yes and no, each with the other.
SAME: Final = {"373066001": "LA33-6", "373067005": "LA32-8"}
_YES_NO: Final[Mapping[str, int]] = {"LA33-6": 1, "LA32-8": 0}


def values_of(findings: Findings, item: Item, scored: ScoredItem) -> dict[str, int]:
    """By code, number or text of an answer, its value. What does not fit becomes a fault."""
    if not item.askable:
        findings.fault(item.pointer, "not_askable", "a scored item is hidden or read-only")
    if not item.text:
        findings.fault(item.pointer, "no_text", "a scored item has no words to ask it with")
    if item.repeats:
        findings.fault(item.pointer, "repeats", "a scored item takes several answers")
    if item.kind == "choice":
        return _of_options(findings, item, scored)
    if item.kind == "yes-no" and (scored.low, scored.high) == (0, 1):
        return {"false": 0, "true": 1}
    if item.kind in ("whole-number", "number"):
        return _of_numbers(findings, item, scored)
    findings.fault(item.pointer, "shape_differs", "its type cannot be scored")
    return {}


def _of_numbers(findings: Findings, item: Item, scored: ScoredItem) -> dict[str, int]:
    bounds = (item.low, item.high)
    if bounds != (scored.low, scored.high) and (bounds != (None, None) or scored.answers):
        findings.fault(
            item.pointer, "shape_differs", f"numbers from {scored.low} to {scored.high} are needed"
        )
    return {str(value): value for value in range(scored.low, scored.high + 1)}


def _of_options(findings: Findings, item: Item, scored: ScoredItem) -> dict[str, int]:
    options = [option for option in item.options if not option.absent]
    if item.open:
        findings.remark(item.pointer, "own_words", "an answer in one's own words is not taken")
    known = _known(scored)
    if known and any(_by_code(option, known) is not None for option in options):
        values = [_coded(findings, option, known) for option in options]
    elif any(option.weight is not None for option in options):
        values = _weighed(findings, item, options, scored)
    else:
        values = _numbered(findings, item, options, scored)
    found = {
        option.code: value
        for option, value in zip(options, values, strict=True)
        if value is not None
    }
    if len({option.code for option in options}) < len(options):
        findings.fault(item.pointer, "repeated", "two answers have one code")
    if None not in values:
        _check_one_to_one(findings, item, options, list(values), scored)
        _check_numbers(findings, options, values)
    # A response may say it with the other of two codes for one answer.
    return known | {same: known[code] for same, code in SAME.items() if code in known} | found


def _known(scored: ScoredItem) -> dict[str, int]:
    if scored.answers is not None:
        return dict(scored.answers)
    return dict(_YES_NO) if (scored.low, scored.high) == (0, 1) else {}


def _by_code(option: Option, known: Mapping[str, int]) -> int | None:
    if option.system == LOINC:
        return known.get(option.code)
    if option.system == SNOMED:
        return known.get(SAME.get(option.code, ""))
    return None


def _coded(findings: Findings, option: Option, known: Mapping[str, int]) -> int | None:
    value = _by_code(option, known)
    if value is None:
        if option.weight is not None and option.weight in known.values():
            return int(option.weight)
        findings.fault(option.pointer, "unknown_answer", "an answer that the profile does not know")
    elif option.weight not in (None, value):
        findings.fault(option.pointer, "weight_differs", "its code and its weight differ")
    return value


def _weighed(
    findings: Findings, item: Item, options: Sequence[Option], scored: ScoredItem
) -> list[int | None]:
    wanted = range(scored.low, scored.high + 1)
    weights = [option.weight for option in options]
    for option in options:
        if option.weight not in wanted:
            findings.fault(option.pointer, "weight_differs", "its weight is none of the values")
    # Where numbers stand at the answers, these are compared with the weights.
    if scored.high_is_better and not numberings(options) and weights != sorted(wanted):
        findings.fault(
            item.pointer, "weight_differs", "its weights seem to be turned round already"
        )
    return [int(weight) if weight in wanted and weight is not None else None for weight in weights]


def _numbered(
    findings: Findings, item: Item, options: Sequence[Option], scored: ScoredItem
) -> list[int | None]:
    """By the numbers that are the values; else by the order of others; else by their place."""
    wanted = list(range(scored.low, scored.high + 1))
    found = numberings(options)
    for numbering in found:
        if numbering.is_just(wanted):
            return list(numbering.numbers)
    nothing: list[int | None] = [None] * len(options)
    if scored.answers is not None or len(wanted) == 2:
        for option in options:
            findings.fault(
                option.pointer, "unknown_answer", "an answer that the profile does not know"
            )
        return nothing
    if len(options) != len(wanted):
        findings.fault(item.pointer, "shape_differs", f"{len(wanted)} answers are needed")
        return nothing
    for numbering in found:
        if numbering.is_consecutive:
            findings.remark(
                item.pointer,
                "values_by_order",
                f"answers with other numbers: the lowest is taken as {wanted[0]}, and so on; "
                "compare them",
                warning=True,
            )
            return [scored.low + rank for rank in numbering.ranks]
    if found:
        findings.fault(
            item.pointer, "numbers_unclear", "the numbers at its answers are not consecutive"
        )
        return nothing
    findings.remark(
        item.pointer,
        "values_by_order",
        f"answers without values: the first is taken as {wanted[0]}, and so on; compare them",
        warning=True,
    )
    return list(wanted)


def _check_numbers(
    findings: Findings, options: Sequence[Option], values: Sequence[int | None]
) -> None:
    """Refuse values that go another way than the numbers at the answers.

    Of two answers only numbers that are the values count: a first and a second are no order.
    """
    wanted = sorted(value for value in values if value is not None)
    for numbering in numberings(options):
        goes_up = len(options) > 2 and (numbering.is_consecutive or numbering.printed)
        if not (goes_up or numbering.is_just(wanted)):
            continue
        for option, value, rank in zip(options, values, numbering.ranks, strict=True):
            if value != wanted[rank]:
                findings.fault(
                    option.pointer,
                    "weight_differs",
                    "its value and the number that stands at it go different ways",
                )


def _check_one_to_one(
    findings: Findings,
    item: Item,
    options: Sequence[Option],
    values: Sequence[int | None],
    scored: ScoredItem,
) -> None:
    counted = Counter(values)
    for option, value in zip(options, values, strict=True):
        if counted[value] > 1:
            findings.fault(option.pointer, "answer_twice", f"two answers are worth {value}")
    for value in range(scored.low, scored.high + 1):
        if value not in counted:
            findings.fault(item.pointer, "answer_missing", f"no answer is worth {value}")
