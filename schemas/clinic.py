"""The clinic, as its team and its patients' apps know it."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from diary.records.retention import LONGEST, SHORTEST
from schemas.base import Body, View
from schemas.fields import Country, Flag, Id, Instant, Int, Items, Locale, Part, Text, Version, Zone

_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
_PHONE = r"\+[1-9]\d{4,14}"


class PeriodDraft(Body):
    """Hours of one weekday, in the clinic's zone; closing before opening is the next day."""

    weekday = Int(required=True, min=1, max=7, metadata={"description": "1 Monday to 7 Sunday."})
    opens = Text(required=True, max=5, pattern=_CLOCK)
    closes = Text(required=True, max=5, pattern=f"{_CLOCK}|24:00")

    @validates_schema
    def _last_some_time(self, data: dict[str, Any], **_: Any) -> None:
        if data["opens"] == data["closes"]:
            raise ValidationError("invalid: must differ from opens", "closes")


class ClinicDraft(Body):
    """What patients are shown of the clinic, and when its team reads answers."""

    name = Text(required=True, min=1)
    country = Country(required=True)
    time_zone = Zone(required=True)
    locale = Locale(load_default="en")
    phone = Text(
        max=16,
        pattern=_PHONE,
        load_default=None,
        allow_none=True,
        metadata={"description": "E.164."},
    )
    staffed_hours = Items(Part(PeriodDraft), max=50, load_default=None, allow_none=True)


class PeriodView(View):
    """Hours of one weekday."""

    weekday = Int(min=1, max=7)
    opens = Text()
    closes = Text()


class OwnClinicView(View):
    """The clinic, to be called."""

    name = Text()
    phone = Text(allow_none=True)
    country = Country()


class ClinicView(View):
    """The clinic."""

    id = Id()
    name = Text()
    country = Country()
    time_zone = Zone()
    locale = Locale()
    phone = Text(allow_none=True)
    staffed_hours = Items(Part(PeriodView), allow_none=True)
    version = Version()
    created_at = Instant()


class RetentionDraft(Body):
    """How long a record is kept after a discharge."""

    months = Int(
        required=True,
        allow_none=True,
        min=SHORTEST,
        max=LONGEST,
        metadata={
            "description": "`null`: for ever. What the law asks for is for the clinic to know."
        },
    )


class DueView(View):
    """A patient whose record is to be erased."""

    patient_id = Id()
    discharged_at = Instant()


class RetentionView(View):
    """How long records are kept after a discharge, and whose time is over."""

    months = Int(allow_none=True)
    shortest_months = Int()
    version = Version()
    due = Int(metadata={"description": "Discharged for so long, no legal hold, no open alert."})
    next = Items(Part(DueView), metadata={"description": "The first hundred of them."})


class ReadinessView(View):
    """Whether an alert of every severity would reach someone."""

    ready = Flag()
    missing = Items(Text(), metadata={"description": "`endpoint`, or `policy:` and the severity."})
    gone = Items(
        Id(), metadata={"description": "Endpoints that policies page and that answered 410."}
    )
