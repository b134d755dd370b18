"""Instruments: what a check-in asks, in one language."""

from typing import get_args

from marshmallow import INCLUDE

from diary.instruments.fhir.model import Kind
from schemas.base import Query, View
from schemas.fields import Flag, Int, Items, Locale, Part, Text, Word

_KINDS = ("scale", *get_args(Kind))


class LocaleQuery(Query):
    """In which language."""

    locale = Locale(load_default="en")


class InstrumentView(View):
    """A version of an instrument. It never changes."""

    slug = Text()
    version = Text()
    url = Text(allow_none=True)
    title = Text()
    recall_hours = Int(min=1, allow_none=True, metadata={"description": "null: nothing scores it."})
    locales = Items(Locale())
    origin = Word(["product", "clinic"], metadata={"description": "`clinic`: it was imported."})
    profile = Text(allow_none=True, metadata={"description": "What scores an imported one."})
    shortest_interval_hours = Int(allow_none=True)
    licensed = Flag(metadata={"description": "`false`: it cannot be scheduled yet."})
    licensed_locales = Items(
        Locale(), metadata={"description": "The languages that patients are offered it in."}
    )


class DeclinedView(View):
    """The answer that every question offers."""

    code = Text()
    text = Text(max=1_000)


class AskedWhenView(View):
    """The question is asked only when another one was answered with this code."""

    item = Text()
    is_ = Text(data_key="is", attribute="is")


class AnchorView(View):
    """Words beside a value of a scale."""

    value = Int()
    text = Text(max=1_000)


class OptionView(View):
    """One answer: the code of a choice, or the value of a scale."""

    omit_when_none = frozenset({"code", "value"})

    code = Text()
    value = Int()
    text = Text(max=1_000)


class ConditionView(View):
    """The answer to another question is compared."""

    item = Text()
    operator = Text(metadata={"description": "As in FHIR: `exists`, `=`, `!=`, `>`, …"})
    answer = Text(metadata={"description": "A code, or a value as text."})


class GateView(View):
    """Conditions of which every one has to hold, or any."""

    every = Flag()
    conditions = Items(Part(ConditionView))


class QuestionView(View):
    """One question: a scale from min to max, or a choice among the codes of options.

    An imported instrument has other kinds as well, and its own headings among its questions.
    """

    omit_when_none = frozenset(
        {
            *("measure", "min", "max", "anchors", "options", "asked_when"),
            *("within_hours_of_infusion", "within", "own_words", "asked_when_all"),
        }
    )

    id = Text()
    measure = Text(metadata={"description": "Left out where nothing looks at it."})
    kind = Word(_KINDS, metadata={"description": "`group` and `display` ask nothing."})
    required = Flag()
    text = Text(max=1_000)
    min = Int()
    max = Int()
    anchors = Items(Part(AnchorView))
    options = Items(Part(OptionView))
    asked_when = Part(AskedWhenView)
    within_hours_of_infusion = Int(min=1)
    within = Text(metadata={"description": "The id of the group or question around it."})
    own_words = Flag(metadata={"description": "An answer in one's own words is taken as well."})
    asked_when_all = Items(
        Part(GateView), metadata={"description": "It is asked when each of these lets it be."}
    )


class InstrumentTextView(View):
    """An instrument as a phone shows it."""

    omit_when_none = frozenset({"notice", "copyright"})

    locale = Locale(metadata={"description": "The closest language there is."})
    slug = Text()
    version = Text()
    url = Text(allow_none=True)
    recall_hours = Int(min=1, allow_none=True)
    title = Text()
    notice = Text(max=2_000)
    copyright = Text(metadata={"description": "To be shown with the questions."})
    declined = Part(DeclinedView)
    items = Items(Part(QuestionView))


class QuestionnaireView(View):
    """A FHIR Questionnaire."""

    class Meta:
        unknown = INCLUDE

    resource_type = Word(["Questionnaire"], data_key="resourceType", attribute="resourceType")
