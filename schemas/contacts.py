"""Contacts of the care team on the wire."""

from schemas.base import Body, View
from schemas.fields import Id, Instant, Text, Version


class ContactDraft(Body):
    """Where a person is reached."""

    address = Text(
        required=True,
        min=5,
        max=2_048,
        metadata={
            "format": "uri",
            "writeOnly": True,
            "description": "An Apprise URL such as `mailtos://user:password@example.org`.",
        },
    )
    label = Text(load_default=None, max=200)


class ContactView(View):
    """A contact; its address is not shown."""

    id = Id()
    staff_id = Id()
    scheme = Text(metadata={"description": "The part of the address before `://`."})
    label = Text(allow_none=True)
    state = Text(metadata={"enum": ["active"]})
    version = Version()
    created_at = Instant()
