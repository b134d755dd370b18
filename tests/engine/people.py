"""What people do in the machine of `model`."""

from contextlib import nullcontext
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from diary.alerts import answers, restore
from diary.alerts.by_hand import raise_by_hand
from diary.alerts.errors import AlertHeld, AlertNotHeld, LookAgain
from diary.callers import OPERATOR
from diary.checkins.help import ask_for_help
from diary.checkins.receipt import Draft
from diary.checkins.record import record
from diary.severity import Severity
from tests.cast import CALM, ZONE
from tests.engine.world import World

# Moderate twice: it alone knows of people who wait for staffed hours.
SEVERITIES = st.sampled_from([*Severity, Severity.MODERATE])
# How far the generation that Bob saw is from the present one.
SEEN = st.sampled_from([0, 0, 0, -1, 1])


class People(World):
    """Alice and her team."""

    @rule(
        si=st.sampled_from([None, 0, 1, 1, 2, 2, 3, 4, 5]),
        safe=st.sampled_from(["yes", "yes", "yes", "unsure", "no"]),
    )
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

    @rule(severity=SEVERITIES)
    def bob_raises_an_alert(self, severity: Severity) -> None:
        """Of what Alice told him on the telephone."""
        alice = self.cast.alice.id

        def tell() -> None:
            with self.house.work(self.bob) as work:
                raise_by_hand(
                    work, patient_id=alice, severity=severity, note="She rang.", on_behalf_of=None
                )

        self.dies(tell)

    @precondition(lambda self: self.open_alert())
    @rule(seen=SEEN)
    def bob_acknowledges(self, seen: int) -> None:
        alert = self.open_alert()
        refused: Any = pytest.raises(LookAgain) if seen else nullcontext()
        if alert.acknowledged_by not in (None, self.cast.bob.id):
            refused = pytest.raises(AlertHeld)

        def acknowledge() -> None:
            generation = alert.generation + seen
            with refused, self.house.work(self.bob) as work:
                answers.acknowledge(work, alert.id, generation=generation, on_behalf_of=None)

        self.dies(acknowledge)
        if self.open_alert().status == "acknowledged" and isinstance(refused, nullcontext):
            self.acknowledged_at[alert.id] = self.true_now()

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

    @precondition(lambda self: self.open_alert())
    @rule(held=st.booleans(), taken=st.booleans(), seen=SEEN)
    def it_is_handed_over(self, held: bool, taken: bool, seen: int) -> None:
        """held: Bob takes it first. taken: he takes it over; otherwise it goes to Dana."""
        alert = self.taken_by_bob() if held else self.open_alert()
        to = (self.cast.bob if taken else self.cast.dana).id
        generation = alert.generation + seen
        with (
            self.survived(),
            self.refused_where_due(alert, seen),
            self.house.work(self.bob) as work,
        ):
            answers.hand_over(work, alert.id, to=to, generation=generation, on_behalf_of=None)
        after = self.open_alert()
        if alert.status != "acknowledged" or seen:
            assert after == alert
            return
        assert after.acknowledged_by == to
        if taken:
            self.acknowledged_at[alert.id] = self.true_now()
        elif alert.acted_at <= self.clock.now():
            assert after.next_action_at == alert.next_action_at

    @precondition(lambda self: self.open_alert())
    @rule(held=st.booleans(), seen=SEEN)
    def bob_gives_it_back(self, held: bool, seen: int) -> None:
        alert = self.taken_by_bob() if held else self.open_alert()
        generation = alert.generation + seen
        with (
            self.survived(),
            self.refused_where_due(alert, seen),
            self.house.work(self.bob) as work,
        ):
            answers.release(work, alert.id, generation=generation, on_behalf_of=None)
        given_back = alert.status == "acknowledged" and not seen
        assert self.open_alert().status == ("triggered" if given_back else alert.status)

    @precondition(lambda self: self.held_alert())
    @rule()
    def the_database_is_restored(self) -> None:
        """From a backup of this very moment: whoever has an alert is asked anew all the same."""
        with self.house.work(OPERATOR, write=False) as work:
            found = restore.open_alerts(work)
        for clinic_id, alert_id in found:
            with self.survived(), self.house.work(OPERATOR) as work:
                restore.page_again(work, clinic_id, alert_id)
        assert self.held_alert() is None

    def taken_by_bob(self) -> Any:
        """The open alert, a second after Bob took it unless somebody has it."""
        if not self.held_alert():
            with self.survived():
                self.bob_acknowledges(0)
            self.clock.advance(seconds=1)
        return self.open_alert()

    def refused_where_due(self, alert: Any, seen: int) -> Any:
        """The refusal of whoever gives away what nobody has, or what they have not seen."""
        if alert.status != "acknowledged":
            return pytest.raises(AlertNotHeld)
        return pytest.raises(LookAgain) if seen else nullcontext()
