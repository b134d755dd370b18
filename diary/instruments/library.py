"""The product's own instruments: published files that never change, read once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).with_name("library")

Texts = Mapping[str, str]
"""One text in every locale of its instrument."""


@dataclass(frozen=True, slots=True)
class AskedWhen:
    """The item is asked only when another one was answered with this code."""

    item: str
    code: str


@dataclass(frozen=True, slots=True)
class Item:
    """One question. A scale takes every whole number from minimum to maximum, a choice its codes.

    labels: the words beside an answer; a long scale has them at some values only.
    """

    id: str
    measure: str
    kind: Literal["scale", "choice"]
    required: bool
    minimum: int | None
    maximum: int | None
    codes: tuple[str, ...]
    asked_when: AskedWhen | None
    within_hours_of_infusion: int | None
    text: Texts
    labels: Mapping[int | str, Texts]


@dataclass(frozen=True, slots=True)
class Instrument:
    """One immutable version. `declined` is the answer that every item offers."""

    slug: str
    version: str
    url: str
    recall_hours: int
    locales: tuple[str, ...]
    title: Texts
    notice: Texts
    declined: str
    declined_text: Texts
    items: tuple[Item, ...]
    document: Mapping[str, Any] = field(repr=False)


def read(document: Mapping[str, Any]) -> Instrument:
    """The instrument that a document of the library's shape describes."""
    names = ("slug", "version", "url", "recall_hours", "title", "notice")
    return Instrument(
        **{name: document[name] for name in names},
        locales=tuple(document["locales"]),
        declined=document["declined"]["code"],
        declined_text=document["declined"]["text"],
        items=tuple(_item(item) for item in document["items"]),
        document=document,
    )


def _item(raw: Mapping[str, Any]) -> Item:
    condition = raw.get("asked_when")
    shown = raw["options"] if "options" in raw else raw["anchors"]
    answer = "code" if raw["kind"] == "choice" else "value"
    return Item(
        **{name: raw[name] for name in ("id", "measure", "kind", "required", "text")},
        minimum=raw.get("min"),
        maximum=raw.get("max"),
        codes=tuple(option["code"] for option in shown if "code" in option),
        asked_when=AskedWhen(condition["item"], condition["is"]) if condition else None,
        within_hours_of_infusion=raw.get("within_hours_of_infusion"),
        labels={option[answer]: option["text"] for option in shown},
    )


@cache
def published() -> tuple[Instrument, ...]:
    """Every version in the library, by slug, oldest first."""
    found = [read(json.loads(path.read_text("utf-8"))) for path in FOLDER.glob("*.json")]
    return tuple(sorted(found, key=lambda one: (one.slug, [*map(int, one.version.split("."))])))


def find(slug: str, version: str) -> Instrument | None:
    """The version that a check-in pins, None for one that was never published."""
    return next((one for one in published() if (one.slug, one.version) == (slug, version)), None)


def localised(instrument: Instrument, locale: str) -> dict[str, Any]:
    """What a phone shows, in the closest locale."""
    to = closest(instrument.locales, locale)
    shown = _said(dict(instrument.document), to, set(instrument.locales))
    return {"locale": to} | {name: part for name, part in shown.items() if name != "locales"}


def closest(locales: Sequence[str], locale: str) -> str:
    """The one that is meant: the exact one, a wider or a narrower one, another of the same
    language, English, or else the first.
    """
    asked = locale.replace("_", "-").lower().split("-")
    wider = ["-".join(asked[:length]) for length in range(len(asked), 0, -1)]
    for wanted in (*wider, "en"):
        fitting = [each for each in locales if f"{each.lower()}-".startswith(f"{wanted}-")]
        if fitting:
            return min(fitting, key=lambda each: each.lower() != wanted)
    return locales[0]


def _said(part: Any, to: str, locales: set[str]) -> Any:
    if isinstance(part, list):
        return [_said(each, to, locales) for each in part]
    if not isinstance(part, dict):
        return part
    if part.keys() == locales:
        return part[to]
    return {name: _said(each, to, locales) for name, each in part.items()}
