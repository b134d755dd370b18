"""What alerts refuse."""

from diary.errors import Conflict, Invalid


class LookAgain(Conflict):
    """The alert is not what the caller saw: it worsened, or something happened since."""

    code = "situation-changed"
    title = "The situation changed: look again"


class AlertHeld(Conflict):
    """Someone else acknowledged the alert, and still has it."""

    code = "alert-held"
    title = "Someone else has this alert"


class AlertNotHeld(Conflict):
    """Nobody has the alert: it can be acknowledged, but not handed over or given back."""

    code = "alert-not-held"
    title = "Nobody has this alert"


class AlertResolved(Conflict):
    """The alert is resolved; new findings open a new one."""

    code = "alert-resolved"
    title = "This alert is resolved"


class DrillOpen(Conflict):
    """A drill is open: another would only join it. `alert_id` is the open one's."""

    code = "drill-open"
    title = "A drill is open already"


class NameRequired(Invalid):
    """An API client answers an alert only in the name of a member of the care team."""

    code = "name-required"
    title = "A member of the care team must be named"
