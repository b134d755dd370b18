"""Pairing a patient's phone."""

from schemas.base import Body
from schemas.fields import Text, Word


class DeviceDraft(Body):
    """The code from the enrolment's QR picture, and what this phone calls itself."""

    code = Text(required=True, min=1, max=64)
    name = Text(max=100, load_default=None, allow_none=True)
    platform = Word(["ios", "android", "web", "other"], load_default="other")
