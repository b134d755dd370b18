"""A dead endpoint's long queue is not read: a few entries of an index are, however long it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, insert

from diary.callers import OPERATOR, Caller, CallerKind
from diary.ids import new_id
from diary.isolation import EVERYTHING
from diary.severity import Severity
from diary.webhooks import queue
from diary.webhooks.endpoints import MAX_IN_FLIGHT
from diary.webhooks.model import deliveries, messages
from diary.webhooks.publish import publish
from diary.work import House
from tests.cast import Cast
from tests.databases import Kept

ENGINE = Caller(CallerKind.ENGINE)
LONG = 20_000
# The entries of an index that one claim may look at: eight kinds, eight of each.
FEW = 8 * 8
_SEARCHED = re.compile(
    r"SEARCH deliveries USING .*(ix_deliveries_(in_order|leased|in_flight)|clinic_id=\? AND id=\?)"
)


@pytest.fixture(params=["none", "of-a-quiet-day", "of-today"])
def queued(cast: Cast, house: House, kept: Kept, request: pytest.FixtureRequest) -> None:
    """Events that `team` does not take: half of them due, half later. The parameter is what the
    database knows of them when it plans."""
    if request.param == "of-a-quiet-day":
        _owe(cast, house, 2_000, state="delivered")
        kept.alter("ANALYZE")
        with house.work(OPERATOR) as work:
            work.execute(delete(deliveries))
            work.execute(delete(messages))
    _owe(cast, house, LONG, state="pending")
    if request.param == "of-today":
        kept.alter("ANALYZE")


def _owe(cast: Cast, house: House, count: int, *, state: str) -> None:
    with house.work(ENGINE.within(cast.clinic)) as work:
        message = publish(
            work, clinic_id=cast.clinic, type="ping", data={}, endpoint_ids=[cast.team.id]
        )
        work.flush()
        rows = [
            {
                "clinic_id": cast.clinic,
                "id": new_id(),
                "message_id": message,
                "endpoint_id": cast.team.id,
                "alert_id": None,
                "is_page": False,
                "priority": number % 4 + 1,
                "state": state,
                "attempts": 0,
                "due_at": work.now + timedelta(seconds=number - count // 2),
                "withdrawn": False,
                "created_at": work.now,
            }
            for number in range(count)
        ]
        work.connection.execute(insert(deliveries), rows)


@contextmanager
def statements(house: House) -> Iterator[list[tuple[str, Any]]]:
    """The queries that are run while the block lasts."""
    found: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, parameters))

    engine = house.database._engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def looked_at(plan: dict[str, Any]) -> int:
    """The most rows that one step of a plan took in, those it threw away included."""
    here = sum(
        plan.get(name, 0) * plan["Actual Loops"]
        for name in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    )
    return max([int(here), *(looked_at(each) for each in plan.get("Plans", []))])


def run_everything(house: House, cast: Cast) -> list[queue.Claimed]:
    with house.work(ENGINE, write=False) as work:
        assert queue.due_endpoints(work) == [(cast.clinic, cast.team.id)]
        assert queue.next_due(work, work.now) == work.now + timedelta(seconds=1)
    with house.work(ENGINE) as work:
        return queue.claim(work, cast.clinic, cast.team.id)


def test_the_gravest_and_oldest_leave_first(cast: Cast, house: House, queued: None) -> None:
    cast.alice.check_in(si=1)
    cast.enrol("Heidi").check_in(si=5)
    first = run_everything(house, cast)

    assert [each.is_page for each in first] == [True, True] + [False] * (MAX_IN_FLIGHT - 2)
    with house.work(ENGINE, write=False) as work:
        found = {row.id: row for row in work.rows(deliveries.select())}
    priorities = [found[each.id].priority for each in first]
    assert priorities[0] > priorities[1]
    assert priorities[2:] == [Severity.CRITICAL] * (MAX_IN_FLIGHT - 2)
    assert found[first[2].id].due_at < found[first[3].id].due_at


@pytest.mark.postgresql
@pytest.mark.parametrize("kept", ["postgresql"], indirect=True)
def test_postgresql_reads_a_few_entries(cast: Cast, house: House, queued: None) -> None:
    with statements(house) as found:
        run_everything(house, cast)
    for statement, parameters in found:
        with house.database.transaction(write=True, bounds=EVERYTHING) as connection:
            explained = connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
            ).scalar_one()
        assert looked_at(explained[0]["Plan"]) <= FEW, explained


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_sqlite_reads_by_index(cast: Cast, house: House, queued: None) -> None:
    with statements(house) as found:
        run_everything(house, cast)
    for statement, parameters in found:
        with house.database.transaction(write=False, bounds=EVERYTHING) as connection:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        of_deliveries = [step.detail for step in steps if "deliveries" in step.detail]
        assert all(_SEARCHED.match(step) for step in of_deliveries), (of_deliveries, statement)


def test_messages_are_many_but_the_one_that_is_sent_is_found(
    cast: Cast, house: House, queued: None
) -> None:
    with house.work(ENGINE, write=False) as work:
        (message,) = work.rows(messages.select())
    assert {each.body for each in run_everything(house, cast)} == {message.body}
