"""Many check-ins at once, on the wire."""

from diary.checkins import batches
from schemas.amendments import AmendmentDraft
from schemas.base import Body, View
from schemas.checkins import CheckInDraft, GuidanceView, ReceiptView
from schemas.fields import Id, Instant, Int, Items, Part
from schemas.problems import FieldFaultView, ProblemView


class BatchItemDraft(Body):
    """One check-in or one amendment, just as it would be sent alone."""

    id = Id(required=True, metadata={"description": "Under which it would be sent alone."})
    check_in = Part(CheckInDraft)
    amends = Id(metadata={"description": "Of an amendment: the check-in's id."})
    amendment = Part(AmendmentDraft)


class BatchEnvelope(Body):
    """What stands around the items."""

    sent_at = Instant(
        load_default=None, metadata={"description": "The phone's clock now, at every try anew."}
    )


class BatchDraft(BatchEnvelope):
    """What the phone has kept since it last had a network. Each item counts by itself."""

    items = Items(Part(BatchItemDraft), required=True, min=1, max=batches.MOST)


class BatchProblemView(ProblemView):
    """Why an item was refused. `guidance`: after 409, for what it says of suicidality."""

    omit_when_none = ProblemView.omit_when_none | {"guidance"}

    guidance = Part(GuidanceView)


class BatchResultView(View):
    """What became of one item: the status and the body that it would have been answered alone.

    `receipt` from 200 to 202: it is kept, and the phone can let it go. `problem` otherwise; after
    409 and 422 the same item is answered so again, after 5xx it is to be sent again.
    """

    omit_when_none = frozenset({"receipt", "problem"})

    id = Id(allow_none=True, metadata={"description": "As it was sent; null where it cannot be."})
    status = Int(min=200, max=599)
    receipt = Part(ReceiptView)
    problem = Part(BatchProblemView)


class BatchView(View):
    """What became of each item, in the order in which they were sent."""

    received_at = Instant(metadata={"description": "The server's clock."})
    clock_ahead_seconds = Int(
        allow_none=True,
        metadata={
            "description": "How far the phone's clock is ahead of the server's, the way of the "
            "request included; negative: behind. Null without `sent_at`."
        },
    )
    errors = Items(
        Part(FieldFaultView),
        metadata={"description": "What is wrong around the items; they were taken all the same."},
    )
    results = Items(Part(BatchResultView))
