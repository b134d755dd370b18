"""The check before a rule set goes live: planted holes, each refused with what shows it."""

from dataclasses import replace

import pytest

from diary.instruments.measures import FLOORS, SUICIDALITY
from diary.rules.conditions import (
    All,
    AnyOf,
    AtLeast,
    AtMost,
    BelowMedian,
    Condition,
    DaysAfterInfusion,
    Declined,
    Emerges,
    Falls,
    HadNoRisk,
    HoursAfterInfusion,
    Is,
    Missed,
    Not,
    NotAnswered,
    Phrase,
    Rises,
    RisesInARow,
    Silent,
    Unreadable,
    WasAtLeast,
)
from diary.rules.default import DEFAULT
from diary.rules.publishing import publication
from diary.rules.publishing.groups import answers
from diary.rules.publishing.publication import Gap, check
from diary.rules.ruleset import Prior, Raised, Rule, RuleSet, RuleSetFaults
from diary.severity import Severity

LOW, MODERATE, HIGH, CRITICAL = Severity
ACUTE = AnyOf((AtLeast("si", 4), Is("si_act", "yes"), Is("safe_now", "no")))
UNSURE_WITH_IDEATION = All(
    (
        Is("safe_now", "unsure"),
        AnyOf((AtLeast("si", 1), Is("si_gate", "yes"), Declined("si"), Declined("si_gate"))),
    )
)
PRESENT = AnyOf((AtLeast("si", 1), Is("si_gate", "yes"), Is("safe_now", "unsure")))
IDEATION = AnyOf((AtLeast("si", 1), Is("si_gate", "yes")))
WITHHELD = AnyOf(
    (
        *(Declined(item) for item in SUICIDALITY),
        All((Is("si_gate", "yes"), NotAnswered("si"))),
    )
)


def rule(code: str, condition: Condition, severity: Severity | Prior | Raised) -> Rule:
    return Rule(code, "a_title", condition, severity, suicidality=True)


R1 = rule("R1", ACUTE, CRITICAL)
R2 = rule("R2", AnyOf((AtLeast("si", 3), UNSURE_WITH_IDEATION)), HIGH)
R3 = rule("R3", PRESENT, MODERATE)
R7 = rule("R7", WITHHELD, Prior(MODERATE))
DAILY = (R1, R2, R3, R7)


def at_floor(measure: str) -> Condition:
    floor = FLOORS[measure]
    if isinstance(floor, int):
        return AtLeast(measure, floor)
    options = answers(measure)
    worse = options[options.index(floor) :]
    return AnyOf(tuple(Is(measure, str(choice)) for choice in worse))


INSTRUMENTS = (
    rule("I1", AnyOf(tuple(at_floor(name) for name in FLOORS)), HIGH),
    rule("I2", AnyOf(tuple(Declined(name) for name in FLOORS)), Prior(MODERATE)),
)


def checked(*rules: Rule) -> Gap | None:
    """What is found of these, beside rules that see to the instruments."""
    return check(RuleSet((*rules, *INSTRUMENTS)))


def refused(*rules: Rule) -> Gap:
    gap = checked(*rules)
    assert gap is not None
    return gap


def when(rule: Rule, condition: Condition) -> Rule:
    return replace(rule, when=condition)


def added(condition: Condition, severity: Severity | Prior | Raised) -> Rule:
    return rule("A1", condition, severity)


def test_the_default_rules_may_go_live() -> None:
    assert check(DEFAULT) is None


def test_rules_about_other_things_neither_open_nor_fill_a_gap() -> None:
    any_mood = added(AtLeast("mood", 0), CRITICAL)
    low_mood = Rule("R8", "mood_low", AtMost("mood", 1), MODERATE, suicidality=False)
    assert checked(*DAILY, low_mood, any_mood) is None
    assert refused(any_mood).lighter == {"si": 1}


def test_no_rules_at_all() -> None:
    gap = refused()
    assert (gap.lighter, gap.lighter_severity, gap.heavier) == ({"si": 1}, None, None)
    assert gap.sentence == "si 1: no rule fires."


def test_a_threshold_off_by_one() -> None:
    late = AnyOf((AtLeast("si", 2), Is("si_gate", "yes"), Is("safe_now", "unsure")))
    assert refused(R1, R2, when(R3, late), R7).lighter == {"si": 1}


def test_a_missing_level() -> None:
    level_1 = All((AtLeast("si", 1), AtMost("si", 1)))
    without_2 = AnyOf((level_1, Is("si_gate", "yes"), Is("safe_now", "unsure")))
    gap = refused(R1, R2, when(R3, without_2), R7)
    assert (gap.lighter, gap.heavier) == ({"si": 2}, None)


def test_a_not_that_silences() -> None:
    gap = refused(R1, R2, when(R3, All((PRESENT, Not(Is("safe_now", "yes"))))), R7)
    assert gap.lighter == {"si": 1, "safe_now": "yes"}


def test_a_mood_that_decides_whether_it_is_critical() -> None:
    conditioned = All((AtLeast("si", 4), AtMost("mood", 3)))
    others = AnyOf((conditioned, Is("si_act", "yes"), Is("safe_now", "no")))
    gap = refused(when(R1, others), R2, R3, R7)
    assert (gap.lighter, gap.lighter_severity) == ({"si": 4}, HIGH)
    assert (gap.heavier, gap.heavier_severity) == ({"si": 4, "mood": 0}, CRITICAL)
    assert gap.sentence == "si 4: high; which may not be less than si 4, mood 0: critical."


def test_a_mood_that_decides_alone() -> None:
    only_low = All((AtLeast("si", 1), AtMost("mood", 3)))
    others = AnyOf((only_low, Is("si_gate", "yes"), Is("safe_now", "unsure")))
    assert refused(R1, when(R3, others), R7).lighter == {"si": 1}


def test_a_good_mood_that_excuses() -> None:
    gap = refused(when(R1, All((ACUTE, Not(AtLeast("mood", 8))))), R2, R3, R7)
    assert (gap.lighter, gap.heavier) == ({"si_act": "yes", "mood": 8}, None)
    gap = refused(R1, when(R2, All((R2.when, Not(AtLeast("mood", 8))))), R3, R7)
    assert (gap.lighter, gap.lighter_severity) == ({"si": 3, "mood": 8}, MODERATE)
    assert (gap.heavier, gap.heavier_severity) == ({"si": 3}, HIGH)


def test_a_mood_that_adds_to_ideation_may_go_live() -> None:
    heavier = added(All((IDEATION, AtMost("mood", 2))), HIGH)
    assert checked(*DAILY, heavier) is None


def test_a_mood_that_adds_to_a_milder_level_only() -> None:
    only_level_1 = All((AtLeast("si", 1), AtMost("si", 1), AtMost("mood", 2)))
    gap = refused(*DAILY, added(only_level_1, HIGH))
    assert gap.lighter == {"si": 2, "mood": 0}
    assert gap.heavier == {"si": 1, "mood": 0}


def test_a_lower_severity_for_a_higher_level() -> None:
    plan_only = AnyOf((AtLeast("si", 5), Is("si_act", "yes"), Is("safe_now", "no")))
    level_3 = All((AtLeast("si", 3), AtMost("si", 3)))
    gap = refused(when(R1, plan_only), when(R2, AnyOf((level_3, UNSURE_WITH_IDEATION))), R3, R7)
    assert (gap.lighter, gap.lighter_severity) == ({"si": 4}, MODERATE)
    assert (gap.heavier, gap.heavier_severity) == ({"si": 3}, HIGH)


def test_a_threshold_that_is_the_clinics_choice_may_go_live() -> None:
    plan_only = AnyOf((AtLeast("si", 5), Is("si_act", "yes"), Is("safe_now", "no")))
    assert checked(when(R1, plan_only), R2, R3, R7) is None


def test_a_missing_decline_rule() -> None:
    gap = refused(R1, R2, R3)
    assert (gap.lighter, gap.heavier) == ({"si": "declined"}, None)


@pytest.mark.parametrize("item", SUICIDALITY)
def test_one_item_that_may_be_declined_in_silence(item: str) -> None:
    heard = [Declined(each) for each in SUICIDALITY if each != item]
    left = All((Is("si_gate", "yes"), NotAnswered("si")))
    assert refused(R1, R2, R3, when(R7, AnyOf((*heard, left)))).lighter == {item: "declined"}


def test_declining_that_only_the_prior_makes_loud() -> None:
    # A rule that reads no item cannot stand in for one that does.
    gap = refused(R1, R2, R3, added(AtLeast("mood", 0), Prior(MODERATE)))
    assert gap.lighter == {"si": "declined"}


def test_a_positive_gate_that_is_let_go() -> None:
    without_gate = AnyOf((AtLeast("si", 1), Is("safe_now", "unsure")))
    declined = AnyOf(tuple(Declined(item) for item in SUICIDALITY))
    assert refused(R1, R2, when(R3, without_gate), when(R7, declined)).lighter == {"si_gate": "yes"}


@pytest.mark.parametrize("left_is_heard", [False, True])
def test_a_positive_gate_while_unsure_that_weighs_less_than_level_1(left_is_heard: bool) -> None:
    answered: list[Condition] = [AtLeast("si", 1), Declined("si"), Declined("si_gate")]
    if left_is_heard:
        answered.append(NotAnswered("si"))
    unsure = All((Is("safe_now", "unsure"), AnyOf(tuple(answered))))
    gap = refused(R1, when(R2, AnyOf((AtLeast("si", 3), unsure))), R3, R7)
    said = {"si_gate": "yes", "safe_now": "unsure"}
    assert (gap.lighter, gap.lighter_severity) == ({"si": 0, **said}, MODERATE)
    assert (gap.heavier, gap.heavier_severity) == ({"si": 1, **said}, HIGH)


def test_a_contradiction_that_weighs_more_than_level_1() -> None:
    left = All((Is("si_gate", "yes"), Not(AtLeast("si", 1))))
    gap = refused(R1, R2, R3, when(R7, AnyOf((R7.when, left))))
    assert gap.lighter == {"si": 1, "si_gate": "yes", "prior": "high"}
    assert gap.heavier == {"si": 0, "si_gate": "yes", "prior": "high"}


def test_a_level_that_counts_only_after_a_positive_gate() -> None:
    gated = All((AtLeast("si", 4), Is("si_gate", "yes")))
    gap = refused(when(R1, AnyOf((gated, Is("si_act", "yes"), Is("safe_now", "no")))), R2, R3, R7)
    assert (gap.lighter, gap.lighter_severity) == ({"si": 4, "si_gate": "no"}, HIGH)
    assert (gap.heavier, gap.heavier_severity) == ({"si": 4, "si_gate": "yes"}, CRITICAL)


def test_an_unreadable_item_that_silences_a_readable_one() -> None:
    gap = refused(when(R1, All((ACUTE, Not(Unreadable())))), R2, R3, R7)
    assert gap.heavier_severity is CRITICAL
    assert "unreadable" in gap.lighter.values()


def test_saying_the_worst_that_weighs_less_than_declining() -> None:
    acute = AnyOf((AtLeast("si", 4), Is("si_act", "yes")))
    unsafe = AnyOf((R2.when, Is("safe_now", "no")))
    gap = refused(when(R1, acute), when(R2, unsafe), R3, R7)
    assert (gap.lighter, gap.lighter_severity) == ({"safe_now": "no", "prior": "critical"}, HIGH)
    assert gap.heavier == {"safe_now": "declined", "prior": "critical"}


def test_a_silence_that_weighs_less_than_reassurance() -> None:
    reassured = added(AtMost("si", 0), LOW)
    gap = refused(*DAILY, reassured)
    assert (gap.lighter, gap.heavier) == ({}, {"si": 0})
    assert gap.sentence == "No answer: silent; which may not be less than si 0: low."


def test_too_many_thresholds_are_refused_before_they_are_tried() -> None:
    levels = [AtLeast(name, value) for name in ("mood", "anxiety") for value in range(1, 11)]
    many = [*levels, *(AtLeast("dissociation_total", value) for value in range(1, 17))]
    too_much = added(All((AtLeast("si", 1), AnyOf(tuple(many)))), HIGH)
    with pytest.raises(RuleSetFaults) as refusal:
        checked(*DAILY, too_much)
    [fault] = refusal.value.faults
    assert (fault.pointer, fault.code) == ("/rules", "too_many_combinations")


# --- what looks back ---------------------------------------------------------------------------

EMERGES = Emerges("si", 1, 7, 5)
RISES = Rises("si", 2, 72)
R4 = rule("R4", EMERGES, Raised(MODERATE))
R5 = rule("R5", AnyOf((RISES, RisesInARow("si", 2, 144))), HIGH)
R17 = rule("R17", Phrase(), HIGH)


def test_rules_that_look_back_may_go_live() -> None:
    assert checked(*DAILY, R4, R5, R17) is None


def test_a_rise_that_excuses() -> None:
    unless_risen = All((AtLeast("si", 3), Not(RISES)))
    gap = refused(R1, when(R2, AnyOf((unless_risen, UNSURE_WITH_IDEATION))), R3, R7)
    history = "rises si by 2 within_hours 72"
    assert (gap.lighter, gap.lighter_severity) == ({"si": 3, history: "from 2"}, MODERATE)
    assert (gap.heavier, gap.heavier_severity) == ({"si": 3}, HIGH)


def test_what_was_answered_before_that_excuses() -> None:
    first_time = All((AtLeast("si", 4), Not(WasAtLeast("si", 4, 30))))
    gap = refused(
        when(R1, AnyOf((first_time, Is("si_act", "yes"), Is("safe_now", "no")))), R2, R3, R7
    )
    assert gap.lighter == {"si": 4, "was_at_least si value 4 within_days 30": "from 0"}
    assert gap.heavier == {"si": 4}


def test_a_fall_that_weighs_more_than_no_fall() -> None:
    fallen = Falls("si", 2, 72)
    gap = refused(*DAILY, added(All((AtLeast("si", 1), fallen)), HIGH))
    history = "falls si by 2 within_hours 72"
    assert (gap.lighter, gap.lighter_severity) == ({"si": 2, history: "up to 1"}, MODERATE)
    assert (gap.heavier, gap.heavier_severity) == ({"si": 1, history: "up to 1"}, HIGH)


def test_what_was_found_before_beside_no_risk_of_now() -> None:
    # Reassurance would weigh more than no answer at all, which cannot have been answered before.
    was = WasAtLeast("si", 3, 7)
    assert refused(*DAILY, added(was, MODERATE)).heavier == {
        "si": 0,
        "was_at_least si value 3 within_days 7": "from 0",
    }
    assert checked(*DAILY, added(All((AtLeast("si", 1), was)), HIGH)) is None


def test_a_history_of_mood_adds_and_is_never_what_makes_it_critical() -> None:
    low = All((IDEATION, BelowMedian("mood", 3, 7, 4, 2)))
    assert checked(*DAILY, added(low, HIGH)) is None
    gap = refused(*DAILY, added(low, CRITICAL))
    assert (gap.lighter_severity, gap.heavier_severity) == (MODERATE, CRITICAL)
    assert gap.lighter == {
        "si": 1,
        "below_median mood by 3 days 7 entries 4 running 2": "up to 10",
    }


def test_a_history_of_suicidality_may_make_it_critical() -> None:
    assert checked(*DAILY, added(All((AtLeast("si", 3), RISES)), CRITICAL)) is None


# --- infusions, the note, the check-in before --------------------------------------------------


def test_an_infusion_adds_and_is_never_what_makes_it_critical() -> None:
    days_later = All((AtLeast("si", 2), DaysAfterInfusion(5, 10)))
    assert checked(*DAILY, added(days_later, HIGH)) is None
    gap = refused(*DAILY, added(days_later, CRITICAL))
    assert gap.heavier == {"si": 2, "days_after_infusion first 5 last 10": "holds"}


def test_an_infusion_that_excuses() -> None:
    gap = refused(R1, when(R2, All((R2.when, Not(HoursAfterInfusion(4))))), R3, R7)
    assert gap.lighter == {"si": 3, "hours_after_infusion more_than 4": "holds"}
    assert (gap.lighter_severity, gap.heavier) == (MODERATE, {"si": 3})


def test_a_phrase_may_make_it_critical_and_never_excuses() -> None:
    assert checked(*DAILY, R17, added(All((AtLeast("si", 2), Phrase())), CRITICAL)) is None
    gap = refused(R1, R2, when(R3, All((PRESENT, Not(Phrase())))), R7)
    assert (gap.lighter, gap.heavier) == ({"si": 1, "phrase": "holds"}, None)


def test_a_rule_on_the_note_alone_that_wants_no_phrase() -> None:
    gap = refused(*DAILY, added(All((AtLeast("mood", 0), Not(Phrase()))), LOW))
    assert gap.lighter == {"mood": 0, "phrase": "holds"}


def test_a_first_risk_that_weighs_more_than_the_next() -> None:
    gap = refused(*DAILY, added(All((IDEATION, HadNoRisk())), HIGH))
    assert (gap.lighter, gap.heavier) == ({"si": 1, "prior": "low"}, {"si": 1})


# --- instruments -------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", FLOORS)
def test_an_instruments_floor_may_not_be_silent(measure: str) -> None:
    heard = AnyOf(tuple(at_floor(name) for name in FLOORS if name != measure))
    found = check(RuleSet((*DAILY, when(INSTRUMENTS[0], heard), INSTRUMENTS[1])))
    assert found is not None
    assert (found.lighter, found.heavier) == ({measure: FLOORS[measure]}, None)


@pytest.mark.parametrize("measure", FLOORS)
def test_a_declined_risk_measure_may_not_be_silent(measure: str) -> None:
    heard = AnyOf(tuple(Declined(name) for name in FLOORS if name != measure))
    found = check(RuleSet((*DAILY, INSTRUMENTS[0], when(INSTRUMENTS[1], heard))))
    assert found is not None
    assert (found.lighter, found.heavier) == ({measure: "declined"}, None)


def test_below_its_floor_an_answer_may_be_silent() -> None:
    assert FLOORS["madrs_s_item9"] == 2
    assert checked(*DAILY, added(AtLeast("madrs_s_item9", 1), LOW)) is None


def test_a_total_that_excuses_an_item() -> None:
    mild = All((AtLeast("phq9_item9", 2), Not(AtMost("phq9", 4))))
    gap = refused(*DAILY, added(mild, CRITICAL))
    assert gap.lighter == {"phq9_item9": 2, "phq9": 0}
    assert gap.heavier == {"phq9_item9": 2}


def test_a_milder_behaviour_that_weighs_more() -> None:
    ever = added(Is("cssrs_behaviour", "lifetime"), CRITICAL)
    gap = refused(*DAILY, ever)
    assert gap.lighter == {"cssrs_behaviour": "recent"}
    assert gap.heavier == {"cssrs_behaviour": "lifetime"}


def test_an_instrument_left_weighs_no_more_than_its_worst_answer_or_the_prior() -> None:
    # Item 9 at its worst is high; declined after a critical check-in it is critical, and may be.
    assert checked(*DAILY) is None
    gap = refused(*DAILY, added(Declined("sidas"), CRITICAL))
    assert (gap.lighter, gap.heavier) == ({"sidas": 50}, {"sidas": "declined"})


def test_one_check_in_is_not_the_other() -> None:
    # What fills the gap in the daily check-in must look at its own items.
    both = AnyOf((AtLeast("phq9_item9", 1), AtLeast("mood", 0)))
    assert refused(rule("A2", both, HIGH)).lighter == {"si": 1}


# --- silence -----------------------------------------------------------------------------------

R6 = rule(
    "R6",
    AnyOf((Silent("critical", 12), Silent("high", 24), Silent("moderate", 36))),
    Prior(MODERATE),
)


def test_a_silence_after_risk_may_go_live() -> None:
    assert checked(*DAILY, R6, added(Missed(3), LOW)) is None


def test_a_longer_silence_that_weighs_less() -> None:
    soon = All((Silent("high", 24), Not(Silent("high", 48))))
    gap = refused(*DAILY, added(soon, HIGH))
    assert gap.lighter == {"prior": "high", "silent_hours": 48, "missed": 0}
    assert gap.heavier == {"prior": "high", "silent_hours": 24, "missed": 0}


def test_one_more_missed_that_weighs_less() -> None:
    gap = refused(*DAILY, added(All((Missed(2), Not(Missed(4)))), LOW))
    assert gap.lighter == {"silent_hours": 0, "missed": 4}
    assert gap.heavier == {"silent_hours": 0, "missed": 2}


def test_a_silence_after_a_graver_answer_that_weighs_less() -> None:
    gap = refused(*DAILY, added(All((Missed(3), HadNoRisk())), LOW))
    assert gap.lighter == {"prior": "low", "silent_hours": 0, "missed": 3}
    assert gap.heavier == {"silent_hours": 0, "missed": 3}


def test_an_infusion_that_excuses_a_silence() -> None:
    unless_treated = All((R6.when, Not(DaysAfterInfusion(0, 1))))
    gap = refused(*DAILY, when(R6, unless_treated))
    assert gap.lighter_severity is None
    assert gap.lighter["days_after_infusion first 0 last 1"] == "holds"


# --- a second look -----------------------------------------------------------------------------


def test_what_the_judge_does_not_find_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "severity_in", lambda rules, states: CRITICAL)
    with pytest.raises(publication.Disagreement):
        checked(R1, R2, R7)
    with pytest.raises(publication.Disagreement):
        checked(*DAILY, added(AtMost("si", 0), LOW))
