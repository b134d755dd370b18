"""The default rules that judge suicidality: R1 to R7 and R17.

Read as sentences they are the clinic's table; where a check-in contradicts itself or stops
half-way, the graver reading holds:
- A positive gate is ideation even where the ladder says 0 or nothing.
- `safe_now` unsure is high beside a positive gate or a declined ladder too: neither is the 0
  that makes it moderate.
- A ladder of 0 after a positive gate is judged as level 1, not as left: level 1 itself does not
  carry the prior severity, and 0 must not weigh more than 1.

Where the levels of the instruments come from:
- PHQ-9 item 9, 1 to 3: any answer but "not at all" tells of a raised risk (Simon et al.,
  Psychiatr Serv 2013;64:1195-1202).
- C-SSRS screener: 4, 5 or behaviour within three months is high, 3 or older behaviour moderate,
  1 and 2 low (Columbia Lighthouse Project, triage for the screener). All but older behaviour is a
  level graver here: nobody is in the room who could ask on.
- ASQ: any yes is a positive screen, a yes to "right now" an acute one (Horowitz et al., Arch
  Pediatr Adolesc Med 2012;166:1170-1176).
- SIDAS: 21 and more is a high risk (van Spijker et al., Suicide Life Threat Behav
  2014;44:408-419).
- QIDS-SR16 item 12, MADRS-S item 9, and everything on the daily items, within how long and by how
  much: design judgement.
"""

from typing import Final

from diary.instruments.measures import FLOORS, SUICIDALITY
from diary.rules.conditions import (
    All,
    AnyOf,
    AtLeast,
    Declined,
    Emerges,
    Is,
    NotAnswered,
    Phrase,
    Rises,
    RisesInARow,
    Silent,
)
from diary.rules.ruleset import Prior, Raised, Rule
from diary.severity import Severity

_GATE_POSITIVE = Is("si_gate", "yes")
_UNSURE = Is("safe_now", "unsure")
# With a level of 1 or more the gate takes nothing away, even "no".
_IDEATION = AnyOf((_GATE_POSITIVE, AtLeast("si", 1)))
_MAYBE_IDEATION = AnyOf((AtLeast("si", 1), _GATE_POSITIVE, Declined("si"), Declined("si_gate")))

ACUTE: Final = Rule(
    "R1",
    "suicidality_acute",
    AnyOf(
        (
            AtLeast("si", 4),
            Is("si_act", "yes"),
            Is("safe_now", "no"),
            AtLeast("cssrs_ideation", 4),
            Is("cssrs_behaviour", "recent"),
            Is("asq", "acute"),
        )
    ),
    Severity.CRITICAL,
    suicidality=True,
)

SERIOUS: Final = Rule(
    "R2",
    "suicidality_serious",
    AnyOf(
        (
            AtLeast("si", 3),
            All((_UNSURE, _MAYBE_IDEATION)),
            AtLeast("cssrs_ideation", 3),
            AtLeast("phq9_item9", 3),
            AtLeast("qids_item12", 3),
            AtLeast("madrs_s_item9", 4),
            AtLeast("sidas", 21),
        )
    ),
    Severity.HIGH,
    suicidality=True,
)

PRESENT: Final = Rule(
    "R3",
    "suicidality_present",
    AnyOf(
        (
            AtLeast("si", 1),
            _GATE_POSITIVE,
            _UNSURE,
            AtLeast("cssrs_ideation", 1),
            Is("cssrs_behaviour", "lifetime"),
            Is("asq", "non_acute"),
            AtLeast("phq9_item9", 1),
            AtLeast("qids_item12", 1),
            AtLeast("madrs_s_item9", 2),
            AtLeast("sidas", 1),
        )
    ),
    Severity.MODERATE,
    suicidality=True,
)

EMERGING: Final = Rule(
    "R4",
    "suicidality_emerging",
    Emerges("si", 1, after_days=7, entries=5),
    Raised(at_least=Severity.MODERATE),
    suicidality=True,
)

RISING: Final = Rule(
    "R5",
    "suicidality_rising",
    AnyOf((Rises("si", 2, within_hours=72), RisesInARow("si", 2, within_hours=7 * 24))),
    Severity.HIGH,
    suicidality=True,
)

# From low on: R14 is silent after any risk, and between the two nobody may go unseen.
SILENT_AFTER_RISK: Final = Rule(
    "R6",
    "silent_after_risk",
    AnyOf((Silent("critical", 12), Silent("high", 24), Silent("low", 36))),
    Prior(at_least=Severity.MODERATE),
    suicidality=True,
)

WITHHELD: Final = Rule(
    "R7",
    "suicidality_withheld",
    AnyOf(
        (
            *(Declined(item) for item in (*SUICIDALITY, *FLOORS)),
            All((_GATE_POSITIVE, NotAnswered("si"))),
            All((_IDEATION, AnyOf((NotAnswered("si_act"), NotAnswered("safe_now"))))),
        )
    ),
    Prior(at_least=Severity.MODERATE),
    suicidality=True,
)

PHRASE: Final = Rule("R17", "phrase_in_note", Phrase(), Severity.HIGH, suicidality=True)

PHRASES: Final = {
    "en": (
        "kill myself",
        "killing myself",
        "end my life",
        "ending my life",
        "take my own life",
        "taking my own life",
        "commit suicide",
        "thinking about suicide",
        "want to die",
        "wish I was dead",
        "wish I were dead",
        "better off dead",
        "better off without me",
        "don't want to live",
        "do not want to live",
        "no reason to live",
    ),
    "es": (
        "matarme",
        "suicidarme",
        "quitarme la vida",
        "acabar con mi vida",
        "terminar con mi vida",
        "pienso en el suicidio",
        "quiero morir",
        "quiero morirme",
        "quisiera estar muerto",
        "quisiera estar muerta",
        "mejor muerto",
        "mejor muerta",
        "mejor sin mí",
        "no quiero vivir",
        "no quiero seguir viviendo",
        "sin razones para vivir",
    ),
}
"""A few plain phrases of suicidal intent, for a clinic to add to. They are found after a "not",
too: what a note means is for the person to say who reads it."""
