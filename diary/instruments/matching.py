"""Which scoring profile a questionnaire has: claimed by its codes, confirmed by its items. Pure.

Published files call themselves what they are not; the codes of the items decide. What does not fit
is refused, for a score that is wrong is worse than none.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from diary.errors import FieldFault, Invalid
from diary.instruments.fhir.documents import Refusal
from diary.instruments.fhir.model import LOINC, Item, Questionnaire, Remark
from diary.instruments.fhir.parts import Findings
from diary.instruments.profiles import Profile, ScoredItem
from diary.instruments.values import values_of

Profiles = Mapping[str, Profile]
_CODE = re.compile(r"(?<![\w-])\d{1,7}-\d(?![\w-])", re.ASCII)
_SCORABLE = ("choice", "yes-no", "whole-number", "number")


@dataclass(frozen=True, slots=True)
class Match:
    """How a questionnaire's answers become those of a profile.

    profile: None where the product scores nothing of it. items: linkId to the profile's key.
    answers: linkId and the code, number or text of an answer to its value. unscored: the linkIds
    that no score looks at; totals: those among them that state a total.
    """

    profile: str | None
    items: Mapping[str, str]
    answers: Mapping[tuple[str, str], int]
    unscored: tuple[str, ...]
    totals: tuple[str, ...]
    remarks: tuple[Remark, ...]

    def to_document(self) -> dict[str, Any]:
        """All but the remarks, as plain JSON values."""
        answers: dict[str, dict[str, int]] = defaultdict(dict)
        for (link_id, code), value in self.answers.items():
            answers[link_id][code] = value
        return {
            "items": dict(self.items),
            "answers": dict(answers),
            "unscored": list(self.unscored),
            "totals": list(self.totals),
        }


def from_document(
    profile: str | None, document: Mapping[str, Any], remarks: Iterable[Remark] = ()
) -> Match:
    """The match that `to_document` wrote."""
    return Match(
        profile,
        document["items"],
        {
            (link_id, code): value
            for link_id, values in document["answers"].items()
            for code, value in values.items()
        },
        tuple(document["unscored"]),
        tuple(document["totals"]),
        tuple(remarks),
    )


def match(
    questionnaire: Questionnaire,
    profiles: Profiles,
    *,
    profile: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Match:
    """How it is scored.

    profile: the one that the clinic names, for one without codes. mapping: linkId to item key;
    by the items' codes otherwise, or by their order where they have none.
    Raises Refusal for what does not fit, and Invalid for an unfit profile or mapping.
    """
    return _Matching(questionnaire, profiles).match(profile, mapping)


class _Matching:
    def __init__(self, questionnaire: Questionnaire, profiles: Profiles) -> None:
        self._questionnaire = questionnaire
        self._profiles = profiles
        self._findings = Findings()
        scored = {code: each for each in profiles.values() for code in _scored_codes(each)}
        never = {
            code
            for each in profiles.values()
            for code in (each.unscored_codes | each.total_codes)
            if code not in scored
        }
        self._scored_codes = frozenset(scored)
        self._risk_codes = frozenset(
            code
            for each in profiles.values()
            for item in each.items
            if item.key in each.risk_items
            for code in item.codes
        )
        known = frozenset(scored.keys() | never)
        self._codes = {item.link_id: self._codes_of(item, known) for item in questionnaire.asking}

    def match(self, name: str | None, mapping: Mapping[str, str] | None) -> Match:
        if name is None and mapping is not None:
            raise _unfit("/profile", "required", "a mapping needs the profile that it leads to")
        if name is not None and name not in self._profiles:
            raise _unfit("/profile", "unknown", "there is no such profile")
        chosen = self._profiles[name] if name is not None else self._found()
        if chosen is None:
            return self._unscored()
        assigned = self._assigned(chosen, mapping, named=name is not None)
        self._refuse_leftovers(chosen, assigned, named=name is not None)
        self._compare_with_claims(chosen)
        answers: dict[tuple[str, str], int] = {}
        wanted = [scored for scored in chosen.items if scored.key in assigned]
        for scored in wanted:
            item = assigned[scored.key]
            for code, value in values_of(self._findings, item, scored).items():
                answers[item.link_id, code] = value
            if item.gates:
                self._findings.remark(
                    item.pointer, "asked_conditionally", "a scored item that is not always asked"
                )
        self._raise_faults()
        keys = {assigned[scored.key].link_id: scored.key for scored in wanted}
        rest = [item for item in self._questionnaire.asking if item.link_id not in keys]
        totals = [item for item in rest if self._codes[item.link_id] & chosen.total_codes]
        if rest:
            self._findings.remark(
                rest[0].pointer, "never_scored", "items beside the score; they are kept"
            )
        return Match(
            chosen.slug,
            keys,
            answers,
            tuple(item.link_id for item in rest),
            tuple(item.link_id for item in totals),
            self._findings.remarks,
        )

    # --- which one -----------------------------------------------------------------------------

    def _codes_of(self, item: Item, known: frozenset[str]) -> frozenset[str]:
        """The codes that an item goes by. Some documents have them in the linkId alone."""
        own = {coding.code for coding in item.codes if coding.system == LOINC} & known
        in_link_id = {item.link_id.rpartition("/")[2]} & known
        if own and in_link_id and not own & in_link_id:
            self._findings.fault(
                item.pointer, "codes_differ", "its code and its linkId are of different items"
            )
        return frozenset(own or in_link_id)

    def _places(self, profile: Profile) -> dict[str, list[Item]]:
        """By key, every item of the document with one of its codes."""
        return {
            scored.key: [
                item
                for item in self._questionnaire.asking
                if self._codes[item.link_id] & scored.codes
            ]
            for scored in profile.items
        }

    def _found(self) -> Profile | None:
        """The largest profile that is wholly there; None where there is none."""
        whole: dict[str, set[str]] = {}
        for each in self._profiles.values():
            places = self._places(each)
            if places and all(places.values()):
                whole[each.slug] = {item.link_id for found in places.values() for item in found}
        largest = [
            slug for slug, own in whole.items() if not any(own < other for other in whole.values())
        ]
        if len(largest) > 1:
            self._findings.fault(
                "/item", "several_instruments", "several instruments are wholly there; name one"
            )
            self._raise_faults()
        if largest:
            return self._profiles[largest[0]]
        for claimed in self._claims():
            for key, items in self._places(claimed).items():
                if not items:
                    self._findings.fault(
                        "/item", "item_missing", f"it calls itself {claimed.title}, without {key}"
                    )
        self._refuse_unwatched(self._questionnaire.asking)
        self._raise_faults()
        return None

    def _claims(self) -> list[Profile]:
        """What the document calls itself, by its code, an identifier or its address."""
        said = {code.code for code in self._questionnaire.codes if code.system == LOINC}
        for text in (*self._questionnaire.identifiers, self._questionnaire.url or ""):
            said |= set(_CODE.findall(text))
        return [each for each in self._profiles.values() if each.panel_codes & said]

    def _compare_with_claims(self, chosen: Profile) -> None:
        claims = self._claims()
        if claims and chosen not in claims:
            self._findings.remark(
                "/code",
                "mislabelled",
                f"it calls itself {claims[0].title}; its items are those of {chosen.title}",
                warning=True,
            )

    def _unscored(self) -> Match:
        findings = self._findings
        findings.remark(
            "",
            "unscored",
            "no scoring profile fits: it gives no scores, and no safety rules will look at it",
            warning=True,
        )
        asking = tuple(item.link_id for item in self._questionnaire.asking)
        return Match(None, {}, {}, asking, (), findings.remarks)

    # --- which item is which -------------------------------------------------------------------

    def _assigned(
        self, chosen: Profile, mapping: Mapping[str, str] | None, *, named: bool
    ) -> dict[str, Item]:
        findings = self._findings
        if mapping is not None:
            assigned = self._mapped(chosen, mapping)
        else:
            places = self._places(chosen)
            if named and not any(places.values()):
                assigned = self._in_order(chosen)
            else:
                assigned = {key: found[0] for key, found in places.items() if found}
                for key, found in places.items():
                    if not found:
                        findings.fault("/item", "item_missing", f"no item is {key}")
                    for item in found[1:]:
                        findings.fault(item.pointer, "item_twice", f"another item is {key}, too")
        taken: set[str] = set()
        for key, item in assigned.items():
            codes = self._codes[item.link_id] & self._scored_codes
            if item.link_id in taken:
                findings.fault(item.pointer, "item_shared", f"it is {key} and another item at once")
            if codes and not codes & _item(chosen, key).codes:
                findings.fault(item.pointer, "codes_differ", f"its code is not that of {key}")
            taken.add(item.link_id)
        self._raise_faults()
        return assigned

    def _mapped(self, chosen: Profile, mapping: Mapping[str, str]) -> dict[str, Item]:
        by_link_id = {item.link_id: item for item in self._questionnaire.asking}
        keys = {scored.key for scored in chosen.items}
        faults = []
        if not set(mapping) <= by_link_id.keys():
            faults.append(FieldFault("/mapping", "unknown_item", "it names a linkId that asks not"))
        if not set(mapping.values()) <= keys:
            faults.append(FieldFault("/mapping", "unknown_key", "it names no item of the profile"))
        named = sorted(mapping.values())
        if named not in (sorted(keys), sorted(chosen.short_form)) and not faults:
            faults.append(
                FieldFault("/mapping", "incomplete", "each item of the profile is needed once")
            )
        if faults:
            raise Invalid(errors=faults)
        return {key: by_link_id[link_id] for link_id, key in mapping.items()}

    def _in_order(self, chosen: Profile) -> dict[str, Item]:
        never = chosen.unscored_codes | chosen.total_codes
        items = [
            item
            for item in self._questionnaire.asking
            if item.askable and item.kind in _SCORABLE and not self._codes[item.link_id] & never
        ]
        wanted = chosen.items
        if len(items) == len(chosen.short_form):
            wanted = tuple(item for item in wanted if item.key in chosen.short_form)
        if len(items) != len(wanted):
            self._findings.fault(
                "/item",
                "count_differs",
                f"{len(chosen.items)} items are needed to go by their order; name them in mapping",
            )
            self._raise_faults()
        self._findings.remark(
            items[0].pointer,
            "items_by_order",
            "items without codes: which is which goes by their order; compare them",
            warning=True,
        )
        return {scored.key: item for scored, item in zip(wanted, items, strict=True)}

    # --- what would be left out ----------------------------------------------------------------

    def _refuse_leftovers(
        self, chosen: Profile, assigned: Mapping[str, Item], *, named: bool
    ) -> None:
        taken = {item.link_id for item in assigned.values()}
        rest = [item for item in self._questionnaire.asking if item.link_id not in taken]
        self._refuse_unwatched(rest)
        for item in rest:
            if not self._codes[item.link_id] & (self._scored_codes - self._risk_codes):
                continue
            if named:
                self._findings.remark(
                    item.pointer,
                    "left_over",
                    "items of another instrument; nothing scores them",
                    warning=True,
                )
            else:
                self._findings.fault(
                    item.pointer, "left_over", "an item of another instrument, which is not whole"
                )

    def _refuse_unwatched(self, items: Iterable[Item]) -> None:
        for item in items:
            if self._codes[item.link_id] & self._risk_codes:
                self._findings.fault(
                    item.pointer,
                    "risk_unwatched",
                    "an item that tells of suicidality, and no rule would look at it",
                )

    def _raise_faults(self) -> None:
        if self._findings.faults:
            raise Refusal(*self._findings.faults)


def _scored_codes(profile: Profile) -> Iterator[str]:
    for item in profile.items:
        yield from item.codes


def _item(profile: Profile, key: str) -> ScoredItem:
    return next(item for item in profile.items if item.key == key)


def _unfit(pointer: str, code: str, detail: str) -> Invalid:
    return Invalid(errors=[FieldFault(pointer, code, detail)])


def report(questionnaire: Questionnaire, found: Match) -> list[Remark]:
    """All that is worth telling; what somebody has to know of stands at the top."""
    told = (*questionnaire.remarks, *found.remarks)
    return sorted(told, key=lambda remark: not remark.warning)
