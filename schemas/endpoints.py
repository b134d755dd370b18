"""Webhook endpoints on the wire."""

from schemas.base import Body, View
from schemas.fields import Id, Instant, Int, Text, Word

PURPOSES = ("care", "disclosure")


class EndpointDraft(Body):
    """Where webhooks go: https, on the public internet unless the operator allows otherwise."""

    url = Text(required=True, min=8, max=2_048, metadata={"format": "uri"})
    description = Text(load_default=None, max=200)
    purpose = Word(
        PURPOSES,
        load_default="care",
        metadata={
            "description": "`disclosure`: a system outside the clinic. It is told of patients who "
            "consent to that alone, can be paged by no policy, and stays what it is."
        },
    )


class SecretRotation(Body):
    """How long the secret before goes on to sign beside the new one; 0: not at all."""

    overlap_hours = Int(load_default=24, min=0, max=168)


class EndpointView(View):
    """An endpoint."""

    id = Id()
    url = Text(max=2_048)
    description = Text(allow_none=True)
    purpose = Text(metadata={"enum": list(PURPOSES)})
    state = Text(
        metadata={
            "enum": ["active", "disabled", "gone"],
            "description": "`gone`: it answered 410, and nothing is sent until it is activated.",
        }
    )
    failures = Int(metadata={"description": "Failed attempts in a row."})
    blocked_until = Instant(
        allow_none=True, metadata={"description": "Until then it is sent nothing but pages."}
    )
    previous_secret_until = Instant(
        allow_none=True, metadata={"description": "Until then the secret before signs as well."}
    )
    created_at = Instant()


class NewEndpointView(EndpointView):
    """An endpoint with its signing secret, shown this once."""

    secret = Text(metadata={"description": "`whsec_…`, for the Standard Webhooks libraries."})
