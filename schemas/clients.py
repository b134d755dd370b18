"""API clients: a clinic's own programs."""

from diary.access.permissions import SCOPES_OF, Role
from schemas.base import Body, View
from schemas.fields import Free, Id, Instant, Items, Text, Version, Word

_KEYS = 5
_JWKS = (
    "JSON Web Keys (RFC 7517): public, EC P-256 or P-384 or RSA from 2048 bits, each with a kid."
)
_SCOPES = sorted(SCOPES_OF[Role.CLIENT])


class ClientDraft(Body):
    """What the program is called and the most that it may do."""

    name = Text(required=True, min=1, max=100)
    scopes = Items(Word(_SCOPES), required=True, min=1, max=len(_SCOPES))
    public_keys = Items(Free(), min=1, max=_KEYS, metadata={"description": _JWKS})


class PublicKeys(Body):
    """The keys that a program signs its assertions with, from now on."""

    public_keys = Items(Free(), required=True, min=1, max=_KEYS, metadata={"description": _JWKS})


class ClientView(View):
    """An API client."""

    id = Id()
    name = Text()
    scopes = Items(Word(_SCOPES))
    created_at = Instant()
    revoked_at = Instant(allow_none=True)
    public_keys = Items(Free(), allow_none=True)
    version = Version()


class ClientKeyView(ClientView):
    """A new API client with its key, which is shown this once; null if it signs assertions."""

    key = Text(allow_none=True)
