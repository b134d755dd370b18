"""What a body that strict reading refused says of suicidality, which is never refused for its form.

Whatever can be read in it is read at its worst, and what cannot is said to be unreadable.
"""

import math
import re
from collections.abc import Iterator, Mapping

from diary.checkins.answers import DECLINED
from diary.instruments.measures import MEASURES, SUICIDALITY, Scale
from diary.rules.facts import Facts

_NUMBER = re.compile(r"\s*[+-]?\d{1,300}(\.\d{1,300})?\s*", re.ASCII)
_YES = {"yes", "y", "true", "1", "sí", "si"}
_NO = {"no", "n", "false", "0"}


def suicidality_of(body: object) -> Facts | None:
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
    return Facts(measures, frozenset(declined), frozenset(unreadable))


def _misplaced(body: object) -> set[str]:
    """The suicidality items named, in any spelling, where their answers do not belong."""
    rest = body
    if isinstance(body, Mapping):
        rest = dict(body)
        answers = body.get("answers")
        if isinstance(answers, Mapping):
            rest["answers"] = {k: v for k, v in answers.items() if k not in SUICIDALITY}
        # A language is no answer, and Sinhala's code is "si"; free text may say yes in Spanish.
        for name in ("locale", "note", "reason", "location"):
            if isinstance(body.get(name), str):
                del rest[name]
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
