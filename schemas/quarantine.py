"""What could not be taken as it was sent, and what a member of the care team found it to be."""

from diary.checkins.review import Verdict
from schemas.base import Body, Query, View
from schemas.fields import Free, Id, Instant, Int, Items, SeverityWord, Text, Word


class QuarantineFilter(Query):
    """Which bodies."""

    reviewed = Word(("true", "false"), load_default=None)


class ReviewDraft(Body):
    """What a body turned out to be."""

    verdict = Word(Verdict, required=True)
    note = Text(min=1, max=4_000, load_default=None, allow_none=True)


class SetApartView(View):
    """A body that could not be taken as it was. Its suicidality answers were judged. It waits until
    a member of the care team has said what it is."""

    id = Id()
    patient_id = Id()
    check_in_id = Id()
    why = Text(metadata={"enum": ["invalid", "conflict"]})
    faults = Items(Free(), max=1_000)
    body = Free(metadata={"description": "The body as it was sent."})
    severity = SeverityWord(allow_none=True)
    alert_id = Id(allow_none=True)
    received_at = Instant()
    verdict = Text(allow_none=True, metadata={"enum": [*Verdict, None]})
    review_note = Text(allow_none=True, max=4_000)
    reviewed_at = Instant(allow_none=True)
    reviewed_by = Id(allow_none=True)


class WaitingView(View):
    """What waits for a review."""

    count = Int(min=0)
    since = Instant(allow_none=True, metadata={"description": "When the first of them came."})
