"""After any storm server and phones agree: one row per check-in, each risk answer judged once.

Two phones of one patient, real requests to the server as it is deployed, which is taken down in the
middle; the seed says what goes wrong.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from bench.server import serving
from diary.alerts import readiness
from diary.alerts.model import alerts, findings
from diary.callers import ANONYMOUS, OPERATOR
from diary.checkins.model import check_ins, quarantine
from diary.clock import SystemClock
from diary.patients import devices
from diary.work import House
from tests.cast import Actor, Cast
from tests.phone.simulator import CALM_DAY, Phone, Weather

pytestmark = pytest.mark.slow

# From which level of the ladder on each rule finds it.
RULES = {"R3": 1, "R2": 3, "R1": 4}
# What a server that is busy refused is sent again.
_CALM_DAYS = 5
AHEAD = (timedelta(minutes=26), timedelta(hours=-3))
# Beyond two days ahead nothing tells when it was: it is set apart, and judged.
FAR_AHEAD = (timedelta(days=-20), timedelta(days=5))


@pytest.fixture
def clock() -> SystemClock:
    """The machine's own: a real server does not see a test's."""
    return SystemClock()


@dataclass
class Storm:
    """Two phones of Alice's before a server."""

    house: House
    cast: Cast
    dice: Random
    phones: list[Phone] = field(default_factory=list)
    port: int = 0
    _server: ExitStack = field(default_factory=ExitStack)

    def begin(self, ahead: tuple[timedelta, timedelta]) -> None:
        """Pair the second phone, and serve."""
        with self.house.work(self.cast.bob.caller) as work:
            code = readiness.enrol(work, self.cast.alice.id).code
        with self.house.work(ANONYMOUS) as work:
            grant = devices.pair(work, code=code, name="The tablet", platform="ios")
        tablet = self.cast.holder("The tablet", grant)
        for holder, each in zip((self.cast.alice, tablet), ahead, strict=True):
            self.phones.append(Phone(lambda: self.port, partial(_token, holder), self.dice, each))
        self.serve()

    def serve(self) -> None:
        """Serve anew, at another port."""
        self._server.close()
        self.port = self._server.enter_context(serving(self.house.settings))

    def end(self) -> None:
        self._server.close()

    def rage(self, rounds: int) -> None:
        """The patient answers, phones try, and half-way the server is taken down."""
        for number in range(rounds):
            if number == rounds // 2:
                self.serve()
            phone = self.dice.choice(self.phones)
            level = self.dice.choice((0, 0, 1, 3, 4))
            spoiled = {"mood": 11} if self.dice.random() < 0.1 else {}
            phone.answer(**({"si": level} if level else {}), **spoiled)
            if self.dice.random() < 0.1:
                self.phones[0].hand_on(self.phones[1])
            for each in self.phones:
                each.sync(Weather())
        for each in self.phones * _CALM_DAYS:
            each.sync(CALM_DAY)

    def check(self) -> None:
        """Raises AssertionError where server and phones do not agree."""
        self.each_is_kept_once_and_as_it_was_answered()
        self.each_risk_is_judged_once()

    def each_is_kept_once_and_as_it_was_answered(self) -> None:
        assert not any(phone.queue for phone in self.phones)
        answered = self.phones[0].answered | self.phones[1].answered
        told = {id: each for phone in self.phones for id, each in phone.told.items()}
        assert told.keys() == answered.keys(), "every answer was taken"
        for phone in self.phones:
            assert phone.receipts() == answered.keys(), "whichever phone sent it"
            shown = {each["id"]: each for each in phone.held()}
            recorded = {id for id, (status, _) in told.items() if status in (200, 201)}
            assert shown.keys() == recorded
            for id in recorded:
                assert shown[id]["answers"] == answered[id]["answers"]
                assert shown[id]["received_at"] == told[id][1]["received_at"]
        with self.house.work(OPERATOR.within(self.cast.clinic), write=False) as work:
            rows = work.rows(
                select(check_ins.c.id).where(check_ins.c.clinic_id == work.caller.clinic)
            )
            apart = work.rows(
                select(quarantine.c.check_in_id).where(quarantine.c.clinic_id == work.caller.clinic)
            )
        once = Counter(str(row[0]) for row in (*rows, *apart))
        assert once == Counter(answered.keys()), "each is in one place, once"

    def each_risk_is_judged_once(self) -> None:
        answered = self.phones[0].answered | self.phones[1].answered
        with self.house.work(OPERATOR.within(self.cast.clinic), write=False) as work:
            found = work.rows(
                select(findings.c.rule, findings.c.source_id).where(
                    findings.c.clinic_id == work.caller.clinic
                )
            )
            open_alerts = work.rows(
                select(alerts.c.severity).where(alerts.c.clinic_id == work.caller.clinic)
            )
            apart = {
                row.id: row.check_in_id
                for row in work.rows(
                    select(quarantine).where(quarantine.c.clinic_id == work.caller.clinic)
                )
            }
        by_level = Counter(
            (str(apart.get(row.source_id, row.source_id)), row.rule)
            for row in found
            if row.rule in RULES
        )
        expected = Counter(
            (id, rule)
            for id, each in answered.items()
            for rule, level in RULES.items()
            if each["answers"].get("si", 0) >= level
        )
        assert by_level == expected, "each risk answer was judged, and once"
        assert len(open_alerts) == 1


def _token(holder: Actor) -> str:
    return holder.token


@pytest.fixture
def storm(house: House, request: pytest.FixtureRequest) -> Iterator[Storm]:
    seed: Any = getattr(request, "param", 1)
    found = Storm(house, Cast(house), Random(seed))
    yield found
    found.end()


@pytest.mark.parametrize("storm", range(3), indirect=True)
def test_after_a_storm_server_and_phones_agree(storm: Storm) -> None:
    storm.begin(AHEAD)
    storm.rage(40)
    storm.check()


@pytest.mark.parametrize("storm", [7], indirect=True)
def test_also_where_the_clocks_are_wrong_by_days(storm: Storm) -> None:
    storm.begin(FAR_AHEAD)
    storm.rage(20)
    storm.check()


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fault", ["makes_new_ids", "forgets"])
def test_a_phone_with_a_fault_is_found_out(storm: Storm, fault: str) -> None:
    storm.begin(AHEAD)
    for phone in storm.phones:
        setattr(phone, fault, True)
    storm.rage(12)
    with pytest.raises(AssertionError):
        storm.check()
