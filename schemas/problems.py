"""What an error looks like on the wire (RFC 9457); `api/problems.py` writes it."""

from schemas.base import View
from schemas.crisis import CrisisContactView
from schemas.fields import Int, Items, Part, Text


class FieldFaultView(View):
    """One fault in what was sent; the value itself is never repeated."""

    pointer = Text(metadata={"description": "JSON pointer to the field, or the query parameter."})
    code = Text(metadata={"description": "A stable code."})
    detail = Text()


class CrisisView(View):
    """Whom to call now. Without emergency numbers: the local one."""

    pack = Text(metadata={"description": "Where the offline crisis pack is, without a token."})
    emergency_numbers = Items(Text())
    contacts = Items(Part(CrisisContactView))


class ProblemView(View):
    """Why a request was refused."""

    omit_when_none = frozenset({"detail", "errors", "crisis"})

    type = Text(metadata={"description": "`urn:interlude:problem:` and the problem's code."})
    title = Text()
    status = Int(min=400, max=599)
    detail = Text()
    errors = Items(Part(FieldFaultView))
    crisis = Part(CrisisView, metadata={"description": "On every route of a patient's app."})
