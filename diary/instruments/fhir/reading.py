"""A FHIR Questionnaire, R4 or R5, as the product's own neutral one. Pure.

Nothing in a document is carried out: expressions are told of and passed over.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from diary.instruments.fhir import bounds, conditions, documents
from diary.instruments.fhir.documents import Refusal
from diary.instruments.fhir.model import ASSUMED, Gate, Item, Kind, Questionnaire
from diary.instruments.fhir.options import Offered
from diary.instruments.fhir.parts import Findings, Placed

MOST_ITEMS: Final = 500
LONGEST_LINK_ID: Final = 255
LONGEST_URL: Final = 500
_KINDS: Final[Mapping[str, Kind]] = {
    "group": "group",
    "display": "display",
    "choice": "choice",
    "open-choice": "choice",
    "coding": "choice",
    "boolean": "yes-no",
    "integer": "whole-number",
    "decimal": "number",
    "quantity": "number",
    "string": "text",
    "text": "text",
    "url": "text",
    "date": "date",
    "dateTime": "date-time",
    "time": "time",
    "attachment": "other",
    "reference": "other",
    "question": "other",
}
_EXECUTABLE = (
    *("variable", "constraint", "targetConstraint", "cqf-library", "cqf-expression"),
    *("cqf-calculatedValue", "questionnaire-constraint"),
)


def read_bytes(raw: bytes) -> tuple[dict[str, Any], Questionnaire]:
    """A file's document, and what it says; raises Refusal."""
    document = documents.parsed(raw)
    return document, read(document)


def read(document: object, *, language: str | None = None) -> Questionnaire:
    """What a document says; raises Refusal with all that is wrong with it.

    language: the one that it is in, where it does not say.
    """
    reader = _Reader(documents.checked(document), language)
    found = reader.questionnaire()
    if reader.findings.faults:
        raise Refusal(*reader.findings.faults)
    return found


class _Reader:
    def __init__(self, document: dict[str, Any], language: str | None) -> None:
        self.findings = findings = Findings()
        self._document = document
        if document.get("resourceType") != "Questionnaire":
            findings.fault("/resourceType", "wrong_resource", "a Questionnaire is needed")
            raise Refusal(*findings.faults)
        self._language = findings.language(document, "language", "") or language
        self._offered = Offered(findings, document, self._language or ASSUMED)
        self._items: list[Item] = []
        self._own: dict[str, Gate] = {}

    def questionnaire(self) -> Questionnaire:
        findings, document = self.findings, self._document
        own = self._language or ASSUMED
        self._look_for_executable("", document)
        findings.refuse_rules(document, "")
        self._flatten()
        title = findings.translated(document, "title", "", own)
        title = title or findings.translated(document, "name", "", own)
        if self._language is None:
            findings.remark(
                "/language", "language_assumed", "it does not say its language; English is taken"
            )
        if not findings.faults and not any(item.asks for item in self._items):
            findings.fault("/item", "required", "there is nothing to answer")
        conditions.check(findings, self._items, self._own)
        bounds.check(findings, self._items)
        return Questionnaire(
            url=findings.text(document, "url", "", LONGEST_URL),
            version=findings.text(document, "version", "", 255),
            title=title,
            language=self._language,
            copyright=findings.translated(document, "copyright", "", own),
            codes=tuple(
                coding
                for here, each in findings.objects(document, "code", "")
                if (coding := findings.coding(each, here)) is not None
            ),
            identifiers=tuple(
                value
                for here, each in findings.objects(document, "identifier", "")
                if (value := findings.text(each, "value", here, 500)) is not None
            ),
            items=tuple(self._items),
            remarks=findings.remarks,
        )

    def _flatten(self) -> None:
        findings = self.findings
        seen: set[str] = set()
        top = findings.objects(self._document, "item", "")
        waiting: list[tuple[Placed, Item | None]] = [(each, None) for each in reversed(top)]
        while waiting:
            (pointer, raw), around = waiting.pop()
            if len(seen) == MOST_ITEMS:
                findings.fault(pointer, "too_many", f"at most {MOST_ITEMS} items are read")
                return
            item = self._item(pointer, raw, around)
            if item is None:
                continue
            if item.link_id in seen:
                findings.fault(f"{pointer}/linkId", "repeated", "another item has this linkId")
                continue
            seen.add(item.link_id)
            self._items.append(item)
            waiting += [(each, item) for each in findings.objects(raw, "item", pointer)[::-1]]

    def _item(self, pointer: str, raw: Mapping[str, Any], around: Item | None) -> Item | None:
        findings = self.findings
        self._look_for_executable(pointer, raw)
        link_id = findings.text(raw, "linkId", pointer, LONGEST_LINK_ID)
        kind = raw.get("type")
        if link_id is None:
            findings.fault(f"{pointer}/linkId", "required", "this field is needed")
            return None
        if not isinstance(kind, str) or kind not in _KINDS:
            findings.fault(f"{pointer}/type", "invalid_choice", "a type of FHIR is needed")
            return None
        gate = conditions.gate_of(findings, raw, pointer)
        if gate is not None:
            self._own[link_id] = gate
        if "initial" in raw:
            findings.remark(
                pointer, "default_ignored", "an answer is set beforehand; no answer is, here"
            )
        repeats = findings.flag(raw, "repeats", pointer)
        if repeats:
            findings.remark(
                pointer, "one_answer", "it takes several answers; it is shown as taking one"
            )
        item = Item(
            pointer=pointer,
            link_id=link_id,
            within=None if around is None else around.link_id,
            kind=_KINDS[kind],
            codes=tuple(
                coding
                for here, each in findings.objects(raw, "code", pointer)
                if (coding := findings.coding(each, here)) is not None
            ),
            text=findings.translated(raw, "text", pointer, self._language or ASSUMED),
            required=findings.flag(raw, "required", pointer),
            repeats=repeats,
            open=kind == "open-choice"
            or raw.get("answerConstraint") in ("optionsOrString", "optionsOrType"),
            askable=self._is_askable(raw, pointer) and (around is None or around.askable),
            low=self._bound(raw, pointer, "minValue"),
            high=self._bound(raw, pointer, "maxValue"),
            options=(),
            gates=(around.gates if around else ()) + ((gate,) if gate else ()),
        )
        return self._with_options(item, raw) if item.asks else item

    def _with_options(self, item: Item, raw: Mapping[str, Any]) -> Item:
        options = self._offered.of(raw, item.pointer)
        if options:
            return replace(item, kind="choice", options=options)
        if item.kind != "choice":
            return item
        if item.open:
            return replace(item, kind="text")
        # Whatever kept them from being read is a fault already.
        if "answerValueSet" not in raw and not raw.get("answerOption"):
            self.findings.fault(item.pointer, "no_options", "a choice needs answers to choose from")
        return item

    def _is_askable(self, raw: Mapping[str, Any], pointer: str) -> bool:
        names = ("questionnaire-hidden", "hidden")
        hidden = any(
            each.get("valueBoolean") is True
            for _, each in self.findings.extensions(raw, pointer, *names)
        )
        return not self.findings.flag(raw, "readOnly", pointer) and not hidden

    def _bound(self, raw: Mapping[str, Any], pointer: str, name: str) -> float | None:
        found = [
            self.findings.number(each, here)
            for here, each in self.findings.extensions(raw, pointer, name)
            if "valueDate" not in each and "valueDateTime" not in each
        ]
        return found[0] if found else None

    def _look_for_executable(self, pointer: str, part: Mapping[str, Any]) -> None:
        findings = self.findings
        findings.refuse_modifiers(part, pointer)
        for here, each in findings.objects(part, "extension", pointer):
            url = each.get("url")
            is_known = isinstance(url, str) and url.rpartition("/")[2] in _EXECUTABLE
            if "valueExpression" in each or is_known:
                findings.remark(
                    here, "expression_ignored", "an executable expression; it is not carried out"
                )
