"""Whatever happens in whatever order, what must always hold for alerts holds.

The machine plays the patient and the team (`people`), three engines, time and the network.
"""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import select

from diary.callers import Caller
from diary.clock import CLOCKS_DIFFER
from diary.severity import Severity
from diary.webhooks import endpoints, queue
from diary.webhooks.model import messages
from engine.escalate import escalate_due, go_by_the_clock, next_action
from tests.engine.people import SEVERITIES, People
from tests.engine.world import ENGINES, InHand
from tests.laws import HOLDS

# A policy of four and twice five minutes is used up within a quarter of an hour, and then everybody
# is paged every five minutes: an urgent alert that nobody has answered is heard at least so often.
BOUND = timedelta(minutes=16)
NEVER = datetime.min.replace(tzinfo=UTC)
# The clinic reads answers on weekdays from 8 to 18 o'clock in Madrid, which is 7 to 17 in UTC.
STARTS = (
    datetime(2026, 3, 2, 11, tzinfo=UTC),
    datetime(2026, 3, 2, 22, tzinfo=UTC),
    datetime(2026, 3, 3, 6, 57, tzinfo=UTC),
    datetime(2026, 3, 3, 16, 57, tzinfo=UTC),
    datetime(2026, 3, 6, 19, tzinfo=UTC),
)
# What an endpoint does with a message: takes it, fails, takes it and loses the answer, or says that
# it is gone for good.
FAULTS = ("ok", "fail", "answer lost", "gone")


class Interlude(People):
    """Everyone, and everything that can go wrong."""

    @initialize(
        team=st.sampled_from(FAULTS),
        on_call=st.sampled_from(FAULTS),
        start=st.sampled_from(STARTS),
        severity=SEVERITIES,
    )
    def an_alert_is_raised_where_endpoints_may_be_dead(
        self, team: str, on_call: str, start: datetime, severity: Severity
    ) -> None:
        self.clock.set(start)
        self.faults = {self.cast.team.id: team, self.cast.on_call.id: on_call}
        self.live_since = dict.fromkeys(self.faults, start)
        self.bob_raises_an_alert(severity)

    @rule(transactions=st.integers(0, 8), committed=st.booleans())
    def a_process_is_doomed(self, transactions: int, committed: bool) -> None:
        self.database.doomed_in, self.database.committed = transactions, committed

    @rule(fault=st.sampled_from(FAULTS), first=st.booleans())
    def an_endpoint_changes(self, fault: str, first: bool) -> None:
        endpoint = (self.cast.team if first else self.cast.on_call).id
        if fault == "ok" != self.faults[endpoint]:
            self.live_since[endpoint] = self.true_now()
        self.faults[endpoint] = fault
        if fault == "ok" and self.is_gone(endpoint):
            with self.survived(), self.house.work(self.erin) as work:
                endpoints.activate(work, endpoint)

    @rule(minutes=st.sampled_from([0.01, 2, 90, 1_500]))
    def the_clock_is_set_back(self, minutes: float) -> None:
        self.clock.advance(minutes=-minutes)
        self.set_back += timedelta(minutes=minutes)

    @rule(engine=st.sampled_from(ENGINES))
    def an_engine_claims(self, engine: Caller) -> None:
        if self.dies(lambda: self.claim(engine)):
            self.an_engine_dies(engine, sent=False)

    def claim(self, engine: Caller) -> None:
        with self.house.work(engine, write=False) as work:
            due = queue.due_endpoints(work)
        for clinic, endpoint in due:
            with self.house.work(engine) as work:
                claimed = queue.claim(work, clinic, endpoint)
            for one in claimed:
                assert not one.is_page or self.status_of(one.alert_id) == "triggered"
                self.in_hand.append(InHand(engine, endpoint, one))

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data(), dies_half_way=st.booleans())
    def an_engine_sends(self, data: st.DataObject, dies_half_way: bool) -> None:
        index = data.draw(st.integers(0, len(self.in_hand) - 1))
        hand = self.in_hand.pop(index)
        if self.dies(lambda: self.send(hand, follows=not dies_half_way)):
            self.an_engine_dies(hand.engine, sent=False)

    @rule(engine=st.sampled_from(ENGINES), sent=st.booleans())
    def an_engine_dies(self, engine: Caller, sent: bool) -> None:
        """sent: its last requests still left, and nobody is there for the answers."""
        for hand in [hand for hand in self.in_hand if hand.engine == engine]:
            self.in_hand.remove(hand)
            if sent:
                self.deliver(hand, answered=False)

    @rule(engine=st.sampled_from(ENGINES))
    def an_engine_runs(self, engine: Caller) -> None:
        while self.dies(lambda: self.run(engine)):
            self.an_engine_dies(engine, sent=False)

    def run(self, engine: Caller) -> None:
        worked = True
        while worked:
            with self.house.work(engine) as work:
                queue.release_lost(work)
            go_by_the_clock(self.house, engine)
            acted = escalate_due(self.house, engine)
            self.claim(engine)
            mine = [hand for hand in self.in_hand if hand.engine == engine]
            for hand in mine:
                self.in_hand.remove(hand)
                self.send(hand)
            worked = bool(acted or mine)

    @rule(
        minutes=st.sampled_from([0.05, 1, 6, 20, 40, 90, 700, 1_500]),
        set_back=st.sampled_from([0, 0, 90, 1_500]),
        engine=st.sampled_from(ENGINES),
    )
    def time_passes(self, minutes: float, set_back: float, engine: Caller) -> None:
        """With at least one engine alive; the others may be stalled."""
        self.the_clock_is_set_back(set_back)
        # It looks twice a second, and notices.
        self.an_engine_runs(engine)
        end = self.clock.now() + timedelta(minutes=minutes)
        pause = timedelta(minutes=minutes / 20)
        while self.clock.now() < end:
            now = self.clock.now()
            with self.house.work(engine, write=False) as work:
                delivery = queue.next_due(work, now)
            moments = (delivery, next_action(self.house, engine, now))
            soonest = min([end, *(moment for moment in moments if moment)])
            self.clock.set(min(end, max(soonest, now + pause)))
            self.an_engine_runs(engine)
        self.whoever_listens_has_heard(BOUND + 4 * pause)
        self.no_acknowledgement_lasts(4 * pause)

    # What must hold.

    @invariant()
    def every_decision_keeps_the_laws(self) -> None:
        assert self.watched.broken == []

    @invariant()
    def an_open_alert_is_one_and_has_a_next_action(self) -> None:
        found = self.alerts()
        opened = [alert for alert in found if alert.status != "resolved"]
        assert len(opened) <= 1
        assert all(alert.next_action_at is not None for alert in opened)
        for alert in found:
            urgent = alert.severity >= Severity.HIGH
            waiting = self.triggered_since.get(alert.id, (not urgent, NEVER))
            if alert.status != "triggered":
                self.triggered_since.pop(alert.id, None)
            elif waiting[0] != urgent:
                self.triggered_since[alert.id] = (urgent, self.true_now())
            height = (alert.severity, alert.suicidality, alert.generation, alert.sequence)
            before = self.heights.get(alert.id, height)
            assert all(now >= then for now, then in zip(height, before, strict=True))
            self.heights[alert.id] = height

    @invariant()
    def a_message_never_changes(self) -> None:
        with self.house.work(ENGINES[0], write=False) as work:
            bodies = {row.id: row.body for row in work.rows(select(messages))}
        assert {id: bodies.get(id) for id in self.bodies} == self.bodies
        self.bodies = bodies

    @invariant()
    def only_a_crash_or_a_lost_answer_repeats_a_message(self) -> None:
        assert {each for each, times in self.received.items() if times > 1} <= self.may_repeat

    def no_acknowledgement_lasts(self, slack: timedelta) -> None:
        """Whoever has an alert is asked again in time."""
        alert = self.held_alert()
        if alert:
            held = self.true_now() - self.acknowledged_at[alert.id]
            assert held <= HOLDS[alert.severity] + slack + CLOCKS_DIFFER

    def whoever_listens_has_heard(self, within: timedelta) -> None:
        """After any stretch of time with a living engine: of an urgent alert, and not long ago."""
        long_ago = self.true_now() - within
        live = [
            since <= long_ago
            for endpoint, since in self.live_since.items()
            if self.faults[endpoint] == "ok" and not self.is_gone(endpoint)
        ]
        alert = self.open_alert()
        if not alert or alert.status != "triggered" or not any(live):
            return
        urgent, since = self.triggered_since.get(alert.id, (False, self.true_now()))
        if since <= long_ago:
            assert self.heard_at[alert.id] >= (long_ago if urgent else NEVER)
