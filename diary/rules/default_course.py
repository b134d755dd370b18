"""The default rules that judge how treatment goes: R8 to R15. None tells of suicidality.

Where the figures come from:
- Response is a fall by half of the baseline or more, and a partial response one by a quarter
  (Nierenberg and DeCecco, J Clin Psychiatry 2001;62 Suppl 16:5-9).
- PHQ-9: a change of 5 is the smallest that matters (Löwe et al., Med Care 2004;42:1194-1201);
  20 and more is severe, below 15 at most moderate (Kroenke et al., J Gen Intern Med
  2001;16:606-613).
- The other levels, hours and counts are design judgement.
"""

from typing import Final

from diary.rules.conditions import (
    All,
    AnyOf,
    AtLeast,
    AtMost,
    BelowMedian,
    DaysAfterInfusion,
    HadNoRisk,
    HoursAfterInfusion,
    ImprovedLessThan,
    InfusionNumber,
    Is,
    Missed,
    NearBaseline,
    Rises,
    WasAtMost,
    WasImproved,
)
from diary.rules.ruleset import Rule
from diary.severity import Severity

_OUTCOMES: Final = ("phq9", "qids", "madrs_s")
_COURSE_DAYS: Final = 180
"""How long ago an improvement may lie that is lost now: an induction and half a year of
maintenance."""

MOOD_LOW: Final = Rule(
    "R8",
    "mood_low",
    AnyOf((AtMost("mood", 1), BelowMedian("mood", 3, days=7, entries=4, running=2))),
    Severity.MODERATE,
    suicidality=False,
)

RESPONSE_LOST: Final = Rule(
    "R9",
    "response_lost",
    AnyOf(
        (
            *(
                All((WasImproved(each, 50, _COURSE_DAYS), ImprovedLessThan(each, 50, in_a_row=2)))
                for each in _OUTCOMES
            ),
            Rises("phq9", 5, within_hours=24 * _COURSE_DAYS),
        )
    ),
    Severity.MODERATE,
    suicidality=False,
)

# Near the baseline alone is somebody whom nothing has helped yet: what comes back was away.
RELAPSE: Final = Rule(
    "R10",
    "relapse",
    AnyOf(
        (
            All((AtLeast("phq9", 20), WasAtMost("phq9", 14, _COURSE_DAYS))),
            *(
                All((WasImproved(each, 25, _COURSE_DAYS), NearBaseline(each, 90, in_a_row=2)))
                for each in _OUTCOMES
            ),
        )
    ),
    Severity.HIGH,
    suicidality=False,
)

DISSOCIATION_LASTING: Final = Rule(
    "R11",
    "dissociation_lasting",
    AnyOf(
        (
            All((AtLeast("dissociation", 2), HoursAfterInfusion(24))),
            Is("drove_before_next_morning", "yes"),
        )
    ),
    Severity.MODERATE,
    suicidality=False,
)

DISSOCIATION_SEVERE: Final = Rule(
    "R11_SEVERE",
    "dissociation_lasting_severe",
    AnyOf(
        (
            All((AtLeast("dissociation", 2), HoursAfterInfusion(48))),
            All((AtLeast("dissociation", 4), HoursAfterInfusion(24))),
        )
    ),
    Severity.HIGH,
    suicidality=False,
)

# On the day after, too: between midnight and the 24 hours of R11 it must not go unseen.
DISSOCIATION_EARLY: Final = Rule(
    "R12",
    "dissociation_after_infusion",
    All((AtLeast("dissociation", 3), HoursAfterInfusion(4), DaysAfterInfusion(0, 1))),
    Severity.MODERATE,
    suicidality=False,
)

# Within four weeks: the last of six stays the last for long.
NO_RESPONSE: Final = Rule(
    "R13",
    "no_response",
    All(
        (
            InfusionNumber(4, 6),
            DaysAfterInfusion(0, 28),
            AnyOf(tuple(ImprovedLessThan(each, 20, in_a_row=1) for each in _OUTCOMES)),
        )
    ),
    Severity.LOW,
    suicidality=False,
)

MISSED_WITHOUT_RISK: Final = Rule(
    "R14", "check_ins_missed", All((Missed(3), HadNoRisk())), Severity.LOW, suicidality=False
)

# Two where they weigh more: on days 5 to 10 ideation is known to return after one infusion, and the
# median relapse comes 18 days after the sixth of a series.
MISSED_WHEN_IT_MATTERS: Final = Rule(
    "R18",
    "check_ins_missed_early",
    All(
        (
            Missed(2),
            HadNoRisk(),
            AnyOf(
                (DaysAfterInfusion(5, 10), All((InfusionNumber(6, 6), DaysAfterInfusion(14, 22))))
            ),
        )
    ),
    Severity.LOW,
    suicidality=False,
)

# 3 is "a lot", 2 "a fair amount". More energy is hoped for, so 2 counts only where little sleep is
# needed beside it; an infusion within the week alters what is seen and heard, so 2 does not count
# for it. Suspicion has no such excuse, and a bladder that ketamine harms should be found early.
OTHER_HARM: Final = Rule(
    "R15",
    "possible_harm",
    AnyOf(
        (
            AtLeast("elevated_energy", 3),
            AtLeast("little_need_for_sleep", 3),
            All((AtLeast("elevated_energy", 2), AtLeast("little_need_for_sleep", 2))),
            AtLeast("unusual_perceptions", 3),
            AtLeast("suspiciousness", 2),
            AtLeast("bladder_symptoms", 2),
            AtLeast("ketamine_craving", 3),
            Is("ketamine_use_elsewhere", "yes"),
            AtLeast("bladder_discomfort", 3),
            AtLeast("craving", 3),
            Is("used_ketamine_elsewhere", "yes"),
        )
    ),
    Severity.MODERATE,
    suicidality=False,
)
