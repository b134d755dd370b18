"""The rule set every clinic starts from. Every threshold is a clinic's to change."""

from diary.alerts.findings import HELP, Finding
from diary.rules import default_course as course
from diary.rules import default_suicidality as suicidality
from diary.rules.ruleset import HELP_CODE, RuleSet
from diary.severity import Severity

DEFAULT = RuleSet(
    (
        suicidality.ACUTE,
        suicidality.SERIOUS,
        suicidality.PRESENT,
        suicidality.EMERGING,
        suicidality.RISING,
        suicidality.SILENT_AFTER_RISK,
        suicidality.WITHHELD,
        course.MOOD_LOW,
        course.RESPONSE_LOST,
        course.RELAPSE,
        course.DISSOCIATION_LASTING,
        course.DISSOCIATION_SEVERE,
        course.DISSOCIATION_EARLY,
        course.NO_RESPONSE,
        course.MISSED_WITHOUT_RISK,
        course.OTHER_HARM,
        suicidality.PHRASE,
        course.MISSED_WHEN_IT_MATTERS,
    ),
    suicidality.PHRASES,
)
"""R1 to R15, R17 and R18. R0 is no rule on answers, and R16 is how an alert escalates."""


def help_requested() -> Finding:
    """The patient pressed "I need help now": critical, with or without a check-in."""
    return Finding(
        HELP_CODE, "help_requested", Severity.CRITICAL, suicidality=None, inputs={HELP: True}
    )
