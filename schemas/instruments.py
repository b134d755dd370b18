"""Instruments: what a check-in asks, in one language."""

from schemas.base import Query, View
from schemas.fields import Flag, Int, Items, Locale, Part, Text, Word


class LocaleQuery(Query):
    """In which language."""

    locale = Locale(load_default="en")


class InstrumentView(View):
    """A published version of an instrument. It never changes."""

    slug = Text()
    version = Text()
    url = Text()
    title = Text()
    recall_hours = Int(min=1)
    locales = Items(Locale())


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


class QuestionView(View):
    """One question: a scale from min to max, or a choice among the codes of options."""

    omit_when_none = frozenset(
        {"min", "max", "anchors", "options", "asked_when", "within_hours_of_infusion"}
    )

    id = Text()
    measure = Text()
    kind = Word(["scale", "choice"])
    required = Flag()
    text = Text(max=1_000)
    min = Int()
    max = Int()
    anchors = Items(Part(AnchorView))
    options = Items(Part(OptionView))
    asked_when = Part(AskedWhenView)
    within_hours_of_infusion = Int(min=1)


class InstrumentTextView(View):
    """An instrument as a phone shows it."""

    locale = Locale(metadata={"description": "The closest language there is."})
    slug = Text()
    version = Text()
    url = Text()
    recall_hours = Int(min=1)
    title = Text()
    notice = Text(max=2_000)
    declined = Part(DeclinedView)
    items = Items(Part(QuestionView))
