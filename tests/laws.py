"""What must hold of every decision about an alert, whatever led to it.

The numbers stand here as the design states them; nothing is read back from the code under test.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from diary.alerts import situation
from diary.severity import Severity

LOW, MODERATE, HIGH, CRITICAL = Severity
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
HOLDS = {CRITICAL: 15 * MINUTE, HIGH: 60 * MINUTE, MODERATE: DAY, LOW: 7 * DAY}
REPEATS_AT_LEAST_EVERY = {CRITICAL: 5 * MINUTE, HIGH: 5 * MINUTE, MODERATE: DAY, LOW: DAY}


@dataclass(frozen=True, slots=True)
class Case:
    """What deciding made of one event of an open alert. after is None where it refused."""

    before: Any
    event: Any
    now: datetime
    policy: Any
    hours: Any
    after: Any
    effects: tuple[Any, ...]

    def is_(self, event: str) -> bool:
        return type(self.event).__name__ == event

    @property
    def worse(self) -> bool:
        return self.is_("Found") and (self.found > self.before.rank or self.event.new_sign)

    @property
    def found(self) -> tuple[Severity, int]:
        return (self.event.severity, self.event.suicidality)

    @property
    def pages(self) -> list[Any]:
        return [effect for effect in self.effects if isinstance(effect, situation.Page)]

    @property
    def waited(self) -> bool:
        """Whether people waited, and are due now."""
        since = self.before.people_from
        return self.is_("Due") and since is not None and since <= self.now

    def unless_sooner(self, moment: datetime) -> datetime:
        """Then, or when people are due, or when the team of a used-up moderate alert is back."""
        opens_at = self.hours.opens_at if self.after.exhausted else None
        staffed = opens_at if self.after.severity is MODERATE else None
        soonest: datetime = min(filter(None, (moment, self.after.people_from, staffed)))
        return soonest

    @property
    def restarted(self) -> bool:
        """Triggered, and its first step is paged now, with everyone who knew."""
        first = self.policy.steps[0].delay if self.policy.steps else None
        wait = first or REPEATS_AT_LEAST_EVERY[self.after.severity]
        return (
            (self.after.status, self.after.step, self.after.round) == ("triggered", 0, 1)
            and self.after.exhausted == (not self.policy.steps)
            and self.after.next_action_at == self.unless_sooner(self.now + wait)
            and [(page.step, page.everyone) for page in self.pages] == [(0, True)]
        )


def _is_never_silent(case: Case) -> bool:
    if case.after is None or case.after.status == "resolved":
        return True
    if case.after.next_action_at == case.before.next_action_at:
        return not case.is_("Due")
    if case.after.status == "acknowledged":
        bound = HOLDS[case.after.severity]
    elif case.after.exhausted:
        bound = REPEATS_AT_LEAST_EVERY[case.after.severity]
    else:
        bound = case.policy.steps[case.after.step].delay
    return bool(case.now < case.after.next_action_at <= case.now + bound)


def _never_falls(case: Case) -> bool:
    return case.after is None or (
        case.after.severity >= case.before.severity
        and case.after.suicidality >= case.before.suicidality
        and case.after.generation == case.before.generation + case.worse
    )


def _ends_only_by_a_person(case: Case) -> bool:
    if case.after is None:
        return True
    told = any(effect == situation.Tell("alert.resolved") for effect in case.effects)
    resolved = case.after.status == "resolved" and case.after.next_action_at is None
    return bool(resolved == told == case.is_("Resolved") and not (resolved and case.pages))


def _pages_anew_when_worse(case: Case) -> bool:
    return not case.worse or (
        case.after.generation == case.before.generation + 1
        and case.after.severity == max(case.before.severity, case.event.severity)
        and case.after.suicidality == max(case.before.suicidality, case.event.suicidality)
        and case.restarted
    )


def _ignores_improvement(case: Case) -> bool:
    if case.worse or not case.is_("Found"):
        return True
    unchanged: bool = case.after == case.before
    return unchanged and case.effects == (situation.Tell("alert.updated"),)


def _acknowledges_only_what_was_seen(case: Case) -> bool:
    if case.is_("HandedOver") or case.is_("Released"):
        return True
    if not case.is_("Acknowledged"):
        return case.after is not None and (
            case.after.status != "acknowledged" or case.before.status == "acknowledged"
        )
    if case.event.generation != case.before.generation:
        return case.after is None
    quiet = (situation.Withdraw(), situation.Tell("alert.acknowledged"))
    held = (case.after.status, case.after.next_action_at)
    return (
        held == ("acknowledged", case.now + HOLDS[case.before.severity]) and case.effects == quiet
    )


def _pages_whenever_due(case: Case) -> bool:
    if not case.is_("Due"):
        return True
    return len(case.pages) == 1 and case.after.status == "triggered"


def _repeats_for_ever(case: Case) -> bool:
    held = not case.before.exhausted or case.before.status != "triggered"
    if held or not case.is_("Due") or case.waited:
        return True
    return (
        case.after.exhausted
        and case.after.next_action_at <= case.now + REPEATS_AT_LEAST_EVERY[case.after.severity]
        and [page.step for page in case.pages] == [case.before.step]
    )


def _comes_back_when_an_acknowledgement_expires(case: Case) -> bool:
    return not (case.is_("Due") and case.before.status == "acknowledged") or case.restarted


def _goes_round_then_up_then_is_exhausted(case: Case) -> bool:
    before, steps = case.before, case.policy.steps
    climbs = case.is_("Due") or case.is_("Unreachable")
    if not climbs or before.status != "triggered" or before.exhausted or case.waited:
        return True
    if case.is_("Due") and steps and before.round < steps[before.step].rounds:
        expected = (before.step, before.round + 1, False)
    elif before.step + 1 < len(steps):
        expected = (before.step + 1, 1, False)
    else:
        expected = (before.step, before.round, True)
    after = (case.after.step, case.after.round, case.after.exhausted)
    waits = expected[2] or case.after.next_action_at == case.unless_sooner(
        case.now + steps[expected[0]].delay
    )
    paged = [(page.step, page.everyone) for page in case.pages] == [(expected[0], expected[2])]
    return after == expected and waits and paged


def _does_nothing_where_nobody_is_being_paged(case: Case) -> bool:
    held = case.before.status == "acknowledged" or case.before.exhausted
    if not (case.is_("Unreachable") and held):
        return True
    return bool(case.after == case.before) and not case.effects


def _gives_more_hands_when_asked(case: Case) -> bool:
    if not case.is_("Escalated"):
        return True
    return case.after.status == "triggered" and len(case.pages) == 1


def _asks_anew_after_a_restore(case: Case) -> bool:
    return not case.is_("Restored") or (
        case.restarted
        and [(page.step, page.reason, page.everyone) for page in case.pages]
        == [(0, situation.Reason.RESTORED, True)]
    )


def _lets_people_wait_a_day_at_most(case: Case) -> bool:
    if case.after is None or case.after.people_from is None:
        return True
    latest = case.now + DAY if case.before.people_from is None else case.before.people_from
    return bool(
        case.after.severity is MODERATE
        and case.after.status == "triggered"
        and case.after.people_from <= latest
        and case.after.next_action_at <= max(case.after.people_from, case.before.next_action_at)
    )


def _pages_people_by_severity(case: Case) -> bool:
    people = [page.people for page in case.pages]
    if not people or case.is_("Escalated"):
        return people == [True] or not people
    if case.after.severity is not MODERATE:
        return people == [case.after.severity > MODERATE]
    if case.after.people_from is not None:
        return people == [False]
    used_up = case.before.exhausted and case.after.exhausted
    return people == [case.hours.staffed or not used_up]


def _pages_people_once_they_waited(case: Case) -> bool:
    return not case.waited or (
        case.after.people_from is None
        and (case.after.step, case.after.round) == (0, 1)
        and [page.step for page in case.pages] == [0]
    )


def _makes_nobody_wait_who_was_being_paged(case: Case) -> bool:
    if case.before.severity < MODERATE or case.before.people_from is not None:
        return True
    return case.after is None or case.after.people_from is None


def _repeats_on_every_staffed_day(case: Case) -> bool:
    opens_at = case.hours.opens_at
    if case.after is None or not case.pages or not case.after.exhausted or opens_at is None:
        return True
    return case.after.severity is not MODERATE or case.after.next_action_at <= opens_at


def _gives_away_only_what_someone_has(case: Case) -> bool:
    if not (case.is_("HandedOver") or case.is_("Released")):
        return True
    held = case.before.status == "acknowledged" and case.event.generation == case.before.generation
    return bool((case.after is not None) == held)


def _is_handed_over_without_a_minute_more(case: Case) -> bool:
    if not case.is_("HandedOver") or case.after is None:
        return True
    told = case.effects == (situation.Tell("alert.acknowledged"),)
    return bool(case.after == case.before) and told


def _is_paged_where_it_stood_when_nobody_has_it_any_more(case: Case) -> bool:
    if not case.is_("Released") or case.after is None:
        return True
    steps, before, after = case.policy.steps, case.before, case.after
    exhausted = before.exhausted or not steps
    again = case.now + (
        REPEATS_AT_LEAST_EVERY[before.severity] if exhausted else steps[before.step].delay
    )
    if exhausted and before.severity is MODERATE and case.hours.opens_at is not None:
        again = min(again, case.hours.opens_at)
    stands = (before.step, before.round, exhausted)
    return bool(
        (after.status, after.next_action_at) == ("triggered", again)
        and (after.step, after.round, after.exhausted) == stands
        and len(case.effects) == 1
        and [(page.step, page.reason, page.everyone) for page in case.pages]
        == [(before.step, situation.Reason.RELEASED, True)]
    )


LAWS: dict[str, Callable[[Case], bool]] = {
    function.__name__.strip("_").replace("_", " "): function
    for function in (
        _is_never_silent,
        _never_falls,
        _ends_only_by_a_person,
        _pages_anew_when_worse,
        _ignores_improvement,
        _acknowledges_only_what_was_seen,
        _pages_whenever_due,
        _repeats_for_ever,
        _comes_back_when_an_acknowledgement_expires,
        _goes_round_then_up_then_is_exhausted,
        _does_nothing_where_nobody_is_being_paged,
        _gives_more_hands_when_asked,
        _asks_anew_after_a_restore,
        _lets_people_wait_a_day_at_most,
        _pages_people_by_severity,
        _pages_people_once_they_waited,
        _makes_nobody_wait_who_was_being_paged,
        _repeats_on_every_staffed_day,
        _gives_away_only_what_someone_has,
        _is_handed_over_without_a_minute_more,
        _is_paged_where_it_stood_when_nobody_has_it_any_more,
    )
}


def broken_by(case: Case) -> list[str]:
    """The names of the laws that this decision breaks."""
    return [name for name, holds in LAWS.items() if not holds(case)]
