"""Infusions."""

from schemas.base import Body, View
from schemas.fields import Id, Instant, Int, Number, Text, Word

_ROUTES = ("iv", "im", "sc", "nasal", "oral")
_LEAST, _MOST = 0.01, 10


class InfusionDraft(Body):
    """A visit to plan."""

    planned_at = Instant(required=True)
    dose_mg_per_kg = Number(min=_LEAST, max=_MOST, load_default=None, allow_none=True)
    route = Word(_ROUTES, load_default="iv")


class InfusionStart(Body):
    """When it began."""

    started_at = Instant(required=True)


class InfusionEnd(Body):
    """When it ended, and the dose that was given where it was not the planned one."""

    ended_at = Instant(required=True)
    dose_mg_per_kg = Number(min=_LEAST, max=_MOST, load_default=None, allow_none=True)


class InfusionView(View):
    """A visit."""

    id = Id()
    patient_id = Id()
    number = Int(metadata={"description": "Counted for each patient from 1."})
    state = Word(["planned", "started", "ended", "cancelled"])
    planned_at = Instant()
    started_at = Instant(allow_none=True)
    ended_at = Instant(allow_none=True)
    dose_mg_per_kg = Number(min=_LEAST, max=_MOST, allow_none=True)
    route = Text()
    created_at = Instant()
