"""The product's own instruments as FHIR R4 Questionnaires. Pure.

Their codes are the product's own: they are no validated scale and carry no code of one.
"""

from typing import Any, Final

from diary.instruments.fhir.options import ABSENT
from diary.instruments.library import AskedWhen, Instrument, Item, Texts

CODES: Final = "urn:interlude:codes"
"""The system of the product's own codes."""
_EXTENSIONS: Final = "http://hl7.org/fhir/StructureDefinition"


def written(instrument: Instrument, locale: str) -> dict[str, Any]:
    """The questionnaire in a locale that the instrument has; its others as translations."""
    pen = _Pen(instrument, locale)
    return {
        "resourceType": "Questionnaire",
        "language": locale,
        "url": instrument.url,
        "version": instrument.version,
        "name": instrument.slug.title().replace("-", ""),
        **pen.text("title", instrument.title),
        "status": "active",
        "experimental": False,
        "subjectType": ["Patient"],
        **pen.text("description", instrument.notice),
        "code": [{"system": CODES, "code": instrument.slug}],
        "item": [pen.item(item) for item in instrument.items],
    }


class _Pen:
    def __init__(self, instrument: Instrument, locale: str) -> None:
        self._instrument = instrument
        self._locale = locale

    def text(self, name: str, texts: Texts) -> dict[str, Any]:
        others = [
            {
                "url": f"{_EXTENSIONS}/translation",
                "extension": [
                    {"url": "lang", "valueCode": locale},
                    {"url": "content", "valueString": said},
                ],
            }
            for locale, said in texts.items()
            if locale != self._locale
        ]
        found: dict[str, Any] = {name: texts[self._locale]}
        return found | ({f"_{name}": {"extension": others}} if others else {})

    def item(self, item: Item) -> dict[str, Any]:
        found = {
            "linkId": item.id,
            "code": [{"system": CODES, "code": item.id}],
            **self.text("text", item.text),
            "type": "choice",
            "required": item.required,
            "repeats": False,
            "answerOption": [*self._options(item), self._declined()],
        }
        if item.asked_when is not None:
            found["enableWhen"] = [self._condition(item.asked_when)]
        if item.within_hours_of_infusion is not None:
            asked = {"url": f"{CODES}:within-hours-of-infusion"}
            found["extension"] = [asked | {"valueInteger": item.within_hours_of_infusion}]
        return found

    def _options(self, item: Item) -> list[dict[str, Any]]:
        if item.kind == "choice":
            return [self._coded(code, item.labels[code]) for code in item.codes]
        assert item.minimum is not None
        assert item.maximum is not None
        return [
            self._coded(str(value), item.labels.get(value))
            | {"extension": [{"url": f"{_EXTENSIONS}/ordinalValue", "valueDecimal": value}]}
            for value in range(item.minimum, item.maximum + 1)
        ]

    def _coded(self, code: str, said: Texts | None, system: str = CODES) -> dict[str, Any]:
        display = {"display": code} if said is None else self.text("display", said)
        return {"valueCoding": {"system": system, "code": code, **display}}

    def _declined(self) -> dict[str, Any]:
        return self._coded("asked-declined", self._instrument.declined_text, ABSENT)

    def _condition(self, asked: AskedWhen) -> dict[str, Any]:
        answer = {"system": CODES, "code": asked.code}
        return {"question": asked.item, "operator": "=", "answerCoding": answer}
