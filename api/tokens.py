"""Tokens for programs and the renewal of everyone's (RFC 6749), and the keys that sign them."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.auth import front
from api.limits import Rate
from api.operation import Answer, operation
from diary.access import assertions, clients, sessions
from diary.access.errors import GrantRefused
from diary.access.permissions import Scope
from diary.access.sessions import Ended, Grant
from diary.callers import ANONYMOUS, CallerKind
from diary.errors import FieldFault, Malformed
from diary.webhooks import needs_pairing
from diary.work import House, Work
from schemas.sessions import (
    KeySetView,
    RevocationRequest,
    ServerMetadataView,
    TokenRequest,
    TokenView,
)

ns = Namespace("tokens", "Tokens, and the keys that sign them", path="/")
_INCOMPLETE = "invalid_request"
_GRANTS = ("client_credentials", "refresh_token")
_DOTS_OF_A_JWT = 2
_PUBLIC = {"Cache-Control": "public, max-age=300"}


class GrantMalformed(Malformed):
    """The token request lacks a field, or asks for a kind of grant that is not given."""

    code = "grant-malformed"
    title = "The token request could not be read"


def _rate(arguments: Mapping[str, Any]) -> tuple[Rate, str | None]:
    """A phone whose token is too old has to renew it before it can say that it needs help."""
    body = arguments["body"]
    if body["grant_type"] == "refresh_token":
        return Rate.URGENT, body["refresh_token"]
    return Rate.SIGN_IN, None


@ns.route("/oauth/token")
class Token(Resource):
    """The token endpoint of OAuth 2.0."""

    @operation(
        public=True,
        own_work=True,
        body=TokenRequest,
        returns=TokenView,
        raises=(GrantRefused, GrantMalformed),
        rate=_rate,
    )
    def post(self, house: House, body: dict[str, str]) -> dict[str, Any]:
        """Trade a client's key or a refresh token for an access token.

        Refusals carry the `error` codes of RFC 6749 as a member beside the problem's own. A
        refresh token that was used before ends its session: both holders are refused.
        """
        kind = body["grant_type"]
        if kind not in _GRANTS:
            raise GrantMalformed(extra={"error": "unsupported_grant_type" if kind else _INCOMPLETE})
        door = front()
        key = door.keys.active()
        error = "invalid_client" if kind == "client_credentials" else "invalid_grant"
        try:
            with house.work(ANONYMOUS) as work:
                grant = _exchange(work, body) if error == "invalid_client" else _renew(work, body)
                answer = None if isinstance(grant, Ended) else door.token_answer(work, grant, key)
        except GrantRefused as refused:
            refused.extra["error"] = error
            raise
        # The work has committed: the revocation of a token that came back holds.
        if answer is None:
            raise GrantRefused(extra={"error": error})
        return answer


@ns.route("/oauth/revoke")
class Revocation(Resource):
    """The revocation endpoint of OAuth 2.0 (RFC 7009)."""

    @operation(
        public=True,
        own_work=True,
        body=RevocationRequest,
        raises=(GrantMalformed,),
        rate=Rate.SIGN_IN,
    )
    def post(self, house: House, body: dict[str, str]) -> Answer:
        """End the session of a refresh token, its access tokens included.

        Answers 200 for what is no token as well. An access token cannot be given up by itself:
        `error` is `unsupported_token_type`.
        """
        if body["token"].count(".") == _DOTS_OF_A_JWT:
            raise GrantMalformed(extra={"error": "unsupported_token_type"})
        _require(body, "token")
        with suppress(GrantRefused), house.work(ANONYMOUS) as work:
            _tell(work, sessions.give_up(work, body["token"]))
        return Answer()


@ns.route("/.well-known/oauth-authorization-server")
class ServerMetadata(Resource):
    """What a client needs to know to get tokens (RFC 8414)."""

    @operation(public=True, own_work=True, returns=ServerMetadataView)
    def get(self, house: House) -> Answer:
        """Where tokens are had and given up, and which kinds of grants there are."""
        issuer = house.settings.issuer
        metadata = {
            "issuer": issuer,
            "token_endpoint": f"{issuer}/oauth/token",
            "revocation_endpoint": f"{issuer}/oauth/revoke",
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "service_documentation": f"{issuer}/docs/",
            "grant_types_supported": list(_GRANTS),
            "response_types_supported": [],
            "scopes_supported": sorted(Scope),
            "token_endpoint_auth_methods_supported": [
                "client_secret_post",
                "private_key_jwt",
                "none",
            ],
            "token_endpoint_auth_signing_alg_values_supported": list(assertions.ALGORITHMS),
            "revocation_endpoint_auth_methods_supported": ["none"],
        }
        return Answer(metadata, headers=_PUBLIC)


@ns.route("/.well-known/jwks.json")
class KeySet(Resource):
    """The published keys."""

    @operation(public=True, own_work=True, returns=KeySetView)
    def get(self, house: House) -> Answer:
        """The public keys that access tokens are verified with."""
        return Answer(front().keys.jwks(), headers=_PUBLIC)


def _exchange(work: Work, body: dict[str, str]) -> Grant:
    if body["client_assertion"] or body["client_assertion_type"]:
        return _exchange_assertion(work, body)
    _require(body, "client_id", "client_secret")
    try:
        client_id = UUID(body["client_id"])
    except ValueError:
        raise GrantRefused from None
    return clients.exchange_key(work, client_id=client_id, key=body["client_secret"])


def _exchange_assertion(work: Work, body: dict[str, str]) -> Grant:
    _require(body, "client_assertion", "client_assertion_type")
    # RFC 7521, 4.2: only one way of proving who it is, and no other name than the one proven.
    if body["client_assertion_type"] != assertions.TYPE or body["client_secret"]:
        raise GrantRefused
    issuer = work.settings.issuer
    audiences = (f"{issuer}/oauth/token", issuer)
    grant = clients.exchange_assertion(work, body["client_assertion"], audiences=audiences)
    if body["client_id"].lower() not in ("", str(grant.subject_id)):
        raise GrantRefused
    return grant


def _renew(work: Work, body: dict[str, str]) -> Grant | Ended:
    _require(body, "refresh_token")
    renewed = sessions.renew(work, body["refresh_token"])
    _tell(work, renewed)
    return renewed


def _tell(work: Work, ended: object) -> None:
    if isinstance(ended, Ended) and ended.kind is CallerKind.DEVICE:
        needs_pairing.tell(work, ended)


def _require(body: dict[str, str], *names: str) -> None:
    missing = [
        FieldFault(f"/{name}", "required", "this field is needed")
        for name in names
        if not body[name]
    ]
    if missing:
        raise GrantMalformed(errors=missing, extra={"error": _INCOMPLETE})
