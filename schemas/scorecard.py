"""How fast a clinic answers its alerts."""

from schemas.base import Query, View
from schemas.fields import Free, Instant, Int, Items, Moment, Number, Part, SeverityWord

_DAY = "A day begins at midnight in the clinic's time zone."


class ScorecardQuery(Query):
    """Which period: the last 30 days unless said otherwise, 366 at most."""

    since = Moment(
        data_key="from",
        load_default=None,
        metadata={"description": f"Alerts opened from here on. {_DAY}"},
    )
    until = Moment(
        data_key="to",
        load_default=None,
        metadata={"description": f"Alerts opened before this. {_DAY}"},
    )


class TimesView(View):
    """Whole seconds since the opening; each a time that occurred (nearest rank)."""

    median = Int()
    p90 = Int()
    p95 = Int()
    max = Int()


class FiguresView(View):
    """The alerts of one severity, the gravest that they had. Drills count nowhere."""

    severity = SeverityWord()
    opened = Int()
    answered = Int(metadata={"description": "Acknowledged, or resolved without that."})
    within_target = Int(metadata={"description": "Answered by the first deadline that stood."})
    late = Int(metadata={"description": "Answered later, or not yet and the deadline is past."})
    share_within_target = Number(
        min=0,
        max=1,
        allow_none=True,
        metadata={"description": "`within_target` of those and the late ones; null without any."},
    )
    never_answered = Int()
    unresolved = Int(metadata={"description": "Open now."})
    exhausted = Int(metadata={"description": "The policy was used up at some time."})
    reopened = Int(metadata={"description": "Worsened after it was acknowledged."})
    time_to_answer = Part(TimesView, allow_none=True)
    time_to_contact = Part(TimesView, allow_none=True)
    outcomes = Free(metadata={"description": "How many were resolved with each outcome."})


class ScorecardView(View):
    """The alerts opened in a period, by severity, the gravest first."""

    since = Instant(data_key="from")
    until = Instant(data_key="to")
    severities = Items(Part(FiguresView))
