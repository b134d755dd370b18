"""How much of what was asked was answered, on the wire."""

from schemas.base import Query, View
from schemas.fields import Day, Int, Items, Number, Part, Text


class AdherenceQuery(Query):
    """Which days, both included: the last four weeks unless said otherwise, 366 at most."""

    start = Day(data_key="from", load_default=None)
    end = Day(data_key="to", load_default=None)
    instrument = Text(
        max=64, load_default=None, metadata={"description": "What asks for this one alone."}
    )


class ResponseRateView(View):
    """Some days of the diary."""

    starts_on = Day()
    ends_on = Day()
    due = Int(metadata={"description": "Windows that were answered, or are over."})
    answered = Int()
    late = Int(metadata={"description": "Of the answered: the answer came after the end."})
    rate = Number(
        min=0,
        max=1,
        allow_none=True,
        metadata={"description": "The response rate, answered by due; null where nothing was."},
    )


class AdherenceView(View):
    """The whole span, and its calendar weeks, the first and the last perhaps cut short."""

    total = Part(ResponseRateView)
    weeks = Items(Part(ResponseRateView))
