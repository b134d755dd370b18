"""The care team signs in and out."""

from typing import Any

from flask_restx import Namespace, Resource

from api.auth import counted_guess, front
from api.operation import operation
from diary.access import sessions, staff
from diary.access.errors import GrantRefused, TooManyGuesses
from diary.access.permissions import Scope
from diary.callers import ANONYMOUS, CallerKind
from diary.errors import Forbidden
from diary.work import House, Work
from schemas.sessions import SignIn, TokenView

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
        raises=(GrantRefused, TooManyGuesses),
    )
    def post(self, house: House, body: dict[str, Any]) -> dict[str, Any]:
        """Sign in as a member of the care team."""
        door = front()
        key = door.keys.active()
        was_right = counted_guess(house, body["email"])
        with house.work(ANONYMOUS, write=False) as work:
            member = staff.find_for_sign_in(work, body["email"])
        # Outside of any transaction: it costs tens of milliseconds, and as much for a stranger.
        if not staff.password_matches(member, body["password"]) or member is None:
            raise GrantRefused
        with house.work(ANONYMOUS) as work:
            was_right(work)
            return door.token_answer(work, staff.sign_in(work, member), key)


@ns.route("/current")
class CurrentSession(Resource):
    """The session that the request's own token belongs to."""

    @operation(scope=Scope.CLINIC_READ, status=204)
    def delete(self, work: Work) -> None:
        """Sign out: every token of this session is refused from now on."""
        caller = work.caller
        # A client's only session is its registration, which its administrator ends.
        if caller.kind is not CallerKind.STAFF or caller.session_id is None:
            raise Forbidden
        sessions.revoke(work, caller.clinic, caller.session_id, why="signed-out")
