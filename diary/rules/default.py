"""The rule set every clinic starts from, for the daily check-in's own items.

Read as sentences they are the clinic's table; where a check-in contradicts itself or stops
half-way, the graver reading holds:
- A positive gate is ideation even where the ladder says 0 or nothing.
- `safe_now` unsure is high beside a positive gate or a declined ladder too: neither is the 0
  that makes it moderate.
- A ladder of 0 after a positive gate is judged as level 1, not as left: level 1 itself does not
  carry the prior severity, and 0 must not weigh more than 1.
"""

from diary.alerts.findings import HELP, Finding
from diary.instruments.measures import SUICIDALITY
from diary.rules.conditions import All, AnyOf, AtLeast, Declined, Is, NotAnswered
from diary.rules.ruleset import HELP_CODE, Prior, Rule, RuleSet
from diary.severity import Severity

_GATE_POSITIVE = Is("si_gate", "yes")
_UNSURE = Is("safe_now", "unsure")

DEFAULT = RuleSet(
    (
        Rule(
            "R1",
            "suicidality_acute",
            AnyOf((AtLeast("si", 4), Is("si_act", "yes"), Is("safe_now", "no"))),
            Severity.CRITICAL,
            suicidality=True,
        ),
        Rule(
            "R2",
            "suicidality_serious",
            AnyOf(
                (
                    AtLeast("si", 3),
                    All(
                        (
                            _UNSURE,
                            AnyOf(
                                (
                                    AtLeast("si", 1),
                                    _GATE_POSITIVE,
                                    Declined("si"),
                                    Declined("si_gate"),
                                )
                            ),
                        )
                    ),
                )
            ),
            Severity.HIGH,
            suicidality=True,
        ),
        Rule(
            "R3",
            "suicidality_present",
            AnyOf((AtLeast("si", 1), _GATE_POSITIVE, _UNSURE)),
            Severity.MODERATE,
            suicidality=True,
        ),
        Rule(
            "R7",
            "suicidality_withheld",
            AnyOf(
                (
                    *(Declined(item) for item in SUICIDALITY),
                    All((_GATE_POSITIVE, NotAnswered("si"))),
                )
            ),
            Prior(at_least=Severity.MODERATE),
            suicidality=True,
        ),
    )
)
"""R1, R2, R3 and R7; R0 is not a rule on answers."""


def help_requested() -> Finding:
    """The patient pressed "I need help now": critical, with or without a check-in."""
    return Finding(
        HELP_CODE, "help_requested", Severity.CRITICAL, suicidality=None, inputs={HELP: True}
    )
