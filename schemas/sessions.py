"""Signing in, and the tokens that every way in ends with."""

from schemas.base import Body, Form, View
from schemas.fields import Email, Flag, Free, Id, Instant, Int, Items, Text


class SignIn(Body):
    """A care-team member's credentials."""

    email = Email(required=True)
    password = Text(required=True, min=1, max=128, metadata={"format": "password"})
    code = Text(
        min=6,
        max=64,
        load_default=None,
        metadata={"description": "Of the authenticator app, or a recovery code."},
    )


class SessionView(View):
    """One place where a member is signed in."""

    id = Id()
    created_at = Instant()
    renewed_at = Instant(metadata={"description": "When its token was last refreshed."})
    expires_at = Instant()
    current = Flag(metadata={"description": "The one that asks."})


class SecondFactorCode(Body):
    """A one-time code of the authenticator app."""

    code = Text(required=True, min=6, max=6)


class StepUpCode(Body):
    """A one-time code of the authenticator app, or a recovery code."""

    code = Text(required=True, min=6, max=64)


class SecondFactorView(View):
    """A secret for an authenticator app. It is shown this once."""

    secret = Text(metadata={"description": "To type in: base32, 30-second steps, 6 digits, SHA-1."})
    uri = Text(max=512, metadata={"description": "`otpauth://…`, what the QR code holds."})
    qr_svg = Text(max=65_536, metadata={"description": "The QR code as an SVG element."})


class RecoveryCodesView(View):
    """Codes for when the phone is lost, each for one sign-in. They are shown this once."""

    recovery_codes = Items(Text())


class TokenRequest(Form):
    """`client_credentials` with client_id and client_secret or with a client_assertion (RFC 7523),
    or `refresh_token` with its token."""

    grant_type = Text(max=64, load_default="")
    client_id = Text(max=64, load_default="")
    client_secret = Text(max=256, load_default="", metadata={"format": "password"})
    client_assertion_type = Text(max=128, load_default="")
    client_assertion = Text(max=4_096, load_default="", metadata={"format": "password"})
    refresh_token = Text(max=512, load_default="", metadata={"format": "password"})


class RevocationRequest(Form):
    """A refresh token that is not wanted any more."""

    token = Text(max=4_096, load_default="", metadata={"format": "password"})
    token_type_hint = Text(max=64, load_default="")


class ServerMetadataView(View):
    """The authorization server's metadata (RFC 8414, 2)."""

    issuer = Text(metadata={"format": "uri"})
    token_endpoint = Text(metadata={"format": "uri"})
    revocation_endpoint = Text(metadata={"format": "uri"})
    jwks_uri = Text(metadata={"format": "uri"})
    service_documentation = Text(metadata={"format": "uri"})
    grant_types_supported = Items(Text())
    response_types_supported = Items(Text())
    scopes_supported = Items(Text())
    token_endpoint_auth_methods_supported = Items(Text())
    token_endpoint_auth_signing_alg_values_supported = Items(Text())
    revocation_endpoint_auth_methods_supported = Items(Text())


class TokenView(View):
    """An access token, and the refresh token for the next one (RFC 6749, 5.1)."""

    omit_when_none = frozenset({"refresh_token", "patient_id", "device_id"})

    access_token = Text(max=2_048)
    token_type = Text()
    expires_in = Int(metadata={"description": "Seconds."})
    refresh_token = Text(
        metadata={"description": "For one use; using it answers the next. A client has none."}
    )
    scope = Text(max=2_000, metadata={"description": "The scopes held, separated by spaces."})
    patient_id = Id(metadata={"description": "Whose phone this is."})
    device_id = Id()


class KeySetView(View):
    """The public keys of access tokens (RFC 7517)."""

    keys = Items(Free())
