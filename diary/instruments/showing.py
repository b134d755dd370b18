"""An instrument that a clinic brought, as it is shown in one language. Pure."""

from collections.abc import Mapping
from typing import Any

from diary.instruments import library
from diary.instruments.fhir.model import Answer, Item, Option, Texts
from diary.instruments.scoring import PROFILES
from diary.instruments.service import Edition, Imported


def listed(imported: Imported, locale: str) -> dict[str, Any]:
    """What a list says of it, in the closest language that there is."""
    return {
        "slug": imported.slug,
        "version": imported.version,
        "url": imported.url,
        "title": _title(imported, *imported.in_locale(locale)),
        "recall_hours": _recall_hours(imported),
        "locales": imported.locales,
        "origin": "clinic",
        "profile": imported.profile,
        "shortest_interval_hours": imported.shortest_interval_hours,
        "licensed": imported.licensed,
        "licensed_locales": imported.offered.locales if imported.offered else (),
    }


def localised(imported: Imported, locale: str) -> dict[str, Any]:
    """What a phone shows, in the closest language; of the shape that `library.localised` has."""
    edition, to = imported.in_locale(locale)
    questionnaire = edition.questionnaire
    scored = edition.match.items
    return {
        "locale": to,
        "slug": imported.slug,
        "version": imported.version,
        "url": imported.url,
        "title": _title(imported, edition, to),
        "recall_hours": _recall_hours(imported),
        "copyright": _said(questionnaire.copyright, to) or None,
        "declined": declined(to),
        "items": [_shown(item, to, scored) for item in questionnaire.items if item.askable],
    }


def declined(locale: str) -> Any:
    """The answer that every item offers, in the product's own words."""
    return library.localised(library.published()[-1], locale)["declined"]


def _title(imported: Imported, edition: Edition, locale: str) -> str:
    return _said(edition.questionnaire.title, locale) or imported.slug


def _recall_hours(imported: Imported) -> int | None:
    profile = PROFILES.get(imported.profile or "")
    return None if profile is None else profile.recall_hours


def _shown(item: Item, locale: str, scored: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": item.link_id,
        "measure": scored.get(item.link_id),
        "kind": item.kind,
        "required": item.required,
        "text": _said(item.text, locale),
        "within": item.within,
        "min": None if item.low is None else int(item.low),
        "max": None if item.high is None else int(item.high),
        # Recording takes none of a scored item.
        "own_words": (item.open and item.link_id not in scored) or None,
        "options": [_option(option, locale) for option in item.options if not option.absent]
        or None,
        "asked_when_all": [
            {
                "every": gate.every,
                "conditions": [
                    {"item": each.item, "operator": each.operator, "answer": _written(each.answer)}
                    for each in gate.conditions
                ],
            }
            for gate in item.gates
        ]
        or None,
    }


def _option(option: Option, locale: str) -> dict[str, Any]:
    return {"code": option.code, "text": _said(option.text, locale) or option.code}


def _said(texts: Texts, locale: str) -> str:
    if not texts:
        return ""
    return texts[library.closest(tuple(texts), locale)]


def _written(answer: Answer) -> str:
    if isinstance(answer, bool):
        return "true" if answer else "false"
    return f"{answer:g}" if isinstance(answer, float) else str(answer)
