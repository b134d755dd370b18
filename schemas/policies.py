"""Escalation policies on the wire."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from diary.alerts.reach import LAST_RESORT, TARGETS
from schemas.base import Body, View
from schemas.fields import Id, Instant, Int, Items, Part, Text, Version, Word


class TargetDraft(Body):
    """Whom a step pages."""

    type = Word(TARGETS, required=True)
    id = Id(
        load_default=None,
        metadata={"description": "Of the endpoint, rota or contact; the last resort has none."},
    )

    @validates_schema
    def _names_one(self, data: dict[str, Any], **_: Any) -> None:
        if data["type"] == LAST_RESORT and data["id"] is not None:
            raise ValidationError("invalid: the last resort has no id", "id")
        if data["type"] != LAST_RESORT and data["id"] is None:
            raise ValidationError("required: this field is needed", "id")


class StepDraft(Body):
    """One rung: page these, wait, page again until the rounds are used, then climb."""

    delay_minutes = Int(required=True, min=1, max=1_440)
    rounds = Int(load_default=1, min=1, max=20)
    targets = Items(Part(TargetDraft), required=True, min=1, max=20)


class PolicyDraft(Body):
    """The rungs in order."""

    steps = Items(Part(StepDraft), required=True, min=1, max=20)


class TargetView(View):
    """Whom a step pages."""

    type = Text(metadata={"enum": list(TARGETS)})
    id = Id(allow_none=True)


class StepView(View):
    """One rung."""

    delay_minutes = Int()
    rounds = Int()
    targets = Items(Part(TargetView))


class PolicyView(View):
    """A version of a policy; alerts keep the one they were opened or worsened under."""

    id = Id()
    applies_to = Text()
    version = Version()
    steps = Items(Part(StepView))
    created_at = Instant()
    created_by = Id(allow_none=True)
