"""Each row of the design's table of transitions, as one sentence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from diary.alerts.decide import decide
from diary.alerts.situation import (
    Acknowledged,
    Due,
    Escalated,
    Event,
    Found,
    HandedOver,
    Page,
    Policy,
    Reason,
    Released,
    Resolved,
    Restored,
    SituationChanged,
    State,
    Status,
    Step,
    Tell,
    Unreachable,
    Withdraw,
)
from diary.severity import Severity

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
# Two rungs; the second is paged twice. And what a graver alert follows instead.
POLICY = Policy((Step(5 * MINUTE), Step(7 * MINUTE, rounds=2)))
GRAVER = Policy((Step(2 * MINUTE),))
TRIGGERED = State(Status.TRIGGERED, Severity.HIGH, 3, 1, 0, 1, False, NOW)
AT_THE_TOP = replace(TRIGGERED, step=1, round=2)
EXHAUSTED = replace(AT_THE_TOP, exhausted=True)
ACKNOWLEDGED = replace(EXHAUSTED, status=Status.ACKNOWLEDGED)
RESOLVED = replace(TRIGGERED, status=Status.RESOLVED, next_action_at=None)
QUIET = (Withdraw(), Tell("alert.acknowledged"))


class Row(NamedTuple):
    before: State | None
    event: Event
    after: State
    effects: tuple[object, ...]


ROWS = {
    "a risk finding opens an alert and pages its first step": Row(
        None,
        Found(Severity.HIGH, 3, POLICY),
        replace(TRIGGERED, next_action_at=NOW + 5 * MINUTE),
        (Page(0, Reason.OPENED),),
    ),
    "a finding without any policy pages all the same and repeats": Row(
        None,
        Found(Severity.HIGH, 3, Policy(())),
        replace(TRIGGERED, exhausted=True, next_action_at=NOW + 5 * MINUTE),
        (Page(0, Reason.OPENED),),
    ),
    "an equal finding joins": Row(
        TRIGGERED, Found(Severity.HIGH, 3, POLICY), TRIGGERED, (Tell("alert.updated"),)
    ),
    "a milder finding joins and lowers nothing": Row(
        TRIGGERED, Found(Severity.MODERATE, 1, POLICY), TRIGGERED, (Tell("alert.updated"),)
    ),
    "a graver finding starts over under the graver policy, with everyone paged so far": Row(
        EXHAUSTED,
        Found(Severity.CRITICAL, 0, GRAVER),
        replace(
            TRIGGERED,
            severity=Severity.CRITICAL,
            generation=2,
            next_action_at=NOW + 2 * MINUTE,
        ),
        (Page(0, Reason.WORSENED, everyone=True),),
    ),
    "a higher level of suicidality within the same severity is worse": Row(
        TRIGGERED,
        Found(Severity.HIGH, 4, POLICY),
        replace(TRIGGERED, suicidality=4, generation=2, next_action_at=NOW + 5 * MINUTE),
        (Page(0, Reason.WORSENED, everyone=True),),
    ),
    "a step that is due for the last time gives way to the next": Row(
        TRIGGERED,
        Due(),
        replace(TRIGGERED, step=1, next_action_at=NOW + 7 * MINUTE),
        (Page(1, Reason.ESCALATED),),
    ),
    "a step with rounds left is paged again": Row(
        replace(TRIGGERED, step=1),
        Due(),
        replace(AT_THE_TOP, next_action_at=NOW + 7 * MINUTE),
        (Page(1, Reason.REPEATED),),
    ),
    "a step that reaches nobody gives way at once, whatever its rounds": Row(
        TRIGGERED,
        Unreachable(),
        replace(TRIGGERED, step=1, next_action_at=NOW + 7 * MINUTE),
        (Page(1, Reason.UNREACHABLE),),
    ),
    "after the last step everyone is told that the policy is used up": Row(
        AT_THE_TOP,
        Due(),
        replace(EXHAUSTED, next_action_at=NOW + 5 * MINUTE),
        (Page(1, Reason.EXHAUSTED, everyone=True),),
    ),
    "a used-up policy repeats its last step for ever": Row(
        EXHAUSTED,
        Due(),
        replace(EXHAUSTED, next_action_at=NOW + 5 * MINUTE),
        (Page(1, Reason.REPEATED),),
    ),
    "a moderate one repeats each day": Row(
        replace(EXHAUSTED, severity=Severity.MODERATE),
        Due(),
        replace(EXHAUSTED, severity=Severity.MODERATE, next_action_at=NOW + DAY),
        (Page(1, Reason.REPEATED),),
    ),
    "an acknowledgement holds for as long as the severity allows": Row(
        EXHAUSTED,
        Acknowledged(1),
        replace(ACKNOWLEDGED, next_action_at=NOW + 60 * MINUTE),
        QUIET,
    ),
    "whoever has it may renew": Row(
        replace(ACKNOWLEDGED, severity=Severity.CRITICAL),
        Acknowledged(1),
        replace(
            ACKNOWLEDGED, severity=Severity.CRITICAL, next_action_at=NOW + timedelta(minutes=15)
        ),
        QUIET,
    ),
    "what was acknowledged covered less: a worse finding reopens": Row(
        ACKNOWLEDGED,
        Found(Severity.HIGH, 5, POLICY),
        replace(TRIGGERED, suicidality=5, generation=2, next_action_at=NOW + 5 * MINUTE),
        (Page(0, Reason.WORSENED, everyone=True),),
    ),
    "the acknowledger hears of a finding that is not worse, and has no more time for it": Row(
        ACKNOWLEDGED, Found(Severity.HIGH, 1, POLICY), ACKNOWLEDGED, (Tell("alert.updated"),)
    ),
    "an acknowledgement that runs out starts over": Row(
        ACKNOWLEDGED,
        Due(),
        replace(TRIGGERED, next_action_at=NOW + 5 * MINUTE),
        (Page(0, Reason.ACKNOWLEDGEMENT_EXPIRED, everyone=True),),
    ),
    "a page that fails after the acknowledgement moves nothing": Row(
        ACKNOWLEDGED, Unreachable(), ACKNOWLEDGED, ()
    ),
    "a person may call the next step, from an acknowledged alert too": Row(
        replace(TRIGGERED, status=Status.ACKNOWLEDGED),
        Escalated(),
        replace(TRIGGERED, step=1, next_action_at=NOW + 7 * MINUTE),
        (Page(1, Reason.ESCALATED),),
    ),
    "after a restore everyone is asked anew, whoever had it": Row(
        ACKNOWLEDGED,
        Restored(),
        replace(TRIGGERED, next_action_at=NOW + 5 * MINUTE),
        (Page(0, Reason.RESTORED, everyone=True),),
    ),
    "a colleague gets it for the time that was left of it": Row(
        ACKNOWLEDGED, HandedOver(1), ACKNOWLEDGED, (Tell("alert.acknowledged"),)
    ),
    "given back, it is paged where it stood, with everyone who thinks that it is held": Row(
        replace(AT_THE_TOP, status=Status.ACKNOWLEDGED),
        Released(1),
        replace(AT_THE_TOP, next_action_at=NOW + 7 * MINUTE),
        (Page(1, Reason.RELEASED, everyone=True),),
    ),
    "given back after its policy was used up, it goes on as before": Row(
        ACKNOWLEDGED,
        Released(1),
        replace(EXHAUSTED, next_action_at=NOW + 5 * MINUTE),
        (Page(1, Reason.RELEASED, everyone=True),),
    ),
    "a person closes it, and nothing is due any more": Row(
        TRIGGERED, Resolved(), RESOLVED, (Withdraw(), Tell("alert.resolved"))
    ),
}


@pytest.mark.parametrize("sentence", ROWS)
def test_transition(sentence: str) -> None:
    row = ROWS[sentence]
    assert decide(row.before, row.event, NOW, POLICY) == (row.after, row.effects)


@pytest.mark.parametrize("seen", [0, 2])
def test_an_acknowledgement_of_another_generation_is_refused(seen: int) -> None:
    with pytest.raises(SituationChanged):
        decide(TRIGGERED, Acknowledged(seen), NOW, POLICY)


@pytest.mark.parametrize("event", [HandedOver(1), Released(1)])
def test_what_nobody_has_cannot_be_given_away(event: Event) -> None:
    with pytest.raises(SituationChanged):
        decide(TRIGGERED, event, NOW, POLICY)


@pytest.mark.parametrize("event", [HandedOver(0), Released(2)])
def test_what_was_not_seen_cannot_be_given_away(event: Event) -> None:
    with pytest.raises(SituationChanged):
        decide(ACKNOWLEDGED, event, NOW, POLICY)


@pytest.mark.parametrize(
    "event",
    [
        Found(Severity.CRITICAL, 5, POLICY),
        Due(),
        Unreachable(),
        Escalated(),
        Acknowledged(1),
        HandedOver(1),
        Released(1),
        Resolved(),
        Restored(),
    ],
)
def test_nothing_moves_a_resolved_alert(event: Event) -> None:
    with pytest.raises(SituationChanged):
        decide(RESOLVED, event, NOW, POLICY)


@pytest.mark.parametrize("event", [Due(), Unreachable(), Escalated(), Acknowledged(1), Resolved()])
def test_only_a_finding_opens_an_alert(event: Event) -> None:
    with pytest.raises(SituationChanged):
        decide(None, event, NOW, POLICY)
