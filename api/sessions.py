"""The care team signs in and out."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.auth import front
from api.limits import Rate, address
from api.operation import operation
from diary.access import guesses, second_factor, sessions, staff
from diary.access.errors import (
    CodeRefused,
    GrantRefused,
    SecondFactorNeeded,
    SecondFactorSet,
    TooManyGuesses,
)
from diary.access.permissions import Scope
from diary.callers import ANONYMOUS, Caller
from diary.errors import NotFound
from diary.work import House, Work
from schemas.sessions import (
    RecoveryCodesView,
    SecondFactorCode,
    SecondFactorView,
    SessionView,
    SignIn,
    StepUpCode,
    TokenView,
)

ns = Namespace("sessions", "The care team signs in and out", path="/v1/sessions")


@ns.route("")
class Sessions(Resource):
    """Sessions of care-team members."""

    @operation(
        public=True,
        own_work=True,
        body=SignIn,
        returns=TokenView,
        status=201,
        raises=(GrantRefused, SecondFactorNeeded, TooManyGuesses),
        rate=Rate.SIGN_IN,
    )
    def post(self, house: House, body: dict[str, Any]) -> dict[str, Any]:
        """Sign in as a member of the care team, with the code of the authenticator app.

        Without an authenticator app the session has one scope, `session:write`: set one up,
        then refresh the token.
        """
        door = front()
        key = door.keys.active()
        counted = guesses.suspects(house.vault, body["email"], address())
        with house.work(ANONYMOUS) as work:
            guesses.count(work, *counted)
        with house.work(ANONYMOUS, write=False) as work:
            member = staff.find_for_sign_in(work, body["email"])
        # Outside of any transaction: it costs tens of milliseconds, and as much for a stranger.
        if not staff.password_matches(member, body["password"]) or member is None:
            raise GrantRefused
        code = body["code"]
        if member.second_factor_since and code is None:
            with house.work(ANONYMOUS) as work:
                guesses.was_half_right(work, *counted)
            raise SecondFactorNeeded
        with house.work(ANONYMOUS.within(member.clinic_id)) as work:
            if member.second_factor_since and not second_factor.passes(work, member, code):
                raise GrantRefused
            guesses.was_right(work, *counted)
            return door.token_answer(work, staff.sign_in(work, member), key)

    @operation(scope=Scope.SESSION_WRITE, returns=SessionView, many=True)
    def get(self, work: Work) -> list[dict[str, Any]]:
        """List where the caller is signed in, the newest first."""
        assert work.caller.id is not None
        return [
            {
                "id": row.id,
                "created_at": row.created_at,
                "renewed_at": row.refreshed_at,
                "expires_at": row.expires_at,
                "current": row.id == work.caller.session_id,
            }
            for row in sessions.open_sessions(work, work.caller.clinic, work.caller.id)
        ]


@ns.route("/<uuid:session_id>")
class Session(Resource):
    """One of the caller's own sessions."""

    @operation(scope=Scope.SESSION_WRITE, status=204, raises=(NotFound,))
    def delete(self, work: Work, session_id: UUID) -> None:
        """End it: every token of it is refused from now on."""
        sessions.end_own(work, session_id)


@ns.route("/current")
class CurrentSession(Resource):
    """The session that the request's own token belongs to."""

    @operation(scope=Scope.SESSION_WRITE, status=204)
    def delete(self, work: Work) -> None:
        """Sign out: every token of this session is refused from now on."""
        caller = work.caller
        assert caller.session_id is not None
        sessions.revoke(work, caller.clinic, caller.session_id, why="signed-out")


@ns.route("/current/step-up")
class SessionStepUp(Resource):
    """Who it is that holds the session, proven once more."""

    @operation(
        scope=Scope.SESSION_WRITE,
        own_work=True,
        body=StepUpCode,
        returns=TokenView,
        raises=(CodeRefused, TooManyGuesses),
    )
    def post(self, house: House, caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
        """Show a code of the authenticator app, for what needs a proof of the last 10 minutes.

        The whole session has proven it from now on; the access token that is answered says so in
        `auth_time`. The refresh token stays the one it was.
        """
        door = front()
        key = door.keys.active()
        with house.work(caller) as work:
            counted = guesses.suspects(house.vault, staff.own_email(work), address())
            guesses.count(work, *counted)
        with house.work(caller) as work:
            if not second_factor.passes_for(work, body["code"]):
                raise CodeRefused
            guesses.was_right(work, *counted)
            return door.token_answer(work, sessions.prove(work), key)


@ns.route("/current/second-factor")
class CurrentSecondFactor(Resource):
    """The authenticator app of whoever is signed in."""

    @operation(
        scope=Scope.SESSION_WRITE,
        returns=SecondFactorView,
        status=201,
        raises=(SecondFactorSet,),
    )
    def post(self, work: Work) -> second_factor.Enrolment:
        """Make a secret for an authenticator app; one that was not confirmed is replaced."""
        return second_factor.begin(work, staff.own_email(work))


@ns.route("/current/second-factor/confirmations")
class SecondFactorConfirmations(Resource):
    """First codes of an authenticator app."""

    @operation(
        scope=Scope.SESSION_WRITE,
        body=SecondFactorCode,
        returns=RecoveryCodesView,
        status=201,
        raises=(CodeRefused, SecondFactorSet),
    )
    def post(self, work: Work, body: dict[str, Any]) -> dict[str, Any]:
        """Show that the app has the secret; from now on signing in needs its codes.

        The session holds what the role allows as soon as its token is refreshed.
        """
        return {"recovery_codes": second_factor.confirm(work, body["code"])}
