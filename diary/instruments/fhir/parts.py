"""Members of a FHIR document, read with their types: every fault is named by its place. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from diary.errors import FieldFault
from diary.instruments.fhir.model import LOINC, SNOMED, Coding, Remark, Texts

MOST_FAULTS: Final = 50
LONGEST: Final = 8_000
"""Characters of a text that is shown."""
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_LOINC_CODE = re.compile(r"(LA)?\d{1,7}-\d", re.ASCII)
_SYSTEMS = {
    "https://loinc.org": LOINC,
    "urn:oid:2.16.840.1.113883.6.1": LOINC,
    "http://www.snomed.org": SNOMED,
    "urn:oid:2.16.840.1.113883.6.96": SNOMED,
}
_WEIGHTS = (
    "ordinalValue",
    "itemWeight",
    "valueset-ordinalValue",
    "codesystem-ordinalValue",
    "questionnaire-ordinalValue",
    "iso21090-CO-value",
)

Placed = tuple[str, Mapping[str, Any]]
"""An object, after the JSON pointer to it."""


class Findings:
    """What is wrong with a document and what is worth telling, as it is read."""

    def __init__(self) -> None:
        self.faults: list[FieldFault] = []
        self._remarks: dict[str, Remark] = {}

    def fault(self, pointer: str, code: str, detail: str) -> None:
        """Refuse it. Said so often at most: a hostile document must not buy one for each node."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(FieldFault(pointer, code, detail))

    def remark(self, pointer: str, code: str, text: str, *, warning: bool = False) -> None:
        """Tell of it, once for all of one code."""
        known = self._remarks.get(code)
        self._remarks[code] = (
            replace(known, count=known.count + 1)
            if known
            else Remark(pointer, code, text, warning=warning)
        )

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """One for each code."""
        return tuple(self._remarks.values())

    # --- members -------------------------------------------------------------------------------

    def objects(self, part: Mapping[str, Any], name: str, pointer: str) -> list[Placed]:
        """A list of objects; none where it is not there."""
        found = part.get(name)
        if found is None:
            return []
        here = f"{pointer}/{name}"
        if not isinstance(found, list):
            self.fault(here, "wrong_type", "a list is needed")
            return []
        placed: list[Placed] = []
        for number, each in enumerate(found):
            if isinstance(each, dict):
                placed.append((f"{here}/{number}", each))
            else:
                self.fault(f"{here}/{number}", "wrong_type", "an object is needed")
        return placed

    def object(self, part: Mapping[str, Any], name: str, pointer: str) -> Mapping[str, Any]:
        """An object; an empty one where it is not there."""
        found = part.get(name)
        if found is None or isinstance(found, dict):
            return found or {}
        self.fault(f"{pointer}/{name}", "wrong_type", "an object is needed")
        return {}

    def text(
        self, part: Mapping[str, Any], name: str, pointer: str, longest: int = LONGEST
    ) -> str | None:
        """A text with something in it; None where it is not there."""
        found = part.get(name)
        if found is None:
            return None
        if not isinstance(found, str):
            self.fault(f"{pointer}/{name}", "wrong_type", "text is needed")
            return None
        if len(found) > longest:
            self.fault(f"{pointer}/{name}", "too_long", f"at most {longest} characters")
            return None
        return found if found.strip() else None

    def flag(self, part: Mapping[str, Any], name: str, pointer: str) -> bool:
        """true or false; False where it is not there."""
        found = part.get(name, False)
        if isinstance(found, bool):
            return found
        self.fault(f"{pointer}/{name}", "wrong_type", "true or false is needed")
        return False

    def number(self, part: Mapping[str, Any], pointer: str) -> float | None:
        """The decimal or whole number of an extension, perhaps written as text."""
        for name in ("valueDecimal", "valueInteger", "valueString"):
            found = part.get(name)
            if found is None:
                continue
            if isinstance(found, str) and re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", found, re.ASCII):
                return float(found)
            if type(found) in (int, float) and abs(found) < 1e9:
                return float(found)
            break
        self.fault(pointer, "invalid_number", "a number is needed here")
        return None

    # --- what FHIR makes of them ---------------------------------------------------------------

    def extensions(self, part: Mapping[str, Any], pointer: str, *names: str) -> Iterator[Placed]:
        """The extensions whose address ends in one of these names."""
        for here, each in self.objects(part, "extension", pointer):
            url = each.get("url")
            if isinstance(url, str) and url.rpartition("/")[2] in names:
                yield here, each

    def refuse_modifiers(self, part: Mapping[str, Any], pointer: str) -> None:
        """Refuse what may be changed in a way that is not known."""
        if part.get("modifierExtension"):
            self.fault(
                f"{pointer}/modifierExtension",
                "modifier",
                "an extension may change what this means, and it is not known",
            )

    def refuse_rules(self, resource: Mapping[str, Any], pointer: str) -> None:
        """Refuse a resource that is to be read by rules of its own."""
        if resource.get("implicitRules"):
            self.fault(
                f"{pointer}/implicitRules",
                "modifier",
                "rules may change what this means, and they are not known",
            )

    def translated(
        self, part: Mapping[str, Any], name: str, pointer: str, language: str
    ) -> dict[str, str]:
        """A text in the document's language and in those that the translation extension gives."""
        found: dict[str, str] = {}
        own = self.text(part, name, pointer)
        if own is not None:
            found[language] = own
        beside = self.object(part, f"_{name}", pointer)
        for here, each in self.extensions(beside, f"{pointer}/_{name}", "translation"):
            to, said = None, None
            for place, inner in self.objects(each, "extension", here):
                if inner.get("url") == "lang":
                    to = self.language(inner, "valueCode", place)
                elif inner.get("url") == "content":
                    said = self.text(inner, "valueString", place) or self.text(
                        inner, "valueMarkdown", place
                    )
            if to and said:
                found.setdefault(to, said)
        return found

    def language(self, part: Mapping[str, Any], name: str, pointer: str) -> str | None:
        """A language tag."""
        found = self.text(part, name, pointer, 16)
        if found is not None and not LANGUAGE.fullmatch(found):
            self.fault(f"{pointer}/{name}", "invalid_format", "a language tag is needed")
            return None
        return found

    def coding(self, part: Mapping[str, Any], pointer: str) -> Coding | None:
        """A code with its system; one that can only be LOINC's needs none."""
        code = self.text(part, "code", pointer, 255)
        if code is None:
            return None
        system = self.text(part, "system", pointer, 500)
        if system is not None:
            system = system.rstrip("/")
            system = _SYSTEMS.get(system, system)
        elif _LOINC_CODE.fullmatch(code):
            system = LOINC
        return Coding(system, code)

    def weight(self, *holders: Placed) -> float | None:
        """What an answer weighs, wherever it stands; two that differ are refused."""
        found = {
            value
            for pointer, holder in holders
            for here, each in self.extensions(holder, pointer, *_WEIGHTS)
            if (value := self.number(each, here)) is not None
        }
        if len(found) > 1:
            self.fault(holders[0][0], "weights_differ", "two weights of one answer differ")
        return found.pop() if len(found) == 1 else None


def merged(*texts: Texts) -> dict[str, str]:
    """Texts of one thing; the first that has a language gives its words."""
    found: dict[str, str] = {}
    for each in texts:
        found = {**each, **found}
    return found
