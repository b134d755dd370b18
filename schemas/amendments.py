"""Amendments: what a patient took back, and why."""

from schemas.base import Body, View
from schemas.fields import Free, Id, Instant, Int, SeverityWord, Text


class AmendmentDraft(Body):
    """New answers to a check-in, all of them. The same id with the same body can be sent again."""

    reason = Text(required=True, min=1, max=1_000, metadata={"description": "Kept sealed."})
    amended_at = Instant(
        required=True, metadata={"description": "The phone's clock when it was amended."}
    )
    sent_at = Instant(
        load_default=None,
        metadata={"description": "The phone's clock when it was sent; a retry may change it."},
    )
    answers = Free(
        required=True, keys=Text(max=255), metadata={"description": "As a check-in's, by item id."}
    )
    note = Text(min=1, max=4_000, load_default=None, metadata={"description": "As a check-in's."})
    location = Text(min=1, max=500, load_default=None, metadata={"description": "As a check-in's."})


class OwnAmendmentView(View):
    """An amendment as its patient reads it. `before`: the answers and scores that it replaced."""

    id = Id()
    check_in_id = Id()
    number = Int(min=1)
    reason = Text(max=1_000)
    before = Free()
    answers = Free()
    amended_at = Instant()
    received_at = Instant()


class AmendmentView(OwnAmendmentView):
    """An amendment as the care team reads it, with how it was judged."""

    severity = SeverityWord(allow_none=True)
    alert_id = Id(allow_none=True)
