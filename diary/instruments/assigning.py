"""Which item of a questionnaire is which of a profile: as named, by code, or by order. Pure."""

from collections.abc import Mapping
from typing import Final

from diary.errors import FieldFault, Invalid
from diary.instruments.fhir.documents import Refusal
from diary.instruments.fhir.model import Item
from diary.instruments.profiles import Profile
from diary.instruments.recognising import Signs

_SCORABLE: Final = ("choice", "yes-no", "whole-number", "number")


def assigned_items(
    signs: Signs, chosen: Profile, mapping: Mapping[str, str] | None, *, named: bool
) -> dict[str, Item]:
    """By key, the item of the document: of all of the profile's, or of its short form.

    named: the clinic named the profile; items without any code then go by their order. Raises
    Refusal, and Invalid for an unfit mapping.
    """
    if mapping is not None:
        assigned = _mapped(signs, chosen, mapping)
    elif named and not any(signs.places(chosen).values()):
        assigned = _in_order(signs, chosen)
    else:
        assigned = _by_code(signs, chosen)
    codes_of = {scored.key: scored.codes for scored in chosen.items}
    taken: set[str] = set()
    for key, item in assigned.items():
        codes = signs.codes[item.link_id] & signs.scored_codes
        if item.link_id in taken:
            signs.findings.fault(item.pointer, "item_shared", f"it is {key} and another at once")
        if codes and not codes & codes_of[key]:
            signs.findings.fault(item.pointer, "codes_differ", f"its code is not that of {key}")
        taken.add(item.link_id)
    if signs.findings.faults:
        raise Refusal(*signs.findings.faults)
    return assigned


def _by_code(signs: Signs, chosen: Profile) -> dict[str, Item]:
    places = signs.places(chosen)
    for key, found in places.items():
        if not found:
            signs.findings.fault("/item", "item_missing", f"no item is {key}")
        for item in found[1:]:
            signs.findings.fault(item.pointer, "item_twice", f"another item is {key}, too")
    return {key: found[0] for key, found in places.items() if found}


def _mapped(signs: Signs, chosen: Profile, mapping: Mapping[str, str]) -> dict[str, Item]:
    by_link_id = {item.link_id: item for item in signs.questionnaire.asking}
    keys = sorted(scored.key for scored in chosen.items)
    if not mapping.keys() <= by_link_id.keys():
        raise _unfit("unknown_item", "it names a linkId that asks nothing")
    if not set(mapping.values()) <= set(keys):
        raise _unfit("unknown_key", "it names no item of the profile")
    if sorted(mapping.values()) not in (keys, sorted(chosen.short_form)):
        raise _unfit("incomplete", "each item of the profile is needed once")
    return {key: by_link_id[link_id] for link_id, key in mapping.items()}


def _in_order(signs: Signs, chosen: Profile) -> dict[str, Item]:
    never = chosen.unscored_codes | chosen.total_codes
    items = [
        item
        for item in signs.questionnaire.asking
        if item.askable and item.kind in _SCORABLE and not signs.codes[item.link_id] & never
    ]
    wanted = [scored.key for scored in chosen.items]
    if chosen.short_form and len(items) == len(chosen.short_form):
        wanted = [key for key in wanted if key in chosen.short_form]
    if len(items) != len(wanted):
        signs.findings.fault(
            "/item",
            "count_differs",
            f"{len(wanted)} items are needed to go by their order; name them in mapping",
        )
        return {}
    signs.findings.remark(
        items[0].pointer,
        "items_by_order",
        "items without codes: which is which goes by their order; compare them",
        warning=True,
    )
    return dict(zip(wanted, items, strict=True))


def _unfit(code: str, detail: str) -> Invalid:
    return Invalid(errors=[FieldFault("/mapping", code, detail)])
