"""Whatever Alice sends in whatever order: where her last word was of risk and its hours have
passed, it was found, and nothing is found otherwise.

Her last word is the newest by the moment it was said; what comes after it about an earlier moment,
and what amends, can only make it graver.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from diary.checkins.amend import Amended, amend
from diary.checkins.help import ask_for_help
from diary.checkins.receipt import Draft
from diary.checkins.record import record
from diary.database import Database
from diary.rules import service as rules
from diary.rules.conditions import AnyOf, Silent
from diary.rules.default import DEFAULT
from diary.rules.default_suicidality import SILENT_AFTER_RISK
from diary.rules.ruleset import Rule, RuleSet
from diary.severity import Severity
from tests.cast import CALM, ZONE, Cast
from tests.clock import SimulatedClock
from tests.conftest import house_on, settings_for
from tests.databases import Kept
from tests.engine.silences import judge_due, of_silence

LOW, MODERATE, HIGH, CRITICAL = Severity
FOUND = {0: None, 1: MODERATE, 3: HIGH, 4: CRITICAL}
LEVELS = st.sampled_from(list(FOUND))
SHIPPED = ((CRITICAL, 12), (HIGH, 24), (LOW, 36))
HOURS = st.sampled_from([0, 1, 5, 12, 24, 36])
# Without those that look back: how grave a word is found then hangs on it alone.
OTHERS = tuple(each for each in DEFAULT.rules if each.code not in ("R4", "R5", "R6"))
WAITS = st.sampled_from([SHIPPED, ((CRITICAL, 6),), ((MODERATE, 10), (HIGH, 5)), ((LOW, 60),)])


@dataclass(slots=True)
class LastWord:
    """When it was said, when it came, and the gravest of it and of what came after it."""

    said_at: datetime
    came_at: datetime
    severity: Severity | None


class Silences(RuleBasedStateMachine):
    """Alice, an engine that looks now and then, and a clinic that changes its rules."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.clock = SimulatedClock()
        self.database = Database(url, pool_size=2)
        self.house = house_on(settings_for(url), self.database, self.clock)
        cast = Cast(self.house)
        self.alice, self.dana = cast.alice.caller, cast.dana.caller
        self.waits: tuple[tuple[Severity, int], ...] = ()
        self.the_clinic_changes_its_rules(SHIPPED)
        self.word: LastWord | None = None
        self.sent: list[tuple[UUID, datetime]] = []
        self.found: set[UUID] = set()

    def teardown(self) -> None:
        self.database.close()

    @rule(
        kept=st.lists(st.tuples(LEVELS, st.sampled_from([0, 1, 9, 30])), min_size=1, max_size=3),
        hours=HOURS,
    )
    def alice_is_heard(self, kept: list[tuple[int, int]], hours: int) -> None:
        """kept: what her phone sends then, and how many hours before she answered it."""
        for si, ago in kept:
            self.check_in(si, ago)
        self.clock.advance(hours=hours)

    def check_in(self, si: int, ago: int) -> None:
        now = self.clock.advance(seconds=1)
        said_at = now - timedelta(hours=ago)
        draft = Draft("daily-check-in", "1.0.0", "en", said_at, now, ZONE, answers(si))
        id = uuid4()
        with self.house.work(self.alice) as work:
            record(work, id, {"answers": draft.answers}, draft, ())
        self.sent.append((id, said_at))
        if self.word is None or said_at > self.word.said_at:
            self.word = LastWord(said_at, now, FOUND[si])
        else:
            self.is_graver(FOUND[si])

    @rule(hours=HOURS)
    def alice_asks_for_help(self, hours: int) -> None:
        now = self.clock.advance(seconds=1)
        with self.house.work(self.alice) as work:
            ask_for_help(work)
        self.word = LastWord(now, now, CRITICAL)
        self.clock.advance(hours=hours)

    @precondition(lambda self: self.sent)
    @rule(si=LEVELS, hours=HOURS, data=st.data())
    def alice_takes_an_answer_back(self, si: int, hours: int, data: Any) -> None:
        id, _ = data.draw(st.sampled_from(self.sent))
        now = self.clock.advance(seconds=1)
        new = answers(si)
        with self.house.work(self.alice) as work:
            amended = Amended("I mistook it", now, new)
            amend(work, id, uuid4(), {"answers": new}, amended, ())
        self.is_graver(FOUND[si])
        self.clock.advance(hours=hours)

    @rule(waits=WAITS)
    def the_clinic_changes_its_rules(self, waits: tuple[tuple[Severity, int], ...]) -> None:
        leaves = AnyOf(tuple(Silent(after.word, hours) for after, hours in waits))
        r6 = SILENT_AFTER_RISK
        changed = Rule(r6.code, r6.title, leaves, r6.severity, r6.suicidality)
        with self.house.work(self.dana) as work:
            rules.publish(work, RuleSet((*OTHERS, changed), DEFAULT.phrases), reason="Agreed")
        self.waits = waits

    @rule(hours=HOURS)
    def time_passes(self, hours: int) -> None:
        """With nothing found twice."""
        judge_due(self.house)
        assert {each.id for each in of_silence(self.house)} == self.found
        self.clock.advance(hours=hours)

    @invariant()
    def what_is_due_is_found_and_nothing_else(self) -> None:
        judge_due(self.house)
        all_of_them = of_silence(self.house)
        new = [each for each in all_of_them if each.id not in self.found]
        self.found.update(each.id for each in new)
        assert len(new) <= 1
        passed = self.hours_have_passed()
        assert passed or not new
        if passed:
            assert self.word is not None
            since = self.word.came_at
            assert any(
                each.severity == self.word.severity
                for each in all_of_them
                if each.found_at >= since
            )

    def is_graver(self, severity: Severity | None) -> None:
        assert self.word is not None
        if severity is not None and severity > (self.word.severity or 0):
            self.word.severity = severity

    def hours_have_passed(self) -> bool:
        if self.word is None or self.word.severity is None:
            return False
        silent = self.clock.now() - self.word.said_at
        return any(
            self.word.severity >= after and silent >= timedelta(hours=hours)
            for after, hours in self.waits
        )


def answers(si: int) -> dict[str, object]:
    """A calm day's but for suicidality."""
    return {**CALM, "si_gate": "yes", "si": si} if si else dict(CALM)


def test_a_silence_after_a_word_of_risk_is_found_and_no_other(kept: Kept) -> None:
    class Anew(Silences):
        def __init__(self) -> None:
            kept.empty()
            super().__init__(kept.url)

    run_state_machine_as_test(
        Anew,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            database=None,
            # Not shrunk: that takes minutes, and what was tried is printed step by step.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
