"""A patient's state: in treatment, away from it for a time, or no longer in it."""

from diary.patients.states import State
from schemas.base import Body, View
from schemas.fields import Flag, Id, Instant, Part, Text, Word
from schemas.patients import PatientView


class StateDraft(Body):
    """A patient's state from now on."""

    state = Word(State, required=True)
    reason = Text(required=True, min=1, max=2_000, metadata={"description": "Kept sealed."})
    since = Instant(
        load_default=None,
        metadata={"description": "When it began, not ahead; now, if it is not said."},
    )
    until = Instant(
        load_default=None,
        metadata={
            "description": "When it ends by itself, and the patient is active again. Needed for "
            "`paused` and `hospitalised`, at most 92 days ahead; for no other."
        },
    )


class StandingView(View):
    """The patient after a change of state, and what is still open of theirs."""

    patient = Part(PatientView)
    alert_id = Id(allow_none=True, metadata={"description": "Their open alert: it stays open."})
    awaited = Flag(
        metadata={
            "description": "They told of a risk, and no check-in came since. The silence is "
            "judged on, unless they died."
        }
    )


class StateView(View):
    """A change of a patient's state."""

    id = Id()
    patient_id = Id()
    state = Text(metadata={"enum": list(State)})
    since = Instant()
    until = Instant(allow_none=True)
    reason = Text(allow_none=True, max=2_000)
    changed_at = Instant()
    changed_by = Id(allow_none=True, metadata={"description": "Null where it ended by itself."})
