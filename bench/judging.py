"""What judging costs in a diary of a month and one of ten years: the query and the rules apart."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from statistics import median
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, event

from bench import cpu, raw
from bench.people import RISK
from bench.stand import ZONE, Stand, caller_of
from diary.access.sessions import Grant
from diary.checkins.context import look
from diary.checkins.forms import Own
from diary.checkins.judging import Said, judged_by
from diary.checkins.lookback import history
from diary.instruments import library
from diary.rules.facts import AfterInfusion, Facts, History, Late
from diary.rules.service import load
from diary.severity import Severity
from tests.cast import CALM

SHORT, LONG = 30, 3_650
_GROUP: Final = "daily-check-in"
_ROUNDS: Final = 20
_RUNS: Final = 50


@dataclass(frozen=True, slots=True)
class _Fetched:
    """What a check-in is judged with, read before."""

    entries: History
    prior: Severity | None = None

    def after_infusion(self, _: datetime) -> AfterInfusion | None:
        """Three days ago."""
        return AfterInfusion(1, 3, 72.0)

    def late(self, _: datetime) -> Late | None:
        """It came in time."""
        return None

    def history(self, said: Said, *, hours: int, baseline: bool) -> History:
        """What was read."""
        return self.entries


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of one check-in: the look-back query in µs and how it is planned, and judging in µs, by what
    was answered."""

    look: float
    plan: str
    rules: dict[str, float]


def judging(stand: Stand) -> Iterator[tuple[str, str]]:
    """The full default set, calm answers and grave ones."""
    cpu.sender(stand)()  # what the diaries are filled with copies of
    phones = dict(zip((SHORT, LONG), stand.phones[2:4], strict=True))
    for days, phone in phones.items():
        assert phone.patient_id is not None
        raw.fill(stand.raw_url, phone.patient_id, days)
    costs: dict[int, list[_Cost]] = {days: [] for days in phones}
    for _ in range(_ROUNDS):
        for days, phone in phones.items():
            costs[days].append(_cost(stand, phone))
    pairs = list(zip(costs[SHORT], costs[LONG], strict=True))
    ratio = median(long.look / short.look for short, long in pairs)
    looks = {days: median(each.look for each in found) for days, found in costs.items()}
    same = all(short.plan == long.plan for short, long in pairs)
    yield (
        f"look-back, diary of {LONG:,} days against {SHORT}",
        f"{ratio:.2f} ({looks[LONG]:,.0f} against {looks[SHORT]:,.0f} µs), "
        f"{'the same plan' if same else 'ANOTHER PLAN'}",
    )
    for name in costs[SHORT][0].rules:
        took = [median(each.rules[name] for each in costs[days]) for days in (LONG, SHORT)]
        yield (
            f"judging by the default set, {name}",
            f"{took[0]:.0f} µs with {LONG:,} days of diary, {took[1]:.0f} with {SHORT}",
        )


def _cost(stand: Stand, phone: Grant) -> _Cost:
    instrument = library.find(_GROUP, "1.0.0")
    assert instrument is not None
    own = Own(instrument)
    now = stand.house.clock.now()
    with stand.house.work(caller_of(stand.house, phone), write=False) as work:
        context = look(work, uuid4(), now)
        in_force = load(work, work.caller.clinic, context.rule_set_id)
        fetch = partial(
            history,
            work,
            context.patient,
            uuid4(),
            instrument=_GROUP,
            version=None,
            recorded_at=now,
            day=now.date(),
            hours=in_force.look_back.hours[_GROUP],
            baseline=False,
        )
        looked, plan = _microseconds(fetch), _plan(work.connection, fetch)
        known = _Fetched(fetch())
    rules = {}
    for name, answers in (("calm", CALM), ("risk", RISK)):
        facts = Facts(own.score(answers).measures)
        said = Said(uuid4(), now, ZONE, _GROUP, _GROUP, None, facts, None)
        rules[name] = _microseconds(partial(judged_by, in_force, said, known))
    return _Cost(looked, plan, rules)


def _microseconds(call: Callable[[], object]) -> float:
    """What a call takes by the clock of this thread's wall; the median of a few."""
    took = []
    for _ in range(_RUNS):
        start = time.perf_counter_ns()
        call()
        took.append((time.perf_counter_ns() - start) / 1000)
    return median(took)


def _plan(connection: Connection, call: Callable[[], object]) -> str:
    """How the database answers the one statement that a call sends, without its values."""
    sent: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        sent.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        call()
    finally:
        event.remove(connection, "before_cursor_execute", note)
    ((statement, parameters),) = sent
    sqlite = connection.dialect.name == "sqlite"
    cursor = connection.connection.cursor()
    explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN (COSTS OFF)"
    cursor.execute(f"{explain} {statement}", parameters)
    rows = [str(row[-1]) for row in cursor.fetchall()]
    return re.sub(r"'[^']*'", "?", "\n".join(rows))
