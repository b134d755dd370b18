"""What a person is written on a phone: that there is an alert, and where. Pure.

It passes through SMS gateways and lock screens: no name, answer, drug or diagnosis, and short.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# What fits two SMS once the link, its longest part, is counted.
LONGEST = 300
_LONGEST_CLINIC = 40
_PAGES = frozenset({"alert.triggered", "alert.escalated", "alert.exhausted"})


@dataclass(frozen=True, slots=True)
class Text:
    """A title of a few words, and one or two sentences."""

    title: str
    body: str


@cache
def _words() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_name("texts.json").read_text("utf-8"))
    return found


def language(locale: str) -> str:
    """The language of a locale if there are texts in it, English otherwise."""
    found = locale.replace("_", "-").partition("-")[0].lower()
    return found if found in _words() else "en"


def text_of(
    type: str, data: Mapping[str, Any], *, clinic: str, locale: str, link: str | None
) -> Text:
    """The text of a message. data: as the webhook carries it; link: to acknowledge with.

    A type or a reason that has no words of its own is told in general ones, never left out.
    """
    words = _words()[language(locale)]
    severity = words["severity"].get(data.get("severity"), "")
    title = words["page"] if type in _PAGES else words["title"].get(type, words["other"])
    title = " ".join(title.format(severity=severity).split())
    if data.get("drill"):
        title = f"{words['drill']}: {title}"
    named = clinic if len(clinic) <= _LONGEST_CLINIC else clinic[: _LONGEST_CLINIC - 1] + "…"
    parts = [", ".join(part for part in (named, data.get("patient")) if part) + "."]
    if type in _PAGES:
        parts.append(words["reason"].get(data.get("reason"), words["reason"]["opened"]))
    if link is not None:
        parts.append(words["acknowledge"].format(link=link))
    elif data.get("link"):
        parts.append(words["open"].format(link=data["link"]))
    return Text(title, " ".join(parts))
