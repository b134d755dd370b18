"""What access refuses."""

from diary.errors import Conflict, TooMany, Unauthenticated


class GrantRefused(Unauthenticated):
    """The credentials, code, key or refresh token were not accepted; which of them is not told."""

    code = "grant-refused"
    title = "These credentials were not accepted"


class EmailTaken(Conflict):
    """A staff member with this e-mail address exists."""

    code = "email-taken"
    title = "This e-mail address cannot be used"


class TooManyGuesses(TooMany):
    """No guess at this account, or from this address, is looked at for a while."""

    code = "too-many-guesses"
    title = "Too many attempts: wait before the next one"
