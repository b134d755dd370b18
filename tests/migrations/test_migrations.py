"""The migrations lead from nothing to exactly the tables of the house, and back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Inspector, create_engine, inspect, text

import migrations
from diary.database import Database
from diary.isolation import EVERYTHING
from diary.tables import metadata
from tests.postgresql import Server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a schema; on SQLite not even the folder is there."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/made/by/migrating/diary.db"
        return
    server: Server = request.getfixturevalue("postgresql_server")
    yield server.create_database("migrated")
    server.drop_database("migrated")


def test_an_empty_database_comes_to_the_tables_of_the_house(url: str) -> None:
    migrations.upgrade(url)

    with _connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_constraints_and_index_details_are_those_of_the_house(url: str) -> None:
    """What compare_metadata does not look at: checks, partial and covering indexes, names."""
    migrations.upgrade(url)
    with _connected(url) as connection:
        migrated = _details(inspect(connection))
        connection.rollback()
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert migrated == _details(inspect(connection))


def test_down_to_nothing_and_up_again(url: str) -> None:
    migrations.upgrade(url)
    migrations.downgrade(url, "base")

    with _connected(url) as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert migrations.current(url) is None

    migrations.upgrade(url)
    assert migrations.is_current(url)


def test_upgrading_twice_is_harmless(url: str) -> None:
    migrations.upgrade(url)
    with _connected(url) as connection:
        connection.execute(_A_CLINIC)
        connection.commit()

    migrations.upgrade(url)

    assert migrations.is_current(url)
    with _connected(url) as connection:
        assert connection.scalar(text("SELECT count(*) FROM clinics")) == 1


def test_what_is_sealed_in_another_way_is_not_brought_along(url: str) -> None:
    """The step that makes keys would leave a clinic without any: it is refused, up and down."""
    step = "2026_11_25_data_keys"
    migrations.upgrade(url, step)
    migrations.downgrade(url, f"{step}-1")
    before = migrations.current(url)
    with _connected(url) as connection:
        connection.execute(_A_CLINIC)
        connection.commit()
    with pytest.raises(CommandError, match="sealed in another way"):
        migrations.upgrade(url)
    assert migrations.current(url) == before


def test_two_migrators_at_once_take_turns(url: str) -> None:
    with ThreadPoolExecutor(2) as threads:
        # Alembic runs one migration at a time in a process, so the other only holds the lock.
        with migrations.exclusive(url):
            waiting = threads.submit(migrations.upgrade, url)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
        waiting.result(timeout=30)

    assert migrations.is_current(url)


def test_a_database_that_was_never_migrated_is_not_current(tmp_path: Path) -> None:
    assert not migrations.is_current(f"sqlite:///{tmp_path}/empty.db")


def test_rows_that_point_at_nothing_undo_a_migration(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/diary.db"
    migrations.upgrade(url)

    with (
        pytest.raises(migrations.BrokenReferences, match="1 rows of audit_events"),
        migrations.exclusive(url) as connection,
    ):
        connection.execute(_A_STRAY_EVENT)

    with _connected(url) as connection:
        assert connection.scalar(text("SELECT count(*) FROM audit_events")) == 0


def test_the_house_opens_what_was_migrated(url: str) -> None:
    migrations.upgrade(url)
    database = Database(url, pool_size=2)
    with database.transaction(write=False, bounds=EVERYTHING) as connection:
        assert connection.scalar(text("SELECT count(*) FROM check_ins")) == 0
    database.close()


def test_nobody_loses_sight_of_a_patient_by_the_upgrade(url: str) -> None:
    after = "2026_11_25_authorisation"
    before = f"{after}-1"
    migrations.upgrade(url, after)
    migrations.downgrade(url, before)
    with _connected(url) as connection:
        for statement in _TWO_CLINICS:
            connection.execute(text(statement))
        connection.commit()
    migrations.upgrade(url, after)
    with _connected(url) as connection:
        teams = connection.execute(text("SELECT patient_id, staff_id FROM care_team")).all()
    # Each clinic's one active clinician; nobody of the other, no invited one, no manager.
    shown = {(str(patient)[-1], str(member)[-1]) for patient, member in teams}
    assert (shown, len(teams)) == ({("1", "1"), ("2", "1"), ("3", "5")}, 3)
    migrations.downgrade(url, before)
    assert migrations.current(url) != after


def test_what_several_legal_holds_keep_is_still_held_by_one_after_a_downgrade(url: str) -> None:
    several = "2026_11_25_legal_holds"
    migrations.upgrade(url, several)
    with _connected(url) as connection:
        for statement in [*_TWO_CLINICS[:6], *_HOLDS]:
            connection.execute(text(statement))
        connection.commit()
    migrations.downgrade(url, f"{several}-1")
    with _connected(url) as connection:
        held = connection.scalars(text("SELECT id FROM legal_holds WHERE lifted_at IS NULL"))
        # The first of each patient's that was not lifted before.
        assert sorted(str(each)[-1] for each in held) == ["3", "4"]
    migrations.upgrade(url, several)


def test_whoever_told_of_a_risk_lately_is_waited_for_after_the_upgrade(url: str) -> None:
    step = "2026_11_26_silences"
    migrations.upgrade(url, f"{step}-1")
    with _connected(url) as connection:
        for statement in [*_TWO_CLINICS[:6], *_WORDS]:
            connection.execute(text(statement))
        connection.commit()
    migrations.upgrade(url, step)
    with _connected(url) as connection:
        waiting = connection.execute(
            text("SELECT patient_id, check_in_id, prior, judged_hours FROM silences")
        ).all()
        due = text("SELECT count(*) FROM silences WHERE due_at = since")
        assert connection.scalar(due) == len(waiting)
    shown = {(str(patient)[-1], str(word)[-1], *rest) for patient, word, *rest in waiting}
    # Neither whoever was calm since, nor whoever told of it long ago.
    assert shown == {("1", "2", 3, 0)}
    migrations.downgrade(url, f"{step}-1")


def test_of_what_waits_for_a_review_the_first_is_told_of_again_after_the_upgrade(url: str) -> None:
    step = "2026_12_07_review_reminders"
    migrations.upgrade(url, f"{step}-1")
    with _connected(url) as connection:
        for statement in [*_TWO_CLINICS[:6], *_APART]:
            connection.execute(text(statement))
        connection.commit()
    migrations.upgrade(url, step)
    with _connected(url) as connection:
        told = connection.scalars(text("SELECT id FROM quarantine WHERE remind_at = received_at"))
        assert sorted(str(each)[-1] for each in told) == ["2", "4", "5"]
        others = text("SELECT count(*) FROM quarantine WHERE remind_at IS NULL")
        assert connection.scalar(others) == 2
    migrations.downgrade(url, f"{step}-1")


def _id(last: int) -> str:
    return f"'{last:032x}'"


_AT = "'2026-03-02 09:00:00+00:00'"
_TWO_CLINICS = [
    *(
        "INSERT INTO clinics (id, name, country, time_zone, locale, created_at) VALUES "
        f"({_id(clinic)}, 'A clinic', 'ES', 'Europe/Madrid', 'en', {_AT})"
        for clinic in (1, 2)
    ),
    *(
        "INSERT INTO patients (clinic_id, id, reference, name, locale, time_zone, state, drill, "
        f"created_at) VALUES ({_id(clinic)}, {_id(number)}, 'pt_{number}', '', 'en', "
        f"'Europe/Madrid', 'active', {drill}, {_AT})"
        for clinic, number, drill in (
            (1, 1, "false"),
            (1, 2, "false"),
            (2, 3, "false"),
            (1, 4, "true"),
        )
    ),
    *(
        "INSERT INTO staff (clinic_id, id, name, email, email_index, role, password_hash, "
        f"created_at) VALUES ({_id(clinic)}, {_id(number)}, '', '', '{number}', '{role}', "
        f"{password}, {_AT})"
        for clinic, number, role, password in (
            (1, 1, "clinician", "'hash'"),
            (1, 2, "clinician", "NULL"),
            (1, 3, "care-manager", "'hash'"),
            (1, 4, "clinic-admin", "'hash'"),
            (2, 5, "clinician", "'hash'"),
        )
    ),
]
_RECENT = datetime.now(UTC) - timedelta(days=2)
_WORDS = [
    "INSERT INTO check_ins (clinic_id, patient_id, id, device_id, instrument, version, locale, "
    "answers, body_hash, suicidality_severity, rule_set_version, recorded_at, received_at, "
    f"utc_offset_minutes, time_zone, local_date) VALUES ({_id(clinic)}, {_id(patient)}, "
    f"{_id(number)}, {_id(9)}, 'daily-check-in', '1.0.0', 'en', '{{}}', '', {severity}, 0, "
    f"'{at:%Y-%m-%d %H:%M:%S.%f}', '{at:%Y-%m-%d %H:%M:%S.%f}', 0, 'UTC', '2026-03-02')"
    for number, clinic, patient, severity, at in (
        (1, 1, 1, 4, _RECENT - timedelta(hours=1)),
        (2, 1, 1, 3, _RECENT),
        (3, 1, 2, 4, _RECENT),
        (4, 1, 2, "NULL", _RECENT + timedelta(hours=1)),
        (5, 2, 3, 4, _RECENT - timedelta(days=40)),
    )
]
_APART = [
    "INSERT INTO quarantine (clinic_id, id, patient_id, check_in_id, body, body_hash, why, "
    f"received_at, reviewed_at) VALUES ({_id(clinic)}, {_id(number)}, {_id(patient)}, "
    f"{_id(number)}, '', '{number}', 'invalid', '2026-03-0{day} 09:00:00+00:00', {reviewed})"
    for number, clinic, patient, day, reviewed in (
        (1, 1, 1, 1, _AT),
        (2, 1, 1, 2, "NULL"),
        (3, 1, 1, 3, "NULL"),
        (4, 1, 2, 3, "NULL"),
        (5, 2, 3, 2, "NULL"),
    )
]
_HOLDS = [
    "INSERT INTO legal_holds (clinic_id, id, patient_id, reason, placed_at, lifted_at) VALUES "
    f"({_id(1)}, {_id(number)}, {_id(patient)}, '', '2026-03-0{day} 09:00:00+00:00', {lifted})"
    for number, patient, day, lifted in (
        (1, 1, 1, _AT),
        (2, 1, 3, "NULL"),
        (3, 1, 2, "NULL"),
        (4, 2, 3, "NULL"),
        (5, 2, 3, "NULL"),
    )
]
_A_CLINIC = text(
    "INSERT INTO clinics (id, name, country, time_zone, locale, created_at) VALUES "
    "('00000000000000000000000000000001', 'A clinic', 'ES', 'Europe/Madrid', 'en', "
    "'2026-03-02 09:00:00+00:00')"
)
_A_STRAY_EVENT = text(
    "INSERT INTO audit_events (clinic_id, id, at, actor_kind, action, subject, subject_id) VALUES "
    "('00000000000000000000000000000009', '00000000000000000000000000000001', "
    "'2026-03-02 09:00:00', 'operator', 'stray', 'clinic', '00000000000000000000000000000009')"
)


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    """A plain connection that leaves nothing open: warnings are errors."""
    engine = create_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _details(inspector: Inspector) -> dict[str, Any]:
    def known(entries: Any) -> list[str]:
        return sorted(repr(sorted(entry.items(), key=str)) for entry in entries)

    return {
        table: {
            "columns": known(
                column | {"type": str(column["type"])} for column in inspector.get_columns(table)
            ),
            "primary key": known([inspector.get_pk_constraint(table)]),
            "foreign keys": known(inspector.get_foreign_keys(table)),
            "unique": known(inspector.get_unique_constraints(table)),
            "checks": known(inspector.get_check_constraints(table)),
            "indexes": known(
                # A partial index's condition is an object that no two looks share.
                index
                | {
                    "dialect_options": sorted(
                        (name, str(value))
                        for name, value in index.get("dialect_options", {}).items()
                    )
                }
                for index in inspector.get_indexes(table)
            ),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }
