"""What the engine does: deliveries a core-second, a dead endpoint's queue, steps, a dead engine."""

import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from queue import Queue
from uuid import UUID

from sqlalchemy import func, insert, select, update

from bench import lone_engine, sink
from bench.checkins import Line
from bench.delivery import said, wait_for_bytes
from bench.stand import Stand
from diary.alerts import service as alerts
from diary.alerts.findings import Finding
from diary.alerts.model import alert_entries
from diary.alerts.model import alerts as alert_rows
from diary.alerts.service import Subjected
from diary.callers import Caller, CallerKind
from diary.patients.model import patients
from diary.severity import Severity
from diary.webhooks import endpoints, queue
from diary.webhooks.model import deliveries
from diary.webhooks.publish import publish
from diary.work import Work

_ENGINE = Caller(CallerKind.ENGINE)
_MESSAGES, _ENDPOINTS = 6_000, 16
_DEAD = 100_000
_STEPS = 400
_STEPS_WITHIN = 20.0  # seconds
_KILLS = 30


def throughput(stand: Stand, hook: str, arrivals: "Queue[float]") -> Iterator[Line]:
    """Messages wait at sixteen endpoints: what one engine does with a second of a core."""
    with stand.house.work(stand.admin) as work:
        made = [endpoints.create(work, url=hook, description=None).id for _ in range(_ENDPOINTS)]
    for _ in range(_MESSAGES // 500):
        with stand.house.work(_ENGINE) as work:
            for number in range(500):
                to = {made[number % _ENDPOINTS]}
                publish(work, clinic_id=stand.clinic_id, type="ping", data={}, endpoint_ids=to)
    _empty(arrivals)
    with lone_engine.running(stand.house.settings) as engine:
        began = arrivals.get(timeout=30)
        used = lone_engine.cpu_seconds(engine)
        ended = began
        for _ in range(_MESSAGES - 1):
            ended = arrivals.get(timeout=30)
        used = lone_engine.cpu_seconds(engine) - used
    yield (
        "signed durable deliveries",
        f"{_MESSAGES / used:,.0f} a core-second; {_MESSAGES / (ended - began):,.0f}/s",
    )
    _retire(stand, made)


def steps(stand: Stand) -> Iterator[Line]:
    """Alerts that fall due at moments of their own: how early or late each is acted upon."""
    chance = random.Random(11)
    with stand.house.work(_ENGINE) as work:
        rows = work.rows(select(patients).limit(_STEPS))
        for row in rows:
            _alarm(work, row.clinic_id, row.id, row.reference)
        start = work.now + timedelta(seconds=4)
        due: dict[UUID, datetime] = {}
        for row in work.rows(select(alert_rows.c.id).where(alert_rows.c.status != "resolved")):
            due[row.id] = start + timedelta(seconds=chance.uniform(0, _STEPS_WITHIN))
            work.execute(
                update(alert_rows)
                .where(alert_rows.c.id == row.id)
                .values(next_action_at=due[row.id])
            )
    with lone_engine.running(stand.house.settings):
        time.sleep((start - stand.house.clock.now()).total_seconds() + _STEPS_WITHIN + 2)
    with stand.house.work(_ENGINE, write=False) as work:
        paged = work.rows(
            select(alert_entries.c.alert_id, func.min(alert_entries.c.at).label("at"))
            .where(alert_entries.c.kind == "paged", alert_entries.c.alert_id.in_(list(due)))
            .group_by(alert_entries.c.alert_id)
        )
    late = [(row.at - due[row.alert_id]).total_seconds() * 1000 for row in paged]
    early = sum(ms < 0 for ms in late)
    yield "steps acted upon", f"{len(late)} of {len(due)}, {early} early; late {said(late)}"
    stand.resolve_alerts()


def dead_queue(stand: Stand, arrivals: "Queue[float]") -> Iterator[Line]:
    """First bytes at a healthy endpoint, without and with a long queue for one that hangs."""
    with sink.listening("hangs") as (nowhere, _), stand.served() as port:
        before = wait_for_bytes(stand, port, arrivals)
        with stand.house.work(stand.admin) as work:
            dead = endpoints.create(work, url=nowhere, description=None).id
        _fill(stand, dead)
        after = wait_for_bytes(stand, port, arrivals)
        claims = list(_claims(stand, dead))
    yield (
        f"first byte beside {_DEAD:,} for a dead endpoint",
        f"{said(after)}; without {said(before)}",
    )
    yield "claim for the dead endpoint", said(claims)
    _retire(stand, [dead])


def reclaim(stand: Stand) -> Iterator[Line]:
    """Two engines; the one that holds a delivery is killed; how soon the other sends it again."""
    found = []
    with sink.listening("first-hangs") as (hook, arrivals):
        with stand.house.work(stand.admin) as work:
            place = endpoints.create(work, url=hook, description=None).id
        port = int(hook.rpartition(":")[2].partition("/")[0])
        for _ in range(_KILLS):
            with (
                lone_engine.running(stand.house.settings) as first,
                lone_engine.running(stand.house.settings) as second,
            ):
                found.append(_kill_the_holder(stand, place, port, arrivals, [first, second]))
    yield "kill -9 of an engine → sent again by its peer", said(found)
    _retire(stand, [place])


def _kill_the_holder(
    stand: Stand,
    place: UUID,
    port: int,
    arrivals: "Queue[float]",
    engines: "Sequence[subprocess.Popen[str]]",
) -> float:
    """The holder is the engine whose connection to the sink is open."""
    _empty(arrivals)
    with stand.house.work(_ENGINE) as work:
        publish(work, clinic_id=stand.clinic_id, type="ping", data={}, endpoint_ids={place})
    arrivals.get(timeout=10)
    holder = next(each for each in engines if lone_engine.is_connected(each, port))
    killed = time.monotonic()
    holder.kill()
    return (arrivals.get(timeout=30) - killed) * 1000


def _alarm(work: Work, clinic_id: UUID, patient_id: UUID, reference: str) -> None:
    finding = Finding("R1", "act", Severity.CRITICAL, 4, {})
    about = Subjected(clinic_id, patient_id, reference)
    alerts.raise_alert(work, about, [finding], source="help", source_id=work.new_id())


def _fill(stand: Stand, endpoint_id: UUID) -> None:
    """A queue as a long outage leaves it: one message, owed so many times."""
    with stand.house.work(_ENGINE) as work:
        message = publish(work, clinic_id=stand.clinic_id, type="ping", data={}, endpoint_ids=())
        work.flush()
        row = {
            "clinic_id": stand.clinic_id,
            "message_id": message,
            "endpoint_id": endpoint_id,
            "is_page": False,
            "priority": 1,
            "state": "pending",
            "attempts": 0,
            "due_at": work.now,
            "withdrawn": False,
            "created_at": work.now,
        }
        for _ in range(_DEAD // 10_000):
            rows = [row | {"id": work.new_id()} for _ in range(10_000)]
            work.connection.execute(insert(deliveries), rows)


def _claims(stand: Stand, endpoint_id: UUID) -> Iterator[float]:
    """Claims that are rolled back, in ms."""
    for _ in range(100):
        try:
            with stand.house.work(_ENGINE) as work:
                began = time.perf_counter()
                queue.due_endpoints(work)
                queue.claim(work, stand.clinic_id, endpoint_id)
                raise _NotToBeKept((time.perf_counter() - began) * 1000)
        except _NotToBeKept as undone:
            yield undone.took


def _retire(stand: Stand, made: Sequence[UUID]) -> None:
    with stand.house.work(stand.admin) as work:
        for endpoint_id in made:
            endpoints.disable(work, endpoint_id)


def _empty(arrivals: "Queue[float]") -> None:
    while not arrivals.empty():
        arrivals.get_nowait()


class _NotToBeKept(Exception):
    """Undo what was only measured. took: ms."""

    def __init__(self, took: float) -> None:
        super().__init__()
        self.took = took
