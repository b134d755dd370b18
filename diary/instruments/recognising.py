"""What a questionnaire's codes say that it is. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from diary.instruments.fhir.model import LOINC, Item, Questionnaire
from diary.instruments.fhir.parts import Findings
from diary.instruments.profiles import Profile

Profiles: TypeAlias = Mapping[str, Profile]
_CODE = re.compile(r"(?<![\w-])\d{1,7}-\d(?![\w-])", re.ASCII)


class Signs:
    """The codes of a document's items, against those of all profiles.

    codes: by linkId, those that a profile knows. scored_codes, risk_codes: of items that some
    profile scores; of those that tell of suicidality.
    """

    def __init__(
        self, findings: Findings, questionnaire: Questionnaire, profiles: Profiles
    ) -> None:
        self.findings = findings
        self.questionnaire = questionnaire
        self._profiles = profiles
        scored = [(each, item) for each in profiles.values() for item in each.items]
        self.scored_codes = frozenset(code for _, item in scored for code in item.codes)
        self.risk_codes = frozenset(
            code for each, item in scored if item.key in each.risk_items for code in item.codes
        )
        known = self.scored_codes.union(
            *(each.unscored_codes | each.total_codes for each in profiles.values())
        )
        self.codes = {item.link_id: self._codes_of(item, known) for item in questionnaire.asking}

    def _codes_of(self, item: Item, known: frozenset[str]) -> frozenset[str]:
        """Some documents have them in the linkId alone."""
        own = {coding.code for coding in item.codes if coding.system == LOINC} & known
        in_link_id = {item.link_id.rpartition("/")[2]} & known
        if own and in_link_id and not own & in_link_id:
            self.findings.fault(
                item.pointer, "codes_differ", "its code and its linkId are of different items"
            )
        return frozenset(own or in_link_id)

    def places(self, profile: Profile) -> dict[str, list[Item]]:
        """By key, every item of the document with one of its codes."""
        return {
            scored.key: [
                item
                for item in self.questionnaire.asking
                if self.codes[item.link_id] & scored.codes
            ]
            for scored in profile.items
        }

    def found(self) -> Profile | None:
        """The largest profile that is wholly there; None where there is none.

        Of several, and of one that the document claims to be without its items, a fault is made.
        """
        whole: dict[str, set[str]] = {}
        for each in self._profiles.values():
            places = self.places(each)
            if places and all(places.values()):
                whole[each.slug] = {item.link_id for found in places.values() for item in found}
        largest = [
            slug for slug, own in whole.items() if not any(own < other for other in whole.values())
        ]
        if len(largest) > 1:
            self.findings.fault(
                "/item", "several_instruments", "several instruments are wholly there; name one"
            )
        if largest:
            return self._profiles[largest[0]]
        for claimed in self.claims():
            for key, items in self.places(claimed).items():
                if not items:
                    self.findings.fault(
                        "/item", "item_missing", f"it calls itself {claimed.title}, without {key}"
                    )
        self.refuse_unwatched(self.questionnaire.items)
        return None

    def claims(self) -> list[Profile]:
        """What the document calls itself, by its code, an identifier or its address."""
        said = {code.code for code in self.questionnaire.codes}
        for text in (*self.questionnaire.identifiers, self.questionnaire.url or ""):
            said |= set(_CODE.findall(text))
        return [each for each in self._profiles.values() if each.panel_codes & said]

    def is_part(self, profile: Profile) -> bool:
        """Whether another profile has all of its items and more."""
        own = {item.codes for item in profile.items}
        return any(own < {item.codes for item in each.items} for each in self._profiles.values())

    def unknown(self, items: Iterable[Item]) -> list[Item]:
        """Those that a patient can answer and that no profile knows, scored or not."""
        return [item for item in items if item.askable and not self.codes[item.link_id]]

    def refuse_unwatched(
        self, items: Iterable[Item], watched: frozenset[str] = frozenset()
    ) -> None:
        """Refuse items, which nothing will score, that seem to tell of suicidality.

        watched: the codes of items that are scored. A heading may repeat one of them; with any
        other its question may stand below, and a code of another system may be a slip.
        """
        for item in items:
            seeming = {coding.code for coding in item.codes} | set(_CODE.findall(item.link_id))
            if (seeming - watched | self.codes.get(item.link_id, frozenset())) & self.risk_codes:
                self.findings.fault(
                    item.pointer,
                    "risk_unwatched",
                    "an item that tells of suicidality, and no rule would look at it",
                )
