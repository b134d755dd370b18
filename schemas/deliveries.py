"""The log of deliveries on the wire."""

from schemas.alerts import AttemptView
from schemas.base import Query, View
from schemas.fields import Flag, Id, Instant, Int, Items, Part, Text, Word

STATES = ("pending", "leased", "delivered", "superseded", "cancelled", "exhausted")


class DeliveryFilter(Query):
    """Which deliveries. The bounds are moments of creation, `until` itself excluded."""

    endpoint_id = Id(load_default=None)
    alert_id = Id(load_default=None)
    state = Word(STATES, load_default=None)
    type = Text(load_default=None, max=32)
    since = Instant(load_default=None)
    until = Instant(load_default=None)


class LoggedDeliveryView(View):
    """A message that is or was owed to one endpoint."""

    id = Id()
    webhook_id = Text(metadata={"description": "As in the header `webhook-id`."})
    type = Text()
    endpoint_id = Id()
    alert_id = Id(allow_none=True)
    is_page = Flag(metadata={"description": "Tried again without end while it is wanted."})
    state = Text(metadata={"enum": list(STATES)})
    attempts = Int()
    due_at = Instant(metadata={"description": "When it is tried next, while it is pending."})
    created_at = Instant()
    settled_at = Instant(allow_none=True)


class LoggedDeliveryInFullView(LoggedDeliveryView):
    """A delivery with every attempt, the oldest first."""

    tries = Items(Part(AttemptView), max=100_000)
