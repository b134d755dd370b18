"""The clinic that the machine of `model` plays with, and how things are done in it.

Services and database are the real ones; the network is the outcome that the machine gives each
claimed delivery, so that an engine can die or stall with a delivery in its hand. Any process can
die just before or just after it commits: to the database that is all that dying at one of
`tests.chaos.points` can be.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import select

from diary.alerts import decide, policies
from diary.alerts.model import alerts as alert_rows
from diary.callers import Caller, CallerKind
from diary.webhooks import queue
from diary.webhooks.model import endpoints as table
from diary.webhooks.queue import Attempted, Claimed
from engine.settle import GONE, follow
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.conftest import house_on, settings_for
from tests.engine.mortal import Died, Mortal
from tests.engine.watched import Watched

ENGINES = tuple(Caller(CallerKind.ENGINE, id=uuid4()) for _ in range(3))


@dataclass(slots=True)
class InHand:
    """A delivery that an engine claimed and has not settled."""

    engine: Caller
    endpoint: UUID
    claimed: Claimed


class World(RuleBasedStateMachine):
    """Alice's clinic, with three engines."""

    def __init__(self, database_url: str, rules: ModuleType = decide) -> None:
        """rules: what decides."""
        super().__init__()
        self.clock = SimulatedClock()
        self.database = Mortal(database_url, pool_size=2)
        self.house = house_on(settings_for(database_url), self.database, self.clock)
        self.cast = Cast(self.house)
        everyone = (self.cast.alice, self.cast.bob, self.cast.erin)
        self.alice, self.bob, self.erin = (one.caller for one in everyone)
        with self.house.work(self.erin) as work:
            # No two delays alike: one in the other's place would not be seen.
            policies.save(work, policies.DEFAULT, self.steps())
        self.faults = {self.cast.team.id: "ok", self.cast.on_call.id: "ok"}
        self.in_hand: list[InHand] = []
        self.received: Counter[tuple[UUID, UUID]] = Counter()
        self.heard_at: dict[UUID, datetime] = {}
        self.may_repeat: set[tuple[UUID, UUID]] = set()
        self.bodies: dict[UUID, bytes] = {}
        self.heights: dict[UUID, tuple[int, ...]] = {}
        self.set_back = timedelta()
        self.live_since = {endpoint: self.true_now() for endpoint in self.faults}
        # Whether it is urgent, and since when that waits.
        self.triggered_since: dict[UUID, tuple[bool, datetime]] = {}
        self.acknowledged_at: dict[UUID, datetime] = {}
        # Last: what fails before it leaves the diary as it is.
        self.watched = Watched(rules)

    def steps(self) -> list[dict[str, Any]]:
        """The team, and four minutes later twice whoever is on call."""
        return [
            {
                "delay_minutes": minutes,
                "rounds": rounds,
                "targets": [{"type": "endpoint", "id": endpoint.id}],
            }
            for endpoint, minutes, rounds in (
                (self.cast.team, 4, 1),
                (self.cast.on_call, 5, 2),
            )
        ]

    def teardown(self) -> None:
        self.watched.close()
        self.house.database.close()

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
