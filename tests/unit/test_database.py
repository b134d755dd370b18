"""What the kernel promises of a database, on both of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError

from diary.access.model import clinics
from diary.audit import audit_events
from diary.callers import OPERATOR
from diary.database import Database, NestedTransaction, lost_race
from diary.isolation import EVERYTHING
from diary.patients.model import enrolments, patients
from diary.work import House

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def a_clinic(**values: Any) -> dict[str, Any]:
    given = {"id": uuid4(), "name": "Harbour", "country": "ES", "time_zone": "Europe/Madrid"}
    return given | {"locale": "en", "created_at": NOW} | values


def a_patient(clinic_id: UUID, **values: Any) -> dict[str, Any]:
    given = {"clinic_id": clinic_id, "id": uuid4(), "reference": "pt_a", "name": b"sealed"}
    more = {"locale": "en", "time_zone": "Europe/Madrid", "state": "active", "created_at": NOW}
    return given | more | values


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The INSERTs that reach the database meanwhile."""
    with database.transaction(write=False, bounds=EVERYTHING) as connection:
        engine = connection.engine
    sent: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "INSERT" in statement:
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    def with_a_fault() -> None:
        with database.transaction(write=True, bounds=EVERYTHING) as connection:
            connection.execute(insert(clinics), a_clinic())
            raise LookupError

    with pytest.raises(LookupError):
        with_a_fault()
    with database.transaction(write=True, bounds=EVERYTHING) as connection:
        connection.execute(insert(clinics), a_clinic(name="Hill"))

    with database.transaction(write=False, bounds=EVERYTHING) as connection:
        assert connection.scalars(select(clinics.c.name)).all() == ["Hill"]


def test_whoever_comes_second_to_a_unique_value_lost_a_race(database: Database) -> None:
    clinic = a_clinic()
    with database.transaction(write=True, bounds=EVERYTHING) as connection:
        connection.execute(insert(clinics), clinic)

    with (
        pytest.raises(IntegrityError) as fault,
        database.transaction(write=True, bounds=EVERYTHING) as connection,
    ):
        connection.execute(insert(clinics), clinic)

    assert lost_race(fault.value)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda clinic: a_patient(uuid4()), id="a parent that is not there"),
        pytest.param(lambda clinic: a_patient(clinic) | {"name": None}, id="a missing value"),
    ],
)
def test_a_broken_rule_is_no_lost_race(
    database: Database, broken: Callable[[UUID], dict[str, Any]]
) -> None:
    clinic = a_clinic()
    with database.transaction(write=True, bounds=EVERYTHING) as connection:
        connection.execute(insert(clinics), clinic)

    with (
        pytest.raises(IntegrityError) as fault,
        database.transaction(write=True, bounds=EVERYTHING) as connection,
    ):
        connection.execute(insert(patients), broken(clinic["id"]))

    assert not lost_race(fault.value)


def test_a_deadlock_is_a_lost_race(database: Database) -> None:
    """Each locks one row and then wants the other's; on SQLite they take turns instead."""
    ids = [uuid4(), uuid4()]
    with database.transaction(write=True, bounds=EVERYTHING) as connection:
        connection.execute(insert(clinics), [a_clinic(id=one) for one in ids])
    both_hold_one = Barrier(2)

    def rename(first: UUID, second: UUID) -> DBAPIError | None:
        try:
            with database.transaction(write=True, bounds=EVERYTHING) as connection:
                for one in (first, second):
                    connection.execute(
                        clinics.update().where(clinics.c.id == one).values(name=str(first))
                    )
                    if one == first and not database.is_sqlite:
                        both_hold_one.wait(10)
        except DBAPIError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(rename, ids, ids[::-1]))

    faults = [fault for fault in outcomes if fault is not None]
    assert len(faults) == (0 if database.is_sqlite else 1)
    assert all(lost_race(fault) for fault in faults)
    with database.transaction(write=False, bounds=EVERYTHING) as connection:
        assert len(set(connection.scalars(select(clinics.c.name)))) == 1


def test_a_writer_locked_out_by_another_process_lost_a_race(tmp_path: Path) -> None:
    ours, theirs = (Database(f"sqlite:///{tmp_path}/diary.db", pool_size=2) for _ in range(2))
    with ours.transaction(write=False, bounds=EVERYTHING) as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")

    with (
        theirs.transaction(write=True, bounds=EVERYTHING),
        pytest.raises(OperationalError) as fault,
        ours.transaction(write=True, bounds=EVERYTHING),
    ):
        pass

    assert lost_race(fault.value)
    ours.close()
    theirs.close()


def test_many_threads_write_without_losing_anything(database: Database) -> None:
    def found(number: int) -> None:
        with database.transaction(write=True, bounds=EVERYTHING) as connection:
            connection.scalar(select(func.count()).select_from(clinics))
            connection.execute(insert(clinics), a_clinic(name=str(number)))

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(found, range(40)))

    with database.transaction(write=False, bounds=EVERYTHING) as connection:
        assert connection.scalar(select(func.count()).select_from(clinics)) == 40


def test_a_moment_without_an_offset_is_refused(database: Database) -> None:
    naive = datetime(2026, 3, 2, 9)  # noqa: DTZ001

    with database.transaction(write=True, bounds=EVERYTHING) as connection:
        with pytest.raises(StatementError, match="UTC offset"):
            connection.execute(insert(clinics), a_clinic(created_at=naive))
        with pytest.raises(StatementError, match="UTC offset"):
            connection.execute(select(clinics).where(clinics.c.created_at < naive))


def test_a_moment_comes_back_in_utc_to_the_microsecond(database: Database) -> None:
    in_india = datetime(2026, 3, 2, 9, 0, 0, 123456, timezone(timedelta(hours=5, minutes=30)))

    with database.transaction(write=True, bounds=EVERYTHING) as connection:
        connection.execute(insert(clinics), a_clinic(created_at=in_india))

    with database.transaction(write=False, bounds=EVERYTHING) as connection:
        kept = connection.scalars(select(clinics.c.created_at)).one()
    assert kept == in_india
    assert kept.utcoffset() == timedelta(0)


def test_a_clinic_cannot_point_at_anothers_row(house: House) -> None:
    ours, theirs = a_clinic(), a_clinic()
    patient = a_patient(theirs["id"])
    with house.work(OPERATOR) as work:
        work.add(clinics, **ours)
        work.add(clinics, **theirs)
        work.add(patients, **patient)

    with pytest.raises(IntegrityError) as fault, house.work(OPERATOR) as work:
        work.add(
            enrolments,
            clinic_id=ours["id"],
            id=uuid4(),
            patient_id=patient["id"],
            code_hash=b"hash",
            created_at=NOW,
            expires_at=NOW,
        )

    assert not lost_race(fault.value)


def test_rows_added_together_are_written_together(house: House) -> None:
    clinic = a_clinic()
    house.vault.root()
    with statements(house.database) as sent, house.work(OPERATOR) as work:
        work.add(clinics, **clinic)
        for number in range(5):
            work.add(patients, **a_patient(clinic["id"], reference=f"pt_{number}"))
        work.audit("clinic.created", "clinic", clinic["id"], clinic=clinic["id"], why="opening")
        assert sent == []

    # One round trip on PostgreSQL; one statement for each table on SQLite.
    assert len(sent) == (3 if house.database.is_sqlite else 1)
    with house.work(OPERATOR, write=False) as work:
        references = work.rows(select(patients.c.reference).order_by(patients.c.reference))
        assert [row.reference for row in references] == [f"pt_{n}" for n in range(5)]
        entry = work.row(select(audit_events))
        assert entry is not None
        assert entry.detail == {"why": "opening"}
        assert entry.at == work.now


@pytest.mark.parametrize("number", [15, 16, 17, 40])
def test_long_transactions_lose_no_row(house: House, number: int) -> None:
    clinic = a_clinic()
    house.vault.root()
    with statements(house.database) as sent, house.work(OPERATOR) as work:
        work.add(clinics, **clinic)
        for each in range(number):
            # Rows of one table with different columns are different statements.
            values: dict[str, Any] = {} if each % 3 else {"staffed_hours": [{"weekday": 1}]}
            work.add(clinics, **a_clinic(name=str(each), **values))

    if not house.database.is_sqlite:
        assert len(sent) == -(-(number + 1) // 16)
    with house.work(OPERATOR, write=False) as work:
        kept = work.rows(select(clinics.c.name, clinics.c.staffed_hours))
    hours = {row.name: row.staffed_hours for row in kept}
    assert len(hours) == number + 1
    assert all((hours[str(each)] is None) == bool(each % 3) for each in range(number))


def test_what_was_added_can_be_read_before_the_commit(house: House) -> None:
    with house.work(OPERATOR) as work:
        work.add(clinics, **a_clinic())
        assert len(work.rows(select(clinics))) == 1


def test_what_was_added_is_gone_when_the_work_fails(house: House, wakes: list[datetime]) -> None:
    def fail() -> None:
        with house.work(OPERATOR) as work:
            work.add(clinics, **a_clinic())
            work.wake_engine()
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert wakes == []
    with house.work(OPERATOR) as work:
        assert work.rows(select(clinics)) == []
        work.wake_engine()
    assert wakes == [house.clock.now()]


def test_an_absent_document_is_null_to_the_database(house: House) -> None:
    with house.work(OPERATOR) as work:
        work.add(clinics, **a_clinic(staffed_hours=None))
        assert len(work.rows(select(clinics).where(text("staffed_hours IS NULL")))) == 1


def test_sqlite_is_set_up_for_a_promise_that_is_kept(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/diary.db", pool_size=3)
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}

    def look() -> None:
        with database.transaction(write=False, bounds=EVERYTHING) as connection:
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
            assert found == wanted

    # Each of two connections, for all but one of them are the connection's own.
    with ThreadPoolExecutor(1) as elsewhere:
        with database.transaction(write=True, bounds=EVERYTHING):
            elsewhere.submit(look).result()
        look()
    database.close()


def test_a_writer_of_sqlite_begins_by_taking_the_lock(tmp_path: Path) -> None:
    writing, reading = (Database(f"sqlite:///{tmp_path}/diary.db", pool_size=1) for _ in range(2))
    with (
        writing.transaction(write=True, bounds=EVERYTHING),
        reading.transaction(write=False, bounds=EVERYTHING) as reader,
    ):
        reader.exec_driver_sql("PRAGMA busy_timeout=0")
        reader.exec_driver_sql("SELECT 1")
        with pytest.raises(OperationalError, match="locked"):
            reader.exec_driver_sql("CREATE TABLE note (n)")
    writing.close()
    reading.close()


def test_a_transaction_within_a_transaction_is_refused(database: Database) -> None:
    with (
        database.transaction(write=True, bounds=EVERYTHING),
        pytest.raises(NestedTransaction),
        database.transaction(write=False, bounds=EVERYTHING),
    ):
        pass

    with database.transaction(write=False, bounds=EVERYTHING):
        pass
