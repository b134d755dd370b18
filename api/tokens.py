"""Tokens for programs and the renewal of everyone's (RFC 6749), and the keys that sign them."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.auth import front
from api.operation import Answer, operation
from diary.access import clients, sessions
from diary.access.errors import GrantRefused
from diary.access.sessions import Grant
from diary.callers import ANONYMOUS
from diary.errors import FieldFault, Malformed
from diary.work import House, Work
from schemas.sessions import KeySetView, TokenRequest, TokenView

ns = Namespace("tokens", "Tokens, and the keys that sign them", path="/")
_INCOMPLETE = "invalid_request"


class GrantMalformed(Malformed):
    """The token request lacks a field, or asks for a kind of grant that is not given."""

    code = "grant-malformed"
    title = "The token request could not be read"


@ns.route("/oauth/token")
class Token(Resource):
    """The token endpoint of OAuth 2.0."""

    @operation(
        public=True,
        own_work=True,
        body=TokenRequest,
        returns=TokenView,
        raises=(GrantRefused, GrantMalformed),
    )
    def post(self, house: House, body: dict[str, str]) -> dict[str, Any]:
        """Trade a client's key or a refresh token for an access token.

        Refusals carry the `error` codes of RFC 6749 as a member beside the problem's own. A
        refresh token that was used before ends its session: both holders are refused.
        """
        kind = body["grant_type"]
        if kind not in ("client_credentials", "refresh_token"):
            raise GrantMalformed(extra={"error": "unsupported_grant_type" if kind else _INCOMPLETE})
        door = front()
        key = door.keys.active()
        error = "invalid_client" if kind == "client_credentials" else "invalid_grant"
        try:
            with house.work(ANONYMOUS) as work:
                grant = _exchange(work, body) if error == "invalid_client" else _renew(work, body)
                answer = door.token_answer(work, grant, key) if grant else None
        except GrantRefused as refused:
            refused.extra["error"] = error
            raise
        # The work has committed: the revocation of a token that came back holds.
        if answer is None:
            raise GrantRefused(extra={"error": error})
        return answer


@ns.route("/.well-known/jwks.json")
class KeySet(Resource):
    """The published keys."""

    @operation(public=True, own_work=True, returns=KeySetView)
    def get(self, house: House) -> Answer:
        """The public keys that access tokens are verified with."""
        return Answer(front().keys.jwks(), headers={"Cache-Control": "public, max-age=300"})


def _exchange(work: Work, body: dict[str, str]) -> Grant:
    _require(body, "client_id", "client_secret")
    try:
        client_id = UUID(body["client_id"])
    except ValueError:
        raise GrantRefused from None
    return clients.exchange_key(work, client_id=client_id, key=body["client_secret"])


def _renew(work: Work, body: dict[str, str]) -> Grant | None:
    _require(body, "refresh_token")
    return sessions.renew(work, body["refresh_token"])


def _require(body: dict[str, str], *names: str) -> None:
    missing = [
        FieldFault(f"/{name}", "required", "this field is needed")
        for name in names
        if not body[name]
    ]
    if missing:
        raise GrantMalformed(errors=missing, extra={"error": _INCOMPLETE})
