"""Who is asking: from the bearer token to the caller of a transaction."""

from dataclasses import dataclass, replace
from typing import Any

from flask import current_app, g, request

from api.limits import Limits
from diary.access.keys import KeyRing, SigningKey
from diary.access.permissions import Scope
from diary.access.sessions import Grant, find_caller, require_fresh_proof
from diary.access.tokens import Claims, Tokens
from diary.callers import CallerKind
from diary.errors import Forbidden, Unauthenticated
from diary.work import House, Work

EXTENSION = "interlude"


@dataclass(frozen=True, slots=True)
class Front:
    """What the API holds beside the house: the keys, the token service and what is counted."""

    house: House
    keys: KeyRing
    tokens: Tokens
    limits: Limits

    def token_answer(self, work: Work, grant: Grant, key: SigningKey) -> dict[str, Any]:
        """What `schemas.sessions.TokenView` shows of a grant: the signed access token.

        key: `keys.active()`, asked for before this transaction began.
        """
        token, lifetime = self.tokens.sign(grant, work.now, key)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": lifetime,
            "refresh_token": grant.refresh_token,
            "scope": " ".join(sorted(grant.scopes)),
            "patient_id": grant.patient_id,
            "device_id": grant.subject_id if grant.kind is CallerKind.DEVICE else None,
        }


def front() -> Front:
    """The front of the app that serves this request."""
    found: Front = current_app.extensions[EXTENSION]
    return found


def require_claims(door: Front, scope: Scope) -> Claims:
    """The genuine token's claims; raises Unauthenticated, or Forbidden where it lacks the scope."""
    scheme, _, token = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    claims = door.tokens.verify(token.strip(), door.house.clock.now())
    g.claims = claims
    if scope not in claims.scopes:
        raise Forbidden
    return claims


def enter(work: Work, claims: Claims, scope: Scope, *, step_up: bool) -> None:
    """Make the token's session the caller of this transaction: the first read in it.

    Raises Unauthenticated once the session is over, Forbidden where it has not the scope any more,
    and StepUpNeeded where `step_up` asks for a fresh proof of who it is.
    """
    caller = find_caller(work, claims.clinic_id, claims.session_id)
    held = caller.scopes & claims.scopes
    work.caller = g.caller = replace(caller, scopes=held)
    if scope not in held:
        raise Forbidden
    if step_up:
        require_fresh_proof(work)


def claims_if_genuine() -> Claims | None:
    """The claims of the token that came along, where an error must be answered whatever it is."""
    if "claims" not in g:
        g.claims = None
        scheme, _, token = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            door = front()
            try:
                g.claims = door.tokens.verify(token.strip(), door.house.clock.now())
            except Exception:
                # Also a database that is away: then nothing is known of the caller.
                return None
    claims: Claims | None = g.claims
    return claims
