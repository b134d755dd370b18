"""What a patient's app knows of its own patient."""

from schemas.base import View
from schemas.checkins import GuidanceView
from schemas.clinic import OwnClinicView
from schemas.fields import Id, Instant, Locale, Part, Text, Zone


class MeView(View):
    """The patient's own record."""

    id = Id()
    reference = Text()
    locale = Locale()
    time_zone = Zone()
    clinic = Part(OwnClinicView)


class OwnAlertView(View):
    """What became of what the patient sent. Never that all is well, nor who has it."""

    state = Text(
        attribute="progress.state",
        metadata={
            "enum": ["none", "sent", "seen", "being-handled", "closed"],
            "description": "`seen`: a person saw it, and nobody has it in hand any more.",
        },
    )
    text = Text(max=2_000, metadata={"description": "To be shown, in the patient's language."})
    sent_at = Instant(attribute="progress.sent_at", allow_none=True)
    delivered_at = Instant(
        attribute="progress.delivered_at",
        allow_none=True,
        metadata={"description": "When it first reached a system of the care team."},
    )
    seen_at = Instant(attribute="progress.seen_at", allow_none=True)
    closed_at = Instant(attribute="progress.closed_at", allow_none=True)
    guidance = Part(GuidanceView)
