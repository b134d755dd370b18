"""What access refuses."""

from diary.errors import Conflict, TooMany, Unauthenticated


class GrantRefused(Unauthenticated):
    """The credentials, code, key or refresh token were not accepted; which of them is not told."""

    code = "grant-refused"
    title = "These credentials were not accepted"


class SecondFactorNeeded(Unauthenticated):
    """The password is right, and the code of the authenticator app did not come along."""

    code = "second-factor-needed"
    title = "A code of your authenticator app is needed as well"


class StepUpNeeded(Unauthenticated):
    """The member proved who they are too long ago for this: a code is needed once more."""

    code = "step-up-needed"
    title = "Show a code of your authenticator app once more for this"


class SecondFactorSet(Conflict):
    """The member has a second factor; an administrator can take it away."""

    code = "second-factor-set"
    title = "A second factor is set already"


class CodeRefused(Conflict):
    """The code does not belong to the secret, or not to this half minute."""

    code = "code-refused"
    title = "This code is not the one of now"


class EmailTaken(Conflict):
    """A staff member with this e-mail address exists."""

    code = "email-taken"
    title = "This e-mail address cannot be used"


class TooManyGuesses(TooMany):
    """No guess at this account, or from this address, is looked at for a while."""

    code = "too-many-guesses"
    title = "Too many attempts: wait before the next one"
