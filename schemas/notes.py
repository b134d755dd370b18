"""Notes: what patients wrote beside their answers."""

from schemas.base import Query, View
from schemas.fields import Flag, Id, Instant, Text, Word


class NoteFilter(Query):
    """Which notes."""

    unread = Word(("true", "false"), load_default=None)


class NoteView(View):
    """A note. It is unread until a member of the care team says that they read it."""

    id = Id()
    patient_id = Id()
    check_in_id = Id()
    text = Text(max=70_000)
    phrases = Flag(
        metadata={"description": "It holds a phrase of the clinic's list: an alert says so."}
    )
    received_at = Instant()
    read_at = Instant(allow_none=True)
    read_by = Id(allow_none=True)
