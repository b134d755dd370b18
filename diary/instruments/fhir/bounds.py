"""How much of a document can be put before a person. Pure."""

from collections.abc import Sequence
from typing import Final

from diary.instruments.fhir.model import Item, Option, Texts
from diary.instruments.fhir.parts import Findings

MOST_CONDITIONS: Final = 2_000
"""In the whole document; those of a group count at each item within."""
MOST_SHOWN: Final = 1_000_000
"""Characters of one language, with what a phone is told beside the words."""
_BESIDE: Final = 40


def check(findings: Findings, items: Sequence[Item]) -> None:
    """Refuse what no phone should have to load; lists that many items share count at each."""
    conditions = [each for item in items for gate in item.gates for each in gate.conditions]
    if len(conditions) > MOST_CONDITIONS:
        findings.fault(
            "/item",
            "too_many",
            f"at most {MOST_CONDITIONS} conditions are read, a group's at each item within",
        )
        return
    shown = sum(_BESIDE + len(each.item) + len(str(each.answer)) for each in conditions)
    lists: dict[int, int] = {}
    for item in items:
        if id(item.options) not in lists:
            lists[id(item.options)] = _characters(item.options)
        shown += _BESIDE + len(item.link_id) + _longest(item.text) + lists[id(item.options)]
    if shown > MOST_SHOWN:
        findings.fault("/item", "too_large", "it is more than a phone is to show")


def _characters(options: Sequence[Option]) -> int:
    return sum(_BESIDE + len(each.code) + _longest(each.text) for each in options)


def _longest(texts: Texts) -> int:
    return max(map(len, texts.values()), default=0)
