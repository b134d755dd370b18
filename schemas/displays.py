"""What a phone showed its patient."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from diary.safety.displays import Kept, Shown
from schemas.base import Body, Query, View
from schemas.fields import Flag, Id, Instant, Items, Part, Text, Word
from schemas.problems import FieldFaultView

_NEEDED = {
    Shown.CRISIS_PACK: "version",
    Shown.SAFETY_PLAN: "version",
    Shown.GUIDANCE: "check_in_id",
}


class DisplayDraft(Body):
    """One time that something was shown, under an id that the phone made."""

    id = Id(required=True)
    what = Word(Shown, required=True)
    version = Text(
        max=64,
        # As Interlude gives them; nothing that somebody could write a sentence into.
        pattern="[0-9A-Za-z._-]+",
        load_default=None,
        allow_none=True,
        metadata={"description": "Which crisis pack or safety plan it was."},
    )
    check_in_id = Id(
        load_default=None,
        allow_none=True,
        metadata={"description": "Of guidance: the check-in or the call for help it answered."},
    )
    shown_at = Instant(required=True, metadata={"description": "By the phone's clock."})
    offline = Flag(required=True, metadata={"description": "There was no network."})

    @validates_schema
    def _says_which(self, data: dict[str, Any], **_: Any) -> None:
        needed = _NEEDED[data["what"]]
        if data[needed] is None:
            raise ValidationError("required: this field is needed", needed)


class DisplaysDraft(Body):
    """What was shown since the phone last had a network. Each counts by itself."""

    displays = Items(Part(DisplayDraft), required=True, min=1)


class DisplaysEnvelope(Body):
    """The same, its items not looked at yet."""

    displays = Items(fields.Raw(allow_none=True), required=True, min=1)


class KeptDisplayView(View):
    """What became of one, in the order in which they were sent. `refused`: not kept, as `errors`
    say; its `id` is null where none could be read."""

    id = Id(allow_none=True)
    outcome = Text(metadata={"enum": [*Kept, "refused"]})
    errors = Items(Part(FieldFaultView))


class DisplayFilter(Query):
    """Which of them."""

    what = Word(Shown, load_default=None)
    offline = Word(("true", "false"), load_default=None)


class OwnDisplayView(View):
    """One time that something was shown."""

    id = Id()
    what = Text(metadata={"enum": list(Shown)})
    version = Text(allow_none=True)
    check_in_id = Id(allow_none=True)
    shown_at = Instant()
    offline = Flag()
    received_at = Instant()


class DisplayView(OwnDisplayView):
    """The same, as the care team reads it."""

    patient_id = Id()
    device_id = Id()
