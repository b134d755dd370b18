"""Whatever happens in whatever order, what must always hold for alerts holds.

The machine plays the patient, the team, three engines, time and the network. Services and database
are the real ones; the network is the outcome that the machine gives each claimed delivery, so that
an engine can die or stall with a delivery in its hand. Any process can die just before or just
after it commits: to the database that is all that dying at one of `tests.chaos.points` can be.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from pydantic import HttpUrl, SecretStr
from sqlalchemy import select

from diary.alerts import answers
from diary.alerts.errors import AlertHeld, LookAgain
from diary.alerts.model import alerts as alert_rows
from diary.callers import Caller, CallerKind
from diary.checkins.help import ask_for_help
from diary.checkins.receipt import Draft
from diary.checkins.record import record
from diary.house import open_house
from diary.settings import Settings
from diary.severity import Severity
from diary.webhooks import endpoints, queue
from diary.webhooks.model import endpoints as table
from diary.webhooks.model import messages
from diary.webhooks.queue import Attempted, Claimed
from engine.escalate import escalate_due, go_by_the_clock, next_action
from engine.settle import GONE, follow
from tests.cast import CALM, ZONE, Cast
from tests.clock import SimulatedClock
from tests.conftest import MASTER_KEY
from tests.engine.mortal import Died, Mortal

ENGINES = tuple(Caller(CallerKind.ENGINE, id=uuid4()) for _ in range(3))
# A policy of five minutes a rung is used up in a quarter of an hour, and then everybody is paged
# every five minutes: an urgent alert that nobody has answered is heard at least so often.
BOUND = timedelta(minutes=16)
NEVER = datetime.min.replace(tzinfo=UTC)
# What an endpoint does with a message: takes it, fails, takes it and loses the answer, or says that
# it is gone for good.
FAULTS = ("ok", "fail", "answer lost", "gone")


@dataclass(slots=True)
class InHand:
    """A delivery that an engine claimed and has not settled."""

    engine: Caller
    endpoint: UUID
    claimed: Claimed


class Interlude(RuleBasedStateMachine):
    """Alice's clinic, with three engines."""

    def __init__(self, database_url: str) -> None:
        super().__init__()
        self.clock = SimulatedClock()
        configured = Settings(
            database_url=database_url,
            master_key=SecretStr(MASTER_KEY),
            public_url=HttpUrl("https://diary.example"),
            engine="standby",
            webhook_allow_http=True,
            webhook_allowed_networks="127.0.0.0/8",
            pool_size=2,
        )
        self.database = Mortal(database_url, pool_size=2)
        opened = open_house(configured)
        opened.database.close()
        self.house = replace(opened, clock=self.clock, database=self.database, wake=lambda: None)
        self.cast = Cast(self.house)
        self.alice, self.bob = self.cast.alice.caller, self.cast.bob.caller
        self.faults = {self.cast.team.id: "ok", self.cast.on_call.id: "ok"}
        self.in_hand: list[InHand] = []
        self.received: Counter[tuple[UUID, UUID]] = Counter()
        self.heard_at: dict[UUID, datetime] = {}
        self.may_repeat: set[tuple[UUID, UUID]] = set()
        self.bodies: dict[UUID, bytes] = {}
        self.heights: dict[UUID, tuple[int, ...]] = {}
        self.set_back = timedelta()
        self.live_since = {endpoint: self.true_now() for endpoint in self.faults}
        self.triggered_since: dict[UUID, datetime] = {}

    def teardown(self) -> None:
        self.house.database.close()

    @initialize(team=st.sampled_from(FAULTS), on_call=st.sampled_from(FAULTS))
    def endpoints_may_be_dead_from_the_start(self, team: str, on_call: str) -> None:
        self.faults = {self.cast.team.id: team, self.cast.on_call.id: on_call}
        self.alice_asks_for_help()

    # What people do.

    @rule(si=st.none() | st.integers(0, 5), safe=st.sampled_from(["yes", "unsure", "no"]))
    def alice_checks_in(self, si: int | None, safe: str) -> None:
        gate = {} if si is None else {"si_gate": "yes", "si": si}
        answers = {**CALM, **gate, "safe_now": safe}
        now = self.clock.now()
        draft = Draft("daily-check-in", "1.0.0", "en", now, now, ZONE, answers)
        id = uuid4()

        def put() -> None:
            with self.house.work(self.alice) as work:
                record(work, id, {"answers": answers}, draft, ())

        if self.dies(put):
            # Her phone has no answer, and sends it again.
            put()

    @rule()
    def alice_asks_for_help(self) -> None:
        def ask() -> None:
            with self.house.work(self.alice) as work:
                ask_for_help(work)

        if self.dies(ask):
            ask()

    @precondition(lambda self: self.open_alert())
    @rule(late=st.booleans())
    def bob_acknowledges(self, late: bool) -> None:
        alert = self.open_alert()
        seen = alert.generation - late
        refused: Any = pytest.raises(LookAgain) if late else nullcontext()
        if alert.acknowledged_by not in (None, self.cast.bob.id):
            refused = pytest.raises(AlertHeld)

        def acknowledge() -> None:
            with refused, self.house.work(self.bob) as work:
                answers.acknowledge(work, alert.id, generation=seen, on_behalf_of=None)

        self.dies(acknowledge)

    @precondition(lambda self: self.open_alert())
    @rule()
    def bob_resolves(self) -> None:
        alert = self.open_alert()
        end: dict[str, Any] = {"outcome": "contacted-safe", "text": None, "on_behalf_of": None}

        def resolve() -> None:
            with self.house.work(self.bob) as work:
                answers.resolve(work, alert.id, sequence=alert.sequence, **end)

        self.dies(resolve)

    @precondition(lambda self: self.open_alert())
    @rule()
    def bob_escalates(self) -> None:
        alert = self.open_alert()

        def escalate() -> None:
            with self.house.work(self.bob) as work:
                answers.escalate(work, alert.id)

        self.dies(escalate)

    @precondition(lambda self: self.held_alert())
    @rule(taken=st.booleans())
    def it_is_handed_over(self, taken: bool) -> None:
        """taken: Bob takes it over, from himself if he has it; otherwise it goes to Dana."""
        alert = self.held_alert()
        to = (self.cast.bob if taken else self.cast.dana).id
        with self.survived(), self.house.work(self.bob) as work:
            answers.hand_over(work, alert.id, to=to, generation=alert.generation, on_behalf_of=None)
        after = self.open_alert()
        assert after.acknowledged_by == to
        if not taken and alert.acted_at <= self.clock.now():
            assert after.next_action_at == alert.next_action_at

    @precondition(lambda self: self.held_alert())
    @rule()
    def bob_gives_it_back(self) -> None:
        alert = self.held_alert()
        with self.survived(), self.house.work(self.bob) as work:
            answers.release(work, alert.id, generation=alert.generation, on_behalf_of=None)
        assert self.open_alert().status == "triggered"

    # What machines do.

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
            with self.survived(), self.house.work(self.cast.erin.caller) as work:
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
        minutes=st.sampled_from([0.05, 1, 6, 40, 90]),
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

    # What must hold.

    @invariant()
    def an_open_alert_is_one_and_has_a_next_action(self) -> None:
        found = self.alerts()
        opened = [alert for alert in found if alert.status != "resolved"]
        assert len(opened) <= 1
        assert all(alert.next_action_at is not None for alert in opened)
        for alert in found:
            if alert.status == "triggered":
                self.triggered_since.setdefault(alert.id, self.true_now())
            else:
                self.triggered_since.pop(alert.id, None)
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
        if self.triggered_since.get(alert.id, self.true_now()) <= long_ago:
            often = alert.severity >= Severity.HIGH
            assert self.heard_at[alert.id] >= (long_ago if often else NEVER)

    # How it is done.

    def dies(self, process: Callable[[], object]) -> bool:
        """Whether the process that does this died of it."""
        try:
            process()
        except Died:
            return True
        return False

    @contextmanager
    def survived(self) -> Iterator[None]:
        doomed_in, self.database.doomed_in = self.database.doomed_in, None
        yield
        self.database.doomed_in = doomed_in

    def true_now(self) -> datetime:
        """By a clock that was never set back."""
        return self.clock.now() + self.set_back

    def send(self, hand: InHand, *, follows: bool = True) -> None:
        delivered = self.deliver(hand, answered=self.faults[hand.endpoint] != "answer lost")
        gone = self.faults[hand.endpoint] == "gone"
        status = 204 if delivered else GONE if gone else None
        attempted = Attempted(delivered, status, None, None, self.clock.now(), 1)
        place = (hand.claimed.message_id, hand.endpoint)
        try:
            with self.house.work(hand.engine) as work:
                (held,) = queue.settle(work, [(hand.claimed, attempted)])
        except Died:
            self.may_repeat.add(place)
            raise
        if not held:
            self.may_repeat.add(place)
        if follows:
            follow(self.house, hand.engine, hand.claimed, attempted, held=held)

    def deliver(self, hand: InHand, *, answered: bool) -> bool:
        """Returns whether the engine knows that it arrived."""
        if self.faults[hand.endpoint] in ("fail", "gone"):
            return False
        place = (hand.claimed.message_id, hand.endpoint)
        self.received[place] += 1
        if hand.claimed.is_page and hand.claimed.alert_id:
            self.heard_at[hand.claimed.alert_id] = self.true_now()
        if not answered:
            self.may_repeat.add(place)
        return answered

    def is_gone(self, endpoint: UUID) -> bool:
        with self.house.work(ENGINES[0], write=False) as work:
            found = work.row(select(table.c.state).where(table.c.id == endpoint))
        assert found is not None
        return bool(found.state == "gone")

    def alerts(self) -> list[Any]:
        with self.house.work(ENGINES[0], write=False) as work:
            return list(work.rows(select(alert_rows)))

    def open_alert(self) -> Any:
        return next((alert for alert in self.alerts() if alert.status != "resolved"), None)

    def held_alert(self) -> Any:
        alert = self.open_alert()
        return alert if alert and alert.status == "acknowledged" else None

    def status_of(self, alert_id: UUID | None) -> str:
        (status,) = [str(alert.status) for alert in self.alerts() if alert.id == alert_id]
        return status
