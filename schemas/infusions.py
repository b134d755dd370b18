"""Infusions."""

from diary.infusions.numbers import Phase
from diary.infusions.service import REASONS
from schemas.base import Body, View
from schemas.fields import Flag, Id, Instant, Int, Items, Number, Part, Text, Word
from schemas.occasions import Occasion

_ROUTES = ("iv", "im", "sc", "nasal", "oral")
_LEAST, _MOST = 0.01, 10
_LONGEST = 480  # minutes
_REASON = {"enum": list(REASONS)}
_NUMBER = (
    "Which of the patient's infusions it is, from 1, in the order of their moments; null where it "
    "was cancelled. One that is planned changes it when others are moved or cancelled."
)


def _confirm(*fields: str) -> Items:
    about = {"description": "Fields whose value is meant, though it is unusual."}
    return Items(Word(fields), load_default=list, max=len(fields), metadata=about)


class InfusionDraft(Body):
    """A visit to plan."""

    planned_at = Occasion(required=True)
    planned_minutes = Int(
        min=1,
        max=_LONGEST,
        load_default=None,
        allow_none=True,
        metadata={"description": "How long the infusion is to run."},
    )
    dose_mg_per_kg = Number(min=_LEAST, max=_MOST, load_default=None, allow_none=True)
    route = Word(_ROUTES, load_default="iv")
    confirm = _confirm("planned_at", "planned_minutes", "dose_mg_per_kg")


class InfusionMove(Body):
    """Another moment for a visit that was planned."""

    planned_at = Occasion(required=True)
    reason = Word(REASONS, required=True)
    confirm = _confirm("planned_at")


class InfusionStart(Body):
    """When it began."""

    started_at = Occasion(required=True)
    confirm = _confirm("started_at", "course")


class InfusionEnd(Body):
    """When it ended, and the dose that was given where it was not the planned one."""

    ended_at = Occasion(required=True)
    dose_mg_per_kg = Number(min=_LEAST, max=_MOST, load_default=None, allow_none=True)
    confirm = _confirm("ended_at", "dose_mg_per_kg")


class EscortDraft(Body):
    """What of the way home is arranged."""

    escort = Flag(required=True, metadata={"description": "Somebody comes along."})
    transport = Flag(required=True, metadata={"description": "How they travel is settled."})


class InfusionCancellation(Body):
    """Why it does not take place."""

    reason = Word(REASONS, required=True)


class InfusionView(View):
    """A visit."""

    id = Id()
    patient_id = Id()
    number = Int(allow_none=True, metadata={"description": _NUMBER})
    course_id = Id(allow_none=True)
    number_in_course = Int(
        allow_none=True, metadata={"description": "As `number`, of the course that it is of."}
    )
    phase = Text(allow_none=True, metadata={"enum": [*Phase, None]})
    state = Word(["planned", "started", "ended", "cancelled"])
    planned_at = Instant()
    planned_minutes = Int(allow_none=True)
    started_at = Instant(allow_none=True)
    ended_at = Instant(allow_none=True)
    dose_mg_per_kg = Number(min=_LEAST, max=_MOST, allow_none=True)
    route = Text()
    cancel_reason = Text(allow_none=True, metadata={"enum": [*REASONS, None]})
    cancelled_at = Instant(allow_none=True)
    escort_arranged_at = Instant(
        allow_none=True,
        metadata={"description": "Since when somebody is arranged who takes the patient home."},
    )
    transport_arranged_at = Instant(
        allow_none=True,
        metadata={"description": "Since when it is settled how they travel."},
    )
    left_at = Instant(
        allow_none=True, metadata={"description": "When the patient left, once that is entered."}
    )
    created_at = Instant()


class OwnInfusionView(View):
    """A visit that lies ahead, for whom it is about."""

    id = Id()
    number = Int(metadata={"description": _NUMBER})
    number_in_course = Int(
        allow_none=True, metadata={"description": "As `number`, of the course that it is of."}
    )
    phase = Text(allow_none=True, metadata={"enum": [*Phase, None]})
    planned_at = Instant()
    planned_minutes = Int(allow_none=True)
    escort_arranged_at = Instant(
        allow_none=True,
        metadata={"description": "Since when the clinic knows who takes you home."},
    )
    transport_arranged_at = Instant(
        allow_none=True,
        metadata={"description": "Since when the clinic knows how you travel home."},
    )


class MovedInfusionView(View):
    """One time that a visit was moved."""

    id = Id()
    infusion_id = Id()
    from_at = Instant()
    to_at = Instant()
    reason = Text(metadata=_REASON)
    moved_at = Instant()


class InfusionDetailView(InfusionView):
    """A visit, and how it came to its day."""

    moves = Items(Part(MovedInfusionView))
