"""The steps of a safety plan, in the order in which they are tried, and what stands above each.

After the six elements of the Safety Planning Intervention (Stanley and Brown, Cognitive and
Behavioral Practice 2012; 19: 256-264). Their form needs their permission; the headings here are our
own words, and no form of theirs is shipped.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from diary.errors import FieldFault, Invalid


class Step(StrEnum):
    """One step. The first that helps is enough."""

    WARNING_SIGNS = "warning_signs"
    COPING = "coping"
    DISTRACTION = "distraction"
    PEOPLE = "people"
    PROFESSIONALS = "professionals"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a step. phone: as it is dialled, where somebody is to be called."""

    text: str
    phone: str | None = None


Entries = Mapping[Step, tuple[Entry, ...]]


def read(steps: Mapping[str, Any]) -> dict[Step, tuple[Entry, ...]]:
    """The entries of each step that is named, from JSON."""
    return {step: tuple(Entry(**each) for each in steps[step]) for step in Step if step in steps}


def require_some(steps: Entries) -> None:
    """Raises Invalid for a plan that says nothing: in a crisis it would be an empty page."""
    if not any(steps.values()):
        raise Invalid(errors=[FieldFault("", "empty", "a plan has at least one entry")])


def headings(locale: str) -> Mapping[Step, str]:
    """What stands above each step, in the locale's language or in English."""
    words = _headings()
    found = words.get(locale.partition("-")[0].lower(), words["en"])
    return {step: found[step] for step in Step}


@cache
def _headings() -> Mapping[str, Mapping[str, str]]:
    text = Path(__file__).with_name("headings.json").read_text("utf-8")
    found: dict[str, dict[str, str]] = json.loads(text)
    return found
