"""Courses of treatment."""

from typing import Any

from marshmallow import post_load

from diary.infusions.courses.gate import BASELINES, Indication, Item, Outcome, Trial
from diary.infusions.courses.service import REASONS
from schemas.base import Body, View
from schemas.fields import Flag, Id, Instant, Int, Items, Part, Text, Version, Word
from schemas.occasions import Occasion

_MOST_TRIALS = 50
_LONGEST = 1_000  # weeks
_HIGHEST = max(scale.high for scale in BASELINES.values())
_ADEQUATE = {"description": "In dose and length."}
_INDICATION = {
    "description": "`trd`, `bipolar-trd`: depression that resisted treatment, also of a bipolar "
    "disorder; two failed trials are needed."
}
_INDUCTION = {
    "description": "How many infusions are to make the patient better; those after them are to "
    "keep it so."
}
_LACKED = {"description": "What the first infusion was given without, though nobody had waived it."}
_MISSING = {
    "description": "What the first infusion would lack if it began now, and was not waived."
}


class TrialDraft(Body):
    """An earlier treatment, and what it did."""

    treatment = Text(
        required=True, max=200, pattern=r"\s*\S[\s\S]*", metadata={"description": "Kept sealed."}
    )
    adequate = Flag(required=True, metadata=_ADEQUATE)
    weeks = Int(min=0, max=_LONGEST, load_default=None, allow_none=True)
    outcome = Word(Outcome, required=True)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Trial:
        return Trial(**data)


class CourseDraft(Body):
    """What a course rests on."""

    indication = Word(Indication, required=True, metadata=_INDICATION)
    trials = Items(Part(TrialDraft), required=True, max=_MOST_TRIALS)
    induction_infusions = Int(required=True, min=0, max=50, metadata=_INDUCTION)
    baseline_instrument = Word(BASELINES, required=True)


class NewCourseDraft(Body):
    """A course to open."""

    indication = Word(Indication, required=True, metadata=_INDICATION)
    trials = Items(Part(TrialDraft), load_default=list, max=_MOST_TRIALS)
    induction_infusions = Int(load_default=6, min=0, max=50, metadata=_INDUCTION)
    baseline_instrument = Word(BASELINES, load_default="phq-9")


class CourseAssessmentDraft(Body):
    """A clinician's assessment that ketamine may be given."""

    assessed_at = Occasion(required=True)


class CourseBaselineDraft(Body):
    """A total of the course's baseline instrument."""

    total = Int(required=True, min=0, max=_HIGHEST)
    rated_at = Occasion(required=True)


class CourseWaiverDraft(Body):
    """What the first infusion may do without, and why."""

    waived = Items(Word(Item), required=True, max=len(Item))
    reason = Text(required=True, min=1, max=2_000, metadata={"description": "Kept sealed."})


class CourseClosing(Body):
    """Why a course is over."""

    reason = Word(REASONS, required=True)


class TrialView(View):
    """An earlier treatment, and what it did."""

    treatment = Text()
    adequate = Flag(metadata=_ADEQUATE)
    weeks = Int(allow_none=True)
    outcome = Word(Outcome)


class OwnCourseView(View):
    """A course of treatment, without who entered what."""

    id = Id()
    indication = Word(Indication, metadata=_INDICATION)
    trials = Items(Part(TrialView))
    induction_infusions = Int(metadata=_INDUCTION)
    baseline_instrument = Text()
    assessed_at = Instant(allow_none=True)
    baseline_total = Int(
        allow_none=True,
        metadata={
            "description": "As it was entered. Once the course has begun, what it is measured "
            "from: null where nothing counted."
        },
    )
    baseline_at = Instant(allow_none=True)
    baseline_check_in_id = Id(
        allow_none=True,
        metadata={"description": "The patient's own answer that the baseline is of."},
    )
    waived = Items(Word(Item))
    waived_at = Instant(allow_none=True)
    waiver_reason = Text(allow_none=True)
    opened_at = Instant()
    begun_at = Instant(allow_none=True)
    lacked = Items(Word(Item), metadata=_LACKED)
    closed_at = Instant(allow_none=True)
    close_reason = Text(allow_none=True, metadata={"enum": [*REASONS, None]})


class CourseView(OwnCourseView):
    """A course of treatment."""

    patient_id = Id()
    version = Version()
    missing = Items(Word(Item), metadata=_MISSING)
    assessed_by = Id(allow_none=True)
    baseline_by = Id(allow_none=True)
    waived_by = Id(allow_none=True)
    opened_by = Id(allow_none=True)
    closed_by = Id(allow_none=True)
