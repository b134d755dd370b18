"""The care team: invited, activated, listed."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.limits import Rate
from api.operation import operation
from diary.access import second_factor, staff
from diary.access.errors import EmailTaken, GrantRefused
from diary.access.permissions import Scope
from diary.callers import ANONYMOUS
from diary.errors import NotFound
from diary.work import House, Work
from schemas.staff import Activation, InvitationView, MemberDraft, MemberView

ns = Namespace("staff", "The care team", path="/v1/staff")


@ns.route("")
class Staff(Resource):
    """Members of the caller's care team."""

    @operation(scope=Scope.STAFF_READ, returns=MemberView, many=True)
    def get(self, work: Work) -> list[staff.Member]:
        """List the care team, in the order they joined."""
        return staff.members(work)

    @operation(
        scope=Scope.STAFF_WRITE,
        step_up=True,
        body=MemberDraft,
        returns=InvitationView,
        status=201,
        raises=(EmailTaken,),
        idempotent=True,
    )
    def post(self, work: Work, body: dict[str, Any]) -> staff.Invitation:
        """Invite someone to the care team; the code is good for 72 hours, once."""
        return staff.invite(work, work.caller.clinic, **body)


@ns.route("/activations")
class StaffActivations(Resource):
    """Invitations that are taken up."""

    @operation(
        public=True,
        own_work=True,
        body=Activation,
        status=204,
        raises=(GrantRefused,),
        rate=Rate.SIGN_IN,
    )
    def post(self, house: House, body: dict[str, Any]) -> None:
        """Set the password of an invited member."""
        password_hash = staff.hash_password(body["password"])
        with house.work(ANONYMOUS) as work:
            staff.activate(work, code=body["code"], password_hash=password_hash)


@ns.route("/<uuid:staff_id>/second-factor")
class StaffSecondFactor(Resource):
    """A member's authenticator app."""

    @operation(scope=Scope.STAFF_WRITE, step_up=True, status=204, raises=(NotFound,))
    def delete(self, work: Work, staff_id: UUID) -> None:
        """Take it away, because the phone is lost: the member is signed out and sets up another."""
        second_factor.reset(work, work.caller.clinic, staff_id)


@ns.route("/<uuid:staff_id>/sessions")
class StaffSessions(Resource):
    """Where a member is signed in."""

    @operation(scope=Scope.STAFF_WRITE, status=204, raises=(NotFound,))
    def delete(self, work: Work, staff_id: UUID) -> None:
        """Sign the member out everywhere, from the next request on."""
        staff.sign_out(work, staff_id)
