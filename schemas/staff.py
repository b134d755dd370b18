"""The care team."""

from diary.access.permissions import STAFF_ROLES
from diary.access.staff import PASSWORD_LENGTH
from schemas.base import Body, View
from schemas.fields import Email, Flag, Id, Instant, Part, Text, Word


class MemberDraft(Body):
    """Whom to invite."""

    name = Text(required=True, min=1)
    email = Email(required=True)
    role = Word(STAFF_ROLES, required=True)


class Activation(Body):
    """The invitation's code, and the password from now on."""

    code = Text(required=True, min=1, max=64)
    password = Text(
        required=True,
        min=PASSWORD_LENGTH.start,
        max=PASSWORD_LENGTH.stop - 1,
        metadata={"format": "password"},
    )


class MemberView(View):
    """A member of the care team."""

    id = Id()
    name = Text()
    email = Email()
    role = Word(STAFF_ROLES)
    active = Flag(metadata={"description": "Whether a password was set."})
    second_factor = Flag(metadata={"description": "Whether an authenticator app is set up."})
    created_at = Instant()


class InvitationView(View):
    """A new member, with the code to set a password by. It is shown this once."""

    member = Part(MemberView)
    code = Text()
    expires_at = Instant()
