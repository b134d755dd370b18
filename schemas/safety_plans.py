"""The safety plan on the wire: entries under six steps."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from schemas.base import Body, View
from schemas.crisis import CrisisPackView
from schemas.fields import Id, Instant, Items, Part, Text, Version
from schemas.patient_contacts import Phone

_WRITERS = {"enum": ["patient", "care-team", "care-team-system"]}


class PlanEntryDraft(Body):
    """One line of a step."""

    # Not blanks alone: in a crisis it would be an empty line.
    text = Text(required=True, max=500, pattern=r"\s*\S[\s\S]*")
    phone = Phone(
        load_default=None, allow_none=True, metadata={"description": "Whoever is to be called."}
    )


def _entries() -> Items:
    return Items(Part(PlanEntryDraft), max=20)


class OwnStepsDraft(Body):
    """The steps that the patient writes alone; whom to call in the clinic, and how means are put
    out of reach, is agreed with the care team. A step that is left out stays as it is; an empty
    list empties it."""

    warning_signs = _entries()
    coping = _entries()
    distraction = _entries()
    people = _entries()

    @validates_schema
    def _names_one(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("empty: at least one step is needed")


class StepsDraft(OwnStepsDraft):
    """All six steps. One that is left out stays as it is; an empty list empties it."""

    professionals = _entries()
    environment = _entries()


class OwnSafetyPlanDraft(Body):
    """The plan as its patient writes it."""

    steps = Part(OwnStepsDraft, required=True)


class SafetyPlanDraft(Body):
    """The plan as the care team writes it, with the patient."""

    steps = Part(StepsDraft, required=True)


class PlanEntryView(View):
    """One line of a step."""

    text = Text(max=500)
    phone = Text(allow_none=True)


class StepsView(View):
    """The entries of each step, in the order in which they are tried."""

    warning_signs = Items(Part(PlanEntryView))
    coping = Items(Part(PlanEntryView))
    distraction = Items(Part(PlanEntryView))
    people = Items(Part(PlanEntryView))
    professionals = Items(Part(PlanEntryView))
    environment = Items(Part(PlanEntryView))


class HeadingsView(View):
    """What stands above each step, in the patient's language."""

    warning_signs = Text()
    coping = Text()
    distraction = Text()
    people = Text()
    professionals = Text()
    environment = Text()


class SafetyPlanView(View):
    """One version of a patient's safety plan."""

    version = Version()
    steps = Part(StepsView)
    headings = Part(HeadingsView)
    written_at = Instant()
    written_by = Text(metadata=_WRITERS)


class PackedPlanView(View):
    """The plan within a crisis pack, which has the headings beside it."""

    version = Version()
    steps = Part(StepsView)
    written_at = Instant()
    written_by = Text(metadata=_WRITERS)


class OwnCrisisPackView(View):
    """Everything that helps this patient without a network."""

    version = Text(metadata={"description": "Changes whenever any word does."})
    country = Part(CrisisPackView)
    clinic_name = Text()
    clinic_phone = Text(allow_none=True)
    hours = Text(max=2_000, metadata={"description": "When answers are read in an ordinary week."})
    plan = Part(PackedPlanView, allow_none=True)
    headings = Part(HeadingsView)
    seen = Text(metadata={"description": "That the care team can see later that it was opened."})


class PatientPlanView(SafetyPlanView):
    """A version as the care team reads it."""

    patient_id = Id()
    written_by_id = Id()
