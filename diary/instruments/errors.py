"""What cannot be done with an instrument that a clinic brought."""

from diary.errors import Conflict


class VersionTaken(Conflict):
    """This version is there with another content: a change of wording is a new version."""

    code = "instrument-version-taken"
    title = "This version of the instrument is another one"


class LocaleDiffers(Conflict):
    """A translation whose items, answers or scoring are not those of its version."""

    code = "instrument-locale-differs"
    title = "This is no translation of that version"


class LicenceNotAttested(Conflict):
    """Nobody said that the clinic may use it, in whichever language."""

    code = "licence-not-attested"
    title = "The licence to use this instrument is not attested"


class AskedTooOften(Conflict):
    """It would be asked again before its own recall is over."""

    code = "asked-too-often"
    title = "This instrument cannot be asked so often"
