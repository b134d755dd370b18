"""Two clinics whose audit trails are sealed, for tests that look at them or tamper with them."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from structlog.testing import capture_logs

from diary.access import clinics
from diary.audit import audit_events
from diary.callers import OPERATOR, Caller, CallerKind
from diary.trail import verify
from diary.trail.chain import Broken
from diary.trail.model import audit_heads
from diary.work import House, Work
from engine.seal import Sealer
from tests.clock import SimulatedClock

# The command, as the operator types it with these logs: its exit code and its lines.
Verified = Callable[..., tuple[int, list[str]]]
ENGINE = Caller(CallerKind.ENGINE)
EVENTS = 7


class Undo(Exception):
    """Leaves a transaction so that nothing of it stays."""


class Trail:
    """Two clinics, each with a few events that are sealed."""

    def __init__(self, house: House, clock: SimulatedClock) -> None:
        self.house = house
        self.clock = clock
        self.harbour, self.hill = sorted(self.found(name) for name in ("Harbour", "Hill"))
        for clinic in (self.harbour, self.hill):
            self.write(clinic, EVENTS - 1)
        self.seal()

    def found(self, name: str) -> UUID:
        """One more, in which nothing is sealed yet."""
        with self.house.work(OPERATOR) as work:
            return clinics.create(work, name=name, country="ES", time_zone="Europe/Madrid")

    def write(self, clinic: UUID, count: int = 1) -> None:
        """So many events, each a second after the one before."""
        for number in range(count):
            self.clock.advance(seconds=1)
            with self.house.work(Caller(CallerKind.STAFF, id=uuid4(), clinic_id=clinic)) as work:
                work.audit("patient.changed", "patient", uuid4(), number=number, of=["a", "é"])

    def write_many(self, clinic: UUID, count: int) -> None:
        """So many at once."""
        caller = Caller(CallerKind.STAFF, id=uuid4(), clinic_id=clinic)
        with self.house.work(caller) as work:
            for _ in range(count):
                work.audit("patient.changed", "patient", uuid4())

    def seal(self, stopping: Callable[[], bool] = lambda: False) -> list[Any]:
        """What an engine does at one look; its log."""

        async def look() -> None:
            async with Sealer(self.house, ENGINE, asyncio.to_thread, stopping) as sealer:
                sealer.look()
                await sealer.rest()

        with capture_logs() as logged:
            asyncio.run(look())
        return list(logged)

    def first_bad(self, clinic: UUID, work: Work) -> int | None:
        """The first place at which the clinic's chain does not hold."""
        walk = verify.Walk(clinic)
        try:
            walk.begin(work)
            while walk.page(work):
                pass
        except Broken as broken:
            return broken.sequence
        return None

    def sequences(self, clinic: UUID) -> list[int | None]:
        """In the order of the chain; what is not sealed comes last."""
        with self.house.work(OPERATOR, write=False) as work:
            found = [
                row.sequence
                for row in work.rows(
                    select(audit_events.c.sequence).where(audit_events.c.clinic_id == clinic)
                )
            ]
        return sorted(found, key=lambda each: (each is None, each))

    @contextmanager
    def tampering(self) -> Iterator[Work]:
        """A transaction of somebody who has the database; it is undone."""
        with suppress(Undo), self.house.work(OPERATOR) as work:
            yield work
            raise Undo


def at(clinic: UUID, sequence: int) -> Any:
    return (audit_events.c.clinic_id == clinic) & (audit_events.c.sequence == sequence)


def head_of(work: Work, clinic: UUID) -> Any:
    return work.row(select(audit_heads).where(audit_heads.c.clinic_id == clinic))
