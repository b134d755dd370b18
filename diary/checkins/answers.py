"""Read the answers of a check-in: strictly against its instrument, or for their suicidality alone.

Strict reading takes what the instrument offers and names every fault. Lenient reading is for a
body that strict reading refused: a suicidality answer is never refused for a reason of form, so
whatever can be read in it is read at its worst, and what cannot is said to be unreadable.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from diary.errors import FieldFault
from diary.instruments.library import Instrument, Item
from diary.instruments.measures import MEASURES, SUICIDALITY, Scale
from diary.rules.facts import Facts
from diary.severity import Severity

DECLINED = "declined"
_NUMBER = re.compile(r"\s*[+-]?\d{1,6}(\.\d{1,6})?\s*")
_YES = {"yes", "y", "true", "1", "sí", "si"}
_NO = {"no", "n", "false", "0"}


@dataclass(frozen=True, slots=True)
class Scores:
    """What the server computes. mood and anxiety 0–10, dissociation 0–4 (its highest item),
    dissociation_total 0–16 (only when all four were answered), si 0–5; None: not answered."""

    mood: int | None
    anxiety: int | None
    dissociation: int | None
    dissociation_total: int | None
    si: int | None


def faults_in(instrument: Instrument, answers: Mapping[str, Any]) -> list[FieldFault]:
    """Everything in the answers that the instrument does not offer, or misses."""
    known = {item.id for item in instrument.items}
    faults = [
        FieldFault(f"/answers/{_escaped(name)}", "unknown_field", "is no item of this instrument")
        for name in answers
        if name not in known
    ]
    for item in instrument.items:
        fault = _fault(item, answers)
        if fault is not None:
            faults.append(FieldFault(f"/answers/{item.id}", *fault))
    return faults


def score(answers: Mapping[str, Any]) -> Scores:
    """Score answers without faults."""
    numbers = {name: value for name, value in answers.items() if type(value) is int}
    dissociation = [value for name, value in numbers.items() if name.startswith("dissociation_")]
    si = numbers.get("si")
    if si is None and answers.get("si_gate") == "no":
        si = 0
    return Scores(
        mood=numbers.get("mood"),
        anxiety=numbers.get("anxiety"),
        dissociation=max(dissociation, default=None),
        dissociation_total=sum(dissociation) if len(dissociation) == 4 else None,
        si=si,
    )


def facts_of(answers: Mapping[str, Any], scores: Scores, prior: Severity | None) -> Facts:
    """Answers without faults, as the rules see them."""
    measures: dict[str, int | str] = {}
    for name in ("mood", "anxiety", "dissociation", "dissociation_total"):
        value = getattr(scores, name)
        if value is not None:
            measures[name] = value
    declined = [name for name in ("mood", "anxiety") if answers.get(name) == DECLINED]
    for name in SUICIDALITY:
        answer = answers.get(name)
        if answer == DECLINED:
            declined.append(name)
        elif answer is not None:
            measures[name] = answer
    return Facts(measures, frozenset(declined), frozenset(), prior)


def suicidality_of(body: object, prior: Severity | None) -> Facts | None:
    """What a body that could not be taken says of suicidality; None where it says nothing.

    A number is rounded and clamped towards the worse end, so "4", 4.0 and 9 are never less than
    they may mean. An item named anywhere else than where its answer belongs is unreadable, even
    beside one that was read: the two may contradict each other.
    """
    answers = body.get("answers") if isinstance(body, Mapping) else None
    answers = answers if isinstance(answers, Mapping) else {}
    measures: dict[str, int | str] = {}
    declined, unreadable = set(), _misplaced(body)
    for name in SUICIDALITY:
        answer = answers.get(name)
        if answer is None:
            continue
        if answer == DECLINED:
            declined.add(name)
            continue
        measure = MEASURES[name]
        read: int | str | None
        read = _level(answer) if isinstance(measure, Scale) else _choice(answer, measure.options)
        if read is None:
            unreadable.add(name)
        else:
            measures[name] = read
    if not (measures or declined or unreadable):
        return None
    return Facts(measures, frozenset(declined), frozenset(unreadable), prior)


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


def _misplaced(body: object) -> set[str]:
    """The suicidality items named, in any spelling, where their answers do not belong."""
    rest = body
    if isinstance(body, Mapping):
        rest = dict(body)
        answers = body.get("answers")
        if isinstance(answers, Mapping):
            rest["answers"] = {k: v for k, v in answers.items() if k not in SUICIDALITY}
        # A language is no answer, and Sinhala's code is "si".
        if isinstance(body.get("locale"), str):
            del rest["locale"]
    return {word.strip().casefold() for word in _words(rest)}.intersection(SUICIDALITY)


def _words(part: object) -> Iterator[str]:
    """Every text in a body, and every name that stands before something."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping):
        for name, inner in part.items():
            if inner is not None:
                yield name
                yield from _words(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _words(inner)


def _level(answer: object) -> int | None:
    if isinstance(answer, bool):
        return None
    if isinstance(answer, str):
        if not _NUMBER.fullmatch(answer):
            return None
        answer = float(answer)
    if not isinstance(answer, int | float) or not math.isfinite(answer) or answer < 0:
        return None
    return min(5, math.ceil(answer))


def _choice(answer: object, options: tuple[str, ...]) -> str | None:
    word = str(answer).strip().casefold() if isinstance(answer, str | bool | int) else ""
    if word in options:
        return word
    if word in _YES and "yes" in options:
        return "yes"
    if word in _NO and "no" in options:
        return "no"
    return None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
