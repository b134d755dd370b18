"""Low levels of suicidality that are known of patients, each for a time."""

from diary.checkins.baselines import Why
from schemas.base import Body, Query, View
from schemas.fields import Flag, Id, Instant, Int, Text, Word


class KnownBaselineDraft(Body):
    """What is known of a patient, until when."""

    level = Int(
        required=True,
        min=1,
        max=2,
        metadata={"description": "Of the daily check-in's ladder. From 3 on nothing is."},
    )
    reason = Text(required=True, min=1, max=2_000, metadata={"description": "Kept sealed."})
    until = Instant(required=True, metadata={"description": "At most 8 weeks ahead."})


class KnownBaselineFilter(Query):
    """Which. `review=due`: those whose weekly review is due."""

    review = Word(("due",), load_default=None)


class KnownBaselineView(View):
    """A low level that is known of a patient."""

    id = Id()
    patient_id = Id()
    level = Int()
    reason = Text(max=2_000)
    set_at = Instant()
    set_by = Id()
    until = Instant()
    review_due_at = Instant()
    reviewed_at = Instant(allow_none=True)
    reviewed_by = Id(allow_none=True)
    ended_at = Instant(allow_none=True)
    ended_why = Text(allow_none=True, metadata={"enum": [*Why, None]})
    in_force = Flag(
        metadata={
            "description": "Whether answers are list entries by it now. It is not, while its "
            "review is more than three days overdue."
        }
    )
