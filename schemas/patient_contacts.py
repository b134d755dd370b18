"""How a patient is reached, and who else is."""

from typing import Any

from schemas.base import Body, View
from schemas.fields import Flag, Instant, Items, Part, Text, Version


class Phone(Text):
    """As people write one, with an extension if need be; nothing is dialled by this program."""

    def __init__(self, **more: Any) -> None:
        super().__init__(min=3, max=40, pattern="[+(]?[0-9][0-9 ()./x-]*", **more)


class EmergencyContactDraft(Body):
    """Somebody to call where the patient is not reached."""

    name = Text(required=True, min=1, max=200)
    relation = Text(load_default=None, allow_none=True, min=1, max=100)
    phone = Phone(required=True)
    may_call = Flag(
        required=True, metadata={"description": "Whether the patient agrees that they are called."}
    )


class PatientContactsDraft(Body):
    """All of a patient's contacts, kept sealed. What is left out is not known."""

    callback_phone = Phone(load_default=None, allow_none=True)
    emergency = Items(Part(EmergencyContactDraft), load_default=list, max=5)
    usual_location = Text(
        load_default=None,
        allow_none=True,
        min=1,
        max=500,
        metadata={"description": "Where the patient is as a rule: an address, and how to get in."},
    )


class EmergencyContactView(View):
    """Somebody to call where the patient is not reached."""

    name = Text()
    relation = Text(allow_none=True)
    phone = Text()
    may_call = Flag()


class PatientContactsView(View):
    """A patient's contacts."""

    version = Version()
    callback_phone = Text(allow_none=True)
    emergency = Items(Part(EmergencyContactView))
    usual_location = Text(allow_none=True, max=500)
    changed_at = Instant()
    changed_by = Text(metadata={"enum": ["patient", "care-team"]})
