"""What patients are asked when: plans and windows on the wire."""

from collections.abc import Mapping
from datetime import time
from itertools import chain
from typing import Any

from marshmallow import ValidationError, post_load, validates_schema

from diary.schedule.plan import KINDS, AfterInfusion, Daily, Plan, Weekly
from diary.schedule.windows import Reminder
from schemas.base import Body, Query, View
from schemas.fields import Flag, Id, Instant, Int, Items, Part, Text, Word, Zone

_STATES = ("pending", "answered", "missed")
_WALL = "([01][0-9]|2[0-3]):[0-5][0-9]"
_OF_KIND = {
    Daily.kind: ("opens", "closes", "after_infusion_hours", "days"),
    Weekly.kind: ("opens", "closes", "weekday"),
    AfterInfusion.kind: ("hours", "open_hours"),
}
_SHARED = frozenset({"kind", "id", "instrument", "version"})


def _wall(description: str, **more: Any) -> Text:
    return Text(max=5, pattern=_WALL, metadata={"description": description}, **more)


class PlanItemDraft(Body):
    """What is asked, and when. What is not said of a kind is as its description has it."""

    kind = Word(KINDS, required=True)
    id = Text(
        required=True,
        max=40,
        pattern="[a-z][a-z0-9-]*",
        metadata={"description": "Tells its windows apart; what keeps its id keeps its windows."},
    )
    instrument = Text(required=True, min=1, max=64)
    version = Text(required=True, min=1, max=64)
    opens = _wall("`daily`, `weekly`: HH:MM in the patient's zone; 04:00 if it is not said.")
    closes = _wall("`daily`, `weekly`: HH:MM; 04:00, where the diary's day ends, if not said.")
    after_infusion_hours = Int(
        min=0,
        max=18,
        metadata={
            "description": "`daily`: on the day of an infusion it opens so many hours after its "
            "end at the earliest."
        },
    )
    days = Items(
        Int(min=0, max=90),
        min=2,
        max=2,
        allow_none=True,
        metadata={
            "description": "`daily`: on these days after an infusion alone, from and to; 0 is its "
            "own. Every day, if it is not said."
        },
    )
    weekday = Int(min=1, max=7, metadata={"description": "`weekly`: 1 is Monday."})
    hours = Int(
        min=0,
        max=336,
        metadata={"description": "`after_infusion`: so many hours after an infusion's end."},
    )
    open_hours = Int(
        min=1, max=168, metadata={"description": "`after_infusion`: open for so many hours."}
    )

    @validates_schema
    def _fits_its_kind(self, data: Mapping[str, Any], **_: Any) -> None:
        kind = data["kind"]
        allowed = _SHARED.union(_OF_KIND[kind])
        for name in data:
            if name not in allowed:
                raise ValidationError(f"not_allowed: not for an item of kind {kind}", name)

    @post_load
    def _item(self, data: dict[str, Any], **_: Any) -> Any:
        given = {name: value for name, value in data.items() if name != "kind"}
        for name in ("opens", "closes"):
            if name in given:
                given[name] = time.fromisoformat(given[name])
        if given.get("days") is not None:
            given["days"] = tuple(given["days"])
        return KINDS[data["kind"]](**given)


class PlanDraft(Body):
    """A plan for all patients of the clinic, in force from now on."""

    items = Items(Part(PlanItemDraft), required=True, max=20)
    remind_at = _wall(
        "When a patient is reminded of what is open, HH:MM in the patient's zone; null: never.",
        load_default="10:00",
        allow_none=True,
    )
    chase_at = _wall(
        "When once more, where it is still open.", load_default="18:00", allow_none=True
    )
    reason = Text(required=True, min=1, max=2_000, metadata={"description": "Why it is so."})

    @post_load
    def _plan(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        remind_at, chase_at = (
            None if data[name] is None else time.fromisoformat(data[name])
            for name in ("remind_at", "chase_at")
        )
        plan = Plan(0, tuple(data["items"]), remind_at, chase_at)
        return {"plan": plan, "reason": data["reason"]}


class PlanItemView(View):
    """What is asked, and when; members that are not of its kind are left out."""

    omit_when_none = frozenset(chain.from_iterable(_OF_KIND.values()))

    kind = Text(metadata={"enum": list(KINDS)})
    id = Text()
    instrument = Text()
    version = Text()
    opens = _wall("In the patient's zone.")
    closes = _wall("In the patient's zone.")
    after_infusion_hours = Int()
    days = Items(Int(), allow_none=True)
    weekday = Int()
    hours = Int()
    open_hours = Int()


class PlanDocumentView(View):
    """A plan."""

    items = Items(Part(PlanItemView))
    remind_at = _wall("Null: never.", allow_none=True)
    chase_at = _wall("Null: never.", allow_none=True)


class PlanView(View):
    """One version of the clinic's plan. Version 0 ships with the product."""

    version = Int()
    document = Part(PlanDocumentView)
    reason = Text()
    published_at = Instant(allow_none=True)
    published_by = Id(allow_none=True)


class WindowView(View):
    """A time in which something is asked."""

    id = Id()
    slot = Text(metadata={"description": "What it is, whatever moves: one of each per patient."})
    instrument = Text()
    instrument_version = Text()
    infusion_id = Id(allow_none=True, metadata={"description": "Which it is asked after."})
    after_effects = Flag(
        metadata={"description": "Ask the items about the hours after an infusion, too."}
    )
    local_date = Text(
        metadata={"format": "date", "description": "The diary's day, in the patient's zone."}
    )
    opens_at = Instant()
    closes_at = Instant(metadata={"description": "From then on it is missed; an answer is taken."})
    state = Text(metadata={"enum": list(_STATES)})
    check_in_id = Id(allow_none=True)
    answered_at = Instant(allow_none=True)
    late = Flag(allow_none=True, metadata={"description": "The answer came after it had closed."})
    reminded_at = Instant(allow_none=True)
    reminder = Text(
        metadata={
            "enum": list(Reminder),
            "description": "How far the last reminder is known to have come: no system of the "
            "clinic took it, one did, or the phone showed it.",
        }
    )


class ReminderShownDraft(Body):
    """The phone showed the reminder."""

    shown_at = Instant(required=True, metadata={"description": "By the phone's clock."})


class ScheduleView(View):
    """What the patient is asked, from two days ago on, in the order that it opens."""

    time_zone = Zone()
    plan_version = Int()
    as_of = Instant()
    made_until = Instant(
        metadata={"description": "Up to when windows are made; more are made every day."}
    )
    windows = Items(Part(WindowView), max=1_000)


class WindowsQuery(Query):
    """Which of them."""

    state = Word(_STATES, load_default=None)


class TimeZoneDraft(Body):
    """Where the patient lives."""

    time_zone = Zone(required=True)


class TimeZoneView(View):
    """Where the patient lives."""

    time_zone = Zone()
