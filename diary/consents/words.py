"""What a patient is told who has just given a consent or taken one back. Pure."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from diary.consents.purposes import Purpose


@cache
def _words() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))
    return found


def said(purpose: Purpose, *, given: bool, told: bool, locale: str) -> str:
    """The sentences, in the locale's language if there are any, in English otherwise.

    told: whether the care team hears of it by itself; said only of what it should hear of.
    """
    words = _words().get(locale.partition("-")[0], _words()["en"])
    if given:
        return str(words["given"])
    found = words[purpose]
    return str(found if isinstance(found, str) else found["told" if told else "untold"])
