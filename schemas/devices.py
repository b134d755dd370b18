"""Pairing a patient's phone."""

from schemas.base import Body, View
from schemas.fields import Id, Instant, Text, Word

_PLATFORMS = ["ios", "android", "web", "other"]


class DeviceDraft(Body):
    """The code from the enrolment's QR picture, and what this phone calls itself."""

    code = Text(required=True, min=1, max=64)
    name = Text(max=100, load_default=None, allow_none=True)
    platform = Word(_PLATFORMS, load_default="other")


class DeviceView(View):
    """A patient's phone."""

    id = Id()
    name = Text(max=100, allow_none=True)
    platform = Word(_PLATFORMS)
    state = Word(
        ["active", "needs-pairing", "ended"],
        metadata={
            "description": "`needs-pairing`: it was put out by a token that came back or was given "
            "up; the patient may not know."
        },
    )
    paired_at = Instant()
    seen_at = Instant(metadata={"description": "When it last renewed its token."})
