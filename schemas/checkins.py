"""Check-ins on the wire: what a phone sends, its receipt, and what the care team reads."""

from schemas.base import Body, Query, View
from schemas.crisis import CrisisContactView
from schemas.fields import (
    Day,
    Flag,
    Free,
    Id,
    Instant,
    Int,
    Items,
    Locale,
    Part,
    SeverityWord,
    Text,
    TextInt,
    Zone,
)
from schemas.problems import FieldFaultView


class CheckInDraft(Body):
    """One check-in. The same id with the same body can be sent again and again."""

    instrument = Text(
        required=True, min=1, max=64, metadata={"description": "Its slug: `daily-check-in`."}
    )
    version = Text(required=True, min=1, max=64, metadata={"description": "Such as `1.0.0`."})
    locale = Locale(required=True, metadata={"description": "The language it was answered in."})
    recorded_at = Instant(
        required=True, metadata={"description": "The phone's clock when it was answered."}
    )
    sent_at = Instant(
        load_default=None,
        metadata={"description": "The phone's clock when it was sent; a retry may change it."},
    )
    time_zone = Zone(required=True, metadata={"description": "Where the phone was."})
    day = Day(
        load_default=None,
        metadata={
            "description": "The diary's day that it is about: the one of `recorded_at`, if it is "
            "left out, or until 12:00 the one before."
        },
    )
    answers = Free(
        required=True,
        keys=Text(max=255),
        metadata={
            "description": "By item id (the linkId, of an instrument that the clinic brought): a "
            "whole number, an option's code, or `declined`. An item that was not shown is left out."
        },
    )
    note = Text(
        min=1,
        max=4_000,
        load_default=None,
        metadata={
            "description": "Free text for the care team, kept sealed. It is not read right away; "
            "a phrase of the clinic's list in it raises an alert at once."
        },
    )
    location = Text(
        min=1,
        max=500,
        load_default=None,
        metadata={
            "description": "Where the patient is right now, if they choose to say so. It is shown "
            "to the care team with an alert, and kept sealed; where the answers raise none, it is "
            "not kept."
        },
    )
    client_total = Int(
        min=0,
        max=1_000,
        load_default=None,
        metadata={"description": "The total as the phone adds it up; ours is what counts."},
    )


class CoverageView(View):
    """Whether the team reads answers right now; all null where the clinic set no hours."""

    open_now = Flag(allow_none=True)
    opens_at = Instant(allow_none=True)
    closes_at = Instant(allow_none=True)
    text = Text(max=2_000)


class PlanLinkView(View):
    """Where the patient's safety plan is, for a phone that has not this version of it."""

    version = Int(min=1)
    path = Text()


class GuidanceView(View):
    """What to show the patient now, whatever becomes of any message to the care team."""

    level = Text(metadata={"enum": ["none", "support", "urgent", "emergency"]})
    text = Text(max=4_000)
    locale = Locale()
    emergency_numbers = Items(Text(), metadata={"description": "Empty: the local one."})
    contacts = Items(Part(CrisisContactView))
    contacts_verified_on = Text(metadata={"format": "date"})
    clinic_name = Text()
    clinic_phone = Text(allow_none=True)
    coverage = Part(CoverageView)
    crisis_pack = Text(metadata={"description": "Where the offline crisis pack is."})
    safety_plan = Part(
        PlanLinkView,
        allow_none=True,
        metadata={"description": "The patient's own; null where nobody has written one."},
    )
    no_driving_until = Instant(
        allow_none=True,
        metadata={
            "description": "The morning after an infusion, in the patient's zone; null where none "
            "was so lately. The text says so, too."
        },
    )


class ScoresView(View):
    """What the server scored; null where it was not answered. `measures`, `total` and `band` are of
    other instruments than the daily check-in, and absent where they cannot be told."""

    omit_when_none = frozenset({"measures", "total", "band"})

    mood = Int(min=0, max=10, allow_none=True)
    anxiety = Int(min=0, max=10, allow_none=True)
    dissociation = Int(
        min=0, max=4, allow_none=True, metadata={"description": "The highest of its four items."}
    )
    dissociation_total = Int(min=0, max=16, allow_none=True)
    si = Int(min=0, max=5, allow_none=True, metadata={"description": "The ladder of ideation."})
    measures = Free(
        attribute="scores",
        allow_none=True,
        metadata={"description": "Of any other instrument, by name; docs/instruments.md."},
    )
    total = Int(allow_none=True, metadata={"description": "Null where too much is missing."})
    band = Text(allow_none=True)


class SinceInfusionView(View):
    """Where a check-in lies after the last infusion: "day 3 after infusion 4"."""

    number = Int()
    days_since = Int(metadata={"description": "Local calendar days; 0 on the day itself."})
    hours_since = Int(
        allow_none=True, metadata={"description": "Whole hours since its end; null while it runs."}
    )


class ReceiptView(View):
    """What became of a check-in. `quarantined`: kept and its suicidality judged, but not scored;
    `errors` says why."""

    id = Id()
    outcome = Text(metadata={"enum": ["recorded", "repeated", "quarantined"]})
    received_at = Instant()
    local_date = Text(
        allow_none=True,
        metadata={"format": "date", "description": "The diary's day, from 04:00 to 04:00."},
    )
    late = Flag(allow_none=True, metadata={"description": "It was entered on the day after."})
    scores = Part(ScoresView, allow_none=True)
    infusion = Part(SinceInfusionView, allow_none=True)
    care_team_told = Flag()
    guidance = Part(GuidanceView)
    errors = Items(Part(FieldFaultView), max=1_000)


class HelpCall(Body):
    """What may come along with a call for help. Whatever is not in order is ignored."""

    location = Text(
        min=1,
        max=500,
        load_default=None,
        metadata={"description": "Where the patient is right now. It is kept sealed."},
    )


class HelpView(View):
    """The care team was told; what to do meanwhile."""

    id = Id()
    received_at = Instant()
    care_team_told = Flag()
    guidance = Part(GuidanceView)


class OwnCheckInView(View):
    """A check-in as its patient reads it."""

    id = Id()
    instrument = Text()
    version = Text()
    locale = Locale()
    answers = Free()
    recorded_at = Instant()
    sent_at = Instant(allow_none=True)
    received_at = Instant()
    utc_offset_minutes = Int()
    time_zone = Zone()
    local_date = Text(metadata={"format": "date"})
    late = Flag(metadata={"description": "It was entered on the day after."})
    mood = Int(allow_none=True)
    anxiety = Int(allow_none=True)
    dissociation = Int(allow_none=True)
    dissociation_total = Int(allow_none=True)
    si = Int(allow_none=True)
    measures = Free(attribute="scores", allow_none=True)
    total = Int(allow_none=True)
    band = Text(allow_none=True)
    amendments = Int(min=0, metadata={"description": "How often the patient amended it."})
    infusion_number = Int(allow_none=True)
    days_since_infusion = Int(allow_none=True)
    hours_since_infusion = Int(allow_none=True)


class CheckInView(OwnCheckInView):
    """A check-in as the care team reads it, with how it was judged."""

    patient_id = Id()
    device_id = Id(metadata={"description": "The phone that sent it."})
    client_total = Int(
        allow_none=True, metadata={"description": "What the phone added up; see `total_agrees`."}
    )
    total_agrees = Flag(
        allow_none=True, metadata={"description": "Null where there are not two totals."}
    )
    severity = SeverityWord(allow_none=True)
    rule_set_version = Int()
    alert_id = Id(allow_none=True)


class CheckInFilter(Query):
    """Which check-ins. The bounds are moments of recording."""

    recorded_from = Instant(load_default=None)
    recorded_before = Instant(load_default=None)
    si_at_least = TextInt(min=0, max=5, load_default=None)
