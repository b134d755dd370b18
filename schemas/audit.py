"""The audit trail on the wire."""

from schemas.base import Query, View
from schemas.fields import Free, Id, Instant, Int, Text


class AuditFilter(Query):
    """Which events of the audit trail."""

    subject = Text(load_default=None, max=32, metadata={"description": "A kind, as `patient`."})
    subject_id = Id(load_default=None)
    actor_id = Id(load_default=None)
    since = Instant(
        data_key="from", load_default=None, metadata={"description": "Dated from here on."}
    )
    until = Instant(
        data_key="to", load_default=None, metadata={"description": "Dated before this."}
    )


class AuditEventView(View):
    """Who did what to which object."""

    id = Id()
    at = Instant()
    actor_kind = Text()
    actor_id = Id(allow_none=True)
    action = Text()
    subject = Text(metadata={"description": "The kind of the object."})
    subject_id = Id()
    detail = Free(allow_none=True, metadata={"description": "Codes and ids, by the action."})
    sequence = Int(
        allow_none=True,
        metadata={
            "description": "Its place in the clinic's chain, from 1 and without a gap; null for "
            "the seconds until it is sealed."
        },
    )
