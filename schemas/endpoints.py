"""Webhook endpoints on the wire."""

from schemas.base import Body, View
from schemas.fields import Id, Instant, Text


class EndpointDraft(Body):
    """Where webhooks go: https, on the public internet unless the operator allows otherwise."""

    url = Text(required=True, min=8, max=2_048, metadata={"format": "uri"})
    description = Text(load_default=None, max=200)


class EndpointView(View):
    """An endpoint."""

    id = Id()
    url = Text(max=2_048)
    description = Text(allow_none=True)
    state = Text(metadata={"enum": ["active", "disabled"]})
    created_at = Instant()


class NewEndpointView(EndpointView):
    """An endpoint with its signing secret, shown this once."""

    secret = Text(metadata={"description": "`whsec_…`, for the Standard Webhooks libraries."})
