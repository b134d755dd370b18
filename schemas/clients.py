"""API clients: a clinic's own programs."""

from diary.access.permissions import SCOPES_OF, Role
from schemas.base import Body, View
from schemas.fields import Id, Instant, Items, Text, Word

_SCOPES = sorted(SCOPES_OF[Role.CLIENT])


class ClientDraft(Body):
    """What the program is called and the most that it may do."""

    name = Text(required=True, min=1, max=100)
    scopes = Items(Word(_SCOPES), required=True, min=1, max=len(_SCOPES))


class ClientView(View):
    """An API client."""

    id = Id()
    name = Text()
    scopes = Items(Word(_SCOPES))
    created_at = Instant()
    revoked_at = Instant(allow_none=True)


class ClientKeyView(ClientView):
    """A new API client with its key, which is shown this once."""

    key = Text()
