"""The answers that an item offers: inline, or in a ValueSet that the document contains. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final, TypeVar

from diary.instruments.fhir.model import Option, Texts
from diary.instruments.fhir.parts import Findings, Placed, merged

_Part = TypeVar("_Part")
MOST_OPTIONS: Final = 200
ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_VALUES: Final = frozenset(
    f"value{kind}" for kind in ("Coding", "Date", "Integer", "Reference", "String", "Time")
)
_ABSENT_SYSTEMS = (ABSENT, "http://hl7.org/fhir/data-absent-reason")


def is_absent(system: str | None, code: str) -> bool:
    """Whether a code says that there is no answer."""
    return system in _ABSENT_SYSTEMS or (system is None and code == "asked-declined")


class Offered:
    """Reads the options of items; a ValueSet that many of them share is read once."""

    def __init__(self, findings: Findings, document: Mapping[str, Any], language: str) -> None:
        self._findings = findings
        self._language = language
        self._sets: dict[str, Placed] = {}
        self._read: dict[str, tuple[Option, ...]] = {}
        for pointer, contained in findings.objects(document, "contained", ""):
            if contained.get("resourceType") != "ValueSet":
                continue
            for name in (f"#{contained.get('id')}", contained.get("url")):
                if isinstance(name, str):
                    self._sets[name] = (pointer, contained)

    def of(self, item: Mapping[str, Any], pointer: str) -> tuple[Option, ...]:
        """The options of one item, in their order."""
        findings = self._findings
        inline = findings.objects(item, "answerOption", pointer)
        named = findings.text(item, "answerValueSet", pointer, 500)
        if named is None:
            return self._told_apart(
                [self._inline(*each) for each in self._counted(pointer, inline)]
            )
        if inline:
            findings.fault(pointer, "two_answer_lists", "answerOption and answerValueSet are both")
            return ()
        name = named if named in self._sets else named.partition("|")[0]
        if name not in self._sets:
            findings.fault(
                f"{pointer}/answerValueSet",
                "value_set_missing",
                "the answers stand in a ValueSet that the document does not contain",
            )
            return ()
        if name not in self._read:
            place, contained = self._sets[name]
            concepts = self._counted(place, self._concepts(place, contained))
            self._read[name] = self._told_apart([self._concept(*each) for each in concepts])
        return self._read[name]

    def _counted(self, pointer: str, found: Iterable[_Part]) -> list[_Part]:
        """The answers as they stand there; none of them is read where there are too many."""
        counted = list(islice(found, MOST_OPTIONS + 1))
        if len(counted) <= MOST_OPTIONS:
            return counted
        self._findings.fault(
            pointer, "too_many", f"at most {MOST_OPTIONS} answers to one item are read"
        )
        return []

    def _told_apart(self, found: list[Option | None]) -> tuple[Option, ...]:
        options = [option for option in found if option is not None]
        seen: set[tuple[str | None, str]] = set()
        for option in options:
            if (option.system, option.code) in seen:
                self._findings.fault(option.pointer, "repeated", "this answer stands there already")
            seen.add((option.system, option.code))
        return tuple(options)

    def _inline(self, pointer: str, raw: Mapping[str, Any]) -> Option | None:
        findings = self._findings
        findings.refuse_modifiers(raw, pointer)
        values = [name for name in raw if name.startswith("value")]
        if raw.get("initialSelected"):
            _note_default(findings, pointer)
        if len(values) != 1 or values[0] not in _VALUES:
            findings.fault(pointer, "no_value", "exactly one value is needed")
            return None
        (name,) = values
        here = f"{pointer}/{name}"
        prefix = next(
            (
                findings.text(each, "valueString", place, 100)
                for place, each in findings.extensions(
                    raw, pointer, "questionnaire-optionPrefix", "optionPrefix"
                )
            ),
            None,
        )
        if name == "valueCoding":
            coding = findings.object(raw, name, pointer)
            coded = self._coded(here, coding, prefix, (pointer, raw))
            return coded and replace(coded, pointer=pointer)
        value = raw[name]
        beside = (f"{pointer}/_{name}", findings.object(raw, f"_{name}", pointer))
        weight = findings.weight((pointer, raw), beside)
        if name == "valueInteger" and type(value) is int:
            texts: Texts = {self._language: str(value)}
            return Option(pointer, "number", str(value), None, texts, weight, prefix, False)
        if name in ("valueString", "valueDate", "valueTime") and isinstance(value, str):
            texts = findings.translated(raw, name, pointer, self._language)
            code = findings.text(raw, name, pointer, 500)
            if code is not None:
                return Option(pointer, "text", code, None, texts, weight, prefix, False)
            return None
        findings.fault(here, "wrong_type", "a coding, a whole number or a text is needed")
        return None

    def _coded(
        self, pointer: str, raw: Mapping[str, Any], prefix: str | None, *holders: Placed
    ) -> Option | None:
        findings = self._findings
        coding = findings.coding(raw, pointer)
        if coding is None:
            findings.fault(pointer, "no_code", "a code is needed")
            return None
        return Option(
            pointer=pointer,
            kind="coding",
            code=coding.code,
            system=coding.system,
            text=findings.translated(raw, "display", pointer, self._language),
            weight=findings.weight((pointer, raw), *holders),
            prefix=prefix,
            absent=is_absent(coding.system, coding.code),
        )

    def _concept(self, pointer: str, raw: Mapping[str, Any], system: str | None) -> Option | None:
        findings = self._findings
        coded = self._coded(pointer, {"system": system, **raw}, None)
        if coded is None:
            return None
        said: dict[str, str] = {}
        for here, each in findings.objects(raw, "designation", pointer):
            findings.refuse_modifiers(each, here)
            to = findings.language(each, "language", here)
            value = findings.text(each, "value", here)
            if to and value:
                said.setdefault(to, value)
        return replace(coded, text=merged(coded.text, said))

    def _concepts(
        self, pointer: str, contained: Mapping[str, Any]
    ) -> Iterator[tuple[str, Mapping[str, Any], str | None]]:
        findings = self._findings
        findings.refuse_modifiers(contained, pointer)
        findings.refuse_rules(contained, pointer)
        expansion = findings.object(contained, "expansion", pointer)
        findings.refuse_modifiers(expansion, f"{pointer}/expansion")
        expanded = findings.objects(expansion, "contains", f"{pointer}/expansion")
        if expanded:
            waiting = expanded[::-1]
            while waiting:
                here, each = waiting.pop()
                findings.refuse_modifiers(each, here)
                waiting += findings.objects(each, "contains", here)[::-1]
                if not each.get("abstract"):
                    yield here, each, None
            return
        compose = findings.object(contained, "compose", pointer)
        place = f"{pointer}/compose"
        findings.refuse_modifiers(compose, place)
        includes = findings.objects(compose, "include", place)
        is_open = bool(compose.get("exclude")) or not includes
        for here, include in includes:
            findings.refuse_modifiers(include, here)
            system = findings.text(include, "system", here, 500)
            concepts = findings.objects(include, "concept", here)
            is_open |= not concepts or "filter" in include or "valueSet" in include
            for found, each in concepts:
                findings.refuse_modifiers(each, found)
                yield found, each, system
        if is_open:
            findings.fault(
                pointer, "value_set_open", "the ValueSet does not name its codes one by one"
            )


def _note_default(findings: Findings, pointer: str) -> None:
    findings.remark(pointer, "default_ignored", "an answer is set beforehand; no answer is, here")
