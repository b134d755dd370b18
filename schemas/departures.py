"""How patients were when they left after an infusion."""

from diary.infusions.departures import Criterion
from schemas.base import Body, View
from schemas.fields import Id, Instant, Items, Text, Word
from schemas.occasions import Occasion

_FIELDS = ("left_at", "met")


class DepartureDraft(Body):
    """When the patient left, and which criteria were met then."""

    left_at = Occasion(
        required=True,
        allow_none=True,
        metadata={"description": "Null: they have not left; it was entered by mistake."},
    )
    met = Items(Word(Criterion), required=True, max=len(Criterion))
    reason = Text(
        min=1,
        max=2_000,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Why the patient left though a criterion was not met; needed then. Kept "
            "sealed."
        },
    )
    confirm = Items(
        Word(_FIELDS),
        load_default=list,
        max=len(_FIELDS),
        metadata={"description": "Fields whose value is meant, though it is unusual."},
    )


class OwnDepartureView(View):
    """How the patient was when they left."""

    id = Id()
    infusion_id = Id()
    left_at = Instant(allow_none=True)
    met = Items(Word(Criterion))
    unmet = Items(Word(Criterion))
    reason = Text(max=2_000, allow_none=True)
    recorded_at = Instant()


class DepartureView(OwnDepartureView):
    """How the patient was when they left, and who entered it."""

    recorded_by = Id(allow_none=True)
