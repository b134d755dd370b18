"""What can be wrong with the escalation as a whole."""

from diary.errors import Busy


class EscalationUnreliable(Busy):
    """`reasons` says why, each with a stable `code` and a `text`; `warnings` what harms nothing."""

    code = "escalation-unreliable"
    title = "Alerts may not be escalated as they should"
