"""What leaves its transaction's clinic is refused before it is sent; what stays within passes."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import (
    LABEL_STYLE_TABLENAME_PLUS_COL,
    Connection,
    Executable,
    and_,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    lateral,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import Uuid

import migrations
from diary.access.model import clinics, staff
from diary.alerts.model import alerts
from diary.audit import audit_events
from diary.callers import ANONYMOUS, OPERATOR
from diary.database import Database, enter
from diary.guard import UnscopedStatement
from diary.isolation import EVERYTHING, RIGHTS, Bounds, Door, clinic_column
from diary.patients.model import enrolments, patients
from diary.rules.model import silences
from diary.tables import metadata
from diary.webhooks.model import deliveries, endpoints
from diary.work import House
from tests.databases import Kept
from tests.unit.test_database import a_clinic, a_patient

OURS, THEIRS = UUID(int=0xA), UUID(int=0xB)
p, e = patients.c, enrolments.c
ours = p.clinic_id == OURS
same = and_(p.clinic_id == e.clinic_id, p.id == e.patient_id)
mine = patients.alias("mine")
some = enrolments.alias("some")
all_of_them = select(patients).cte("all_of_them")
kept = select(p.clinic_id, p.id).where(ours).subquery("kept")
loose = select(p.clinic_id, p.id).subquery("loose")
misnamed = select(p.id.label("clinic_id"), p.clinic_id).where(ours).subquery("misnamed")
named = metadata.tables["engines"].alias("clinic")
by_table = select(named.c.id, p.clinic_id).where(ours, named.c.id == p.id)
prefixed = by_table.set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL).subquery("prefixed")
crossed = union_all(
    select(p.clinic_id, p.id).where(ours), select(p.id, p.clinic_id).where(ours)
).subquery("crossed")
shifted = union_all(
    select(text("id"), p.clinic_id, p.id).where(ours), select(p.id, p.id, p.clinic_id).where(ours)
).subquery("shifted")
harmless = select(p.clinic_id, p.id).where(ours)
added = "UNION ALL SELECT clinic_id, id FROM patients"
sent = bindparam("ids", [uuid4()], type_=postgresql.ARRAY(Uuid()))
listed = func.unnest(sent).table_valued("id").render_derived()
queried = select(func.array_agg(e.id)).scalar_subquery()
of_a_query = func.unnest(queried).table_valued("id").render_derived()

# What leaked, or could have: each is one statement that meets another clinic's row.
REFUSED: dict[str, Executable] = {
    "a table without a condition": select(patients),
    "by its id alone": select(patients).where(p.id == uuid4()),
    "another clinic": select(patients).where(p.clinic_id == THEIRS),
    "no clinic": select(patients).where(p.clinic_id.is_(None)),
    "all but one clinic": select(patients).where(p.clinic_id != THEIRS),
    "one of several clinics": select(patients).where(p.clinic_id.in_([OURS, THEIRS])),
    "a clinic or anything": select(patients).where(or_(ours, p.state == "active")),
    "not a clinic": select(patients).where(~ours),
    "equal to itself": select(patients).where(p.clinic_id == p.clinic_id),
    "equal to a text": select(patients).where(p.clinic_id == literal_column("clinic_id")),
    "under another name": select(mine).where(mine.c.id == uuid4()),
    "the name beside it": select(mine, p.id)
    .join(patients, p.id == mine.c.id)
    .where(mine.c.clinic_id == OURS),
    "a join that ties one side": select(patients, e.id)
    .join(enrolments, p.id == e.patient_id)
    .where(ours),
    "a join that ties neither": select(patients).join(enrolments, same),
    "a list of two tables": select(p.id, e.id).where(ours, p.id == e.patient_id),
    "tied by an outer join's own side": select(patients).outerjoin(enrolments, and_(same, ours)),
    "tied by a full join": select(patients).join(enrolments, and_(same, ours), full=True),
    "a query in FROM": select(loose),
    "a query in FROM, tied from outside": select(loose.c.id).where(loose.c.clinic_id == OURS),
    "tied to a loose query": select(enrolments).join(loose, e.clinic_id == loose.c.clinic_id),
    "a common table expression": select(all_of_them.c.id),
    "a query for a value": select(select(func.count(p.id)).scalar_subquery()),
    "a query for a value beside what is tied": select(
        patients, select(func.max(e.created_at)).scalar_subquery()
    ).where(ours),
    "a query within a function": select(
        func.coalesce(select(func.max(e.created_at)).scalar_subquery(), p.created_at)
    ).where(ours),
    "EXISTS": select(patients).where(ours, exists().where(e.patient_id == p.id)),
    "IN a query": select(patients).where(ours, p.id.in_(select(e.patient_id))),
    "the same table within": select(patients).where(ours, p.id.in_(select(p.id).correlate(None))),
    "the same table within, by itself": select(patients).where(
        ours, p.id == select(func.max(p.id)).scalar_subquery()
    ),
    "ordered by a query": select(p.id)
    .where(ours)
    .order_by(select(func.max(e.id)).scalar_subquery()),
    "one arm of a UNION": union_all(select(p.id).where(ours), select(e.id)),
    "one arm of a UNION in FROM": select(
        union_all(select(p.id).where(ours), select(e.id)).subquery().c.id
    ),
    "LATERAL": select(p.id, lateral(select(e.id).where(e.patient_id == p.id)).c.id).where(ours),
    "tied by a column that is only called so": select(enrolments).join(
        misnamed, e.clinic_id == misnamed.c.clinic_id
    ),
    "tied by a column that is called so by its table's name": select(enrolments).join(
        prefixed, e.clinic_id == prefixed.c.clinic_id
    ),
    "tied by a UNION of different columns": select(enrolments).join(
        crossed, e.clinic_id == crossed.c.clinic_id
    ),
    "tied by a UNION with text in it": select(enrolments).join(
        shifted, e.clinic_id == shifted.c.clinic_id
    ),
    "words before": harmless.prefix_with("clinic_id, id FROM patients UNION ALL SELECT"),
    "words behind": harmless.suffix_with(added),
    "words behind, in FROM": select(harmless.suffix_with(added).subquery().c.id),
    "words behind a common table expression": select(
        harmless.cte("behind").suffix_with(", more AS (SELECT * FROM patients)").c.id
    ),
    "a hint of a statement": harmless.with_statement_hint(added),
    "a hint of a table": harmless.with_hint(patients, "NOT INDEXED OR 1", "sqlite"),
    "INSERT OR REPLACE": insert(patients).values(a_patient(OURS)).prefix_with("OR REPLACE"),
    "an operator of one's own": harmless.where(literal(1).op("= 1 OR 1 =")(1)),
    "an operator of one's own, deep down": harmless.where(
        func.coalesce(~literal(1).bool_op("= 1 OR 1 =")(1), p.id == OURS)
    ),
    "text that undoes what stands before it": harmless.where(text("1 OR 1")),
    "a literal that undoes it": harmless.where(literal_column("1 OR 1")),
    "the limit of a UNION": union_all(harmless, harmless).limit(
        select(func.count(e.id)).scalar_subquery()
    ),
    "beside a query in FROM": select(select(p.id).where(ours).add_cte(all_of_them).subquery().c.id),
    "UPDATE by its id": update(patients).where(p.id == uuid4()).values(state="left"),
    "UPDATE of everything": update(patients).values(state="left"),
    "UPDATE FROM": update(patients)
    .where(p.id == e.patient_id, e.clinic_id == OURS)
    .values(state="left"),
    "UPDATE FROM what is loose": update(patients)
    .where(ours, p.id == e.patient_id)
    .values(state="left"),
    "UPDATE to a query's value": update(patients)
    .where(ours)
    .values(state=select(func.max(staff.c.role)).scalar_subquery()),
    "UPDATE into another clinic": update(patients).where(ours).values(clinic_id=THEIRS),
    "DELETE by its id": delete(patients).where(p.id == uuid4()),
    "INSERT for another clinic": insert(patients).values(a_patient(THEIRS)),
    "INSERT for no clinic": insert(patients).values(a_patient(OURS) | {"clinic_id": None}),
    "INSERT of several": insert(patients).values([a_patient(OURS), a_patient(THEIRS)]),
    "INSERT SELECT": insert(patients).from_select(["clinic_id", "id"], select(e.clinic_id, e.id)),
    "INSERT SELECT of what is tied": insert(patients).from_select(
        ["clinic_id", "id"], select(p.clinic_id, p.id).where(ours)
    ),
    "INSERT behind another": insert(patients)
    .values(a_patient(OURS))
    .add_cte(insert(audit_events).values(clinic_id=THEIRS, id=uuid4()).cte("before")),
    "a lock": select(p.id).where(p.id == uuid4()).with_for_update(),
    "text": text("SELECT * FROM patients"),
    "text as a query": text("SELECT id FROM patients").columns(p.id),
    "text in FROM": select(text("id")).select_from(text("patients")),
    "text in a condition": select(enrolments).where(
        e.clinic_id == OURS, text("EXISTS (SELECT 1 FROM patients)")
    ),
    "a literal column": select(literal_column("(SELECT max(name) FROM patients)")),
    "a table of the same name": select(table("patients", column("id"))),
    "another clinic itself": select(clinics).where(clinics.c.id == THEIRS),
    "all clinics": select(clinics.c.name),
}


def in_conflict(dialect: Any) -> Executable:
    taken = dialect.insert(patients).values(a_patient(OURS))
    change: Executable = taken.on_conflict_do_update(index_elements=["id"], set_={"state": "left"})
    return change


ON_SQLITE = {"INSERT or take another's": in_conflict(sqlite)}
ON_POSTGRESQL = {
    "INSERT or take another's": in_conflict(postgresql),
    "a function in FROM": select(func.query_to_xml("SELECT 1").table_valued("id")),
    "UPDATE FROM values, of any clinic": update(patients)
    .where(p.id == listed.c.id)
    .values(state="left"),
    "UPDATE FROM the values of a query": update(patients)
    .where(ours, p.id == of_a_query.c.id)
    .values(state="left"),
    "DELETE USING": delete(patients).where(p.id == e.patient_id, e.clinic_id == OURS),
}
# As many rows are updated in one round trip.
WITHIN_ON_POSTGRESQL = update(patients).where(ours, p.id == listed.c.id).values(state="left")
WITHIN: dict[str, Executable] = {
    "a condition": select(patients).where(ours),
    "more conditions": select(patients).where(and_(ours, or_(p.id == uuid4(), p.state == "x"))),
    "a join": select(patients, e.id).join(enrolments, same).where(ours),
    "a join, tied from the other side": select(p.id)
    .join(enrolments, same)
    .where(e.clinic_id == OURS),
    "an outer join": select(patients, e.id).outerjoin(enrolments, same).where(ours),
    "another name": select(mine).where(mine.c.clinic_id == OURS),
    "a chain": select(p.id)
    .join(mine, mine.c.clinic_id == p.clinic_id)
    .join(some, some.c.clinic_id == mine.c.clinic_id)
    .where(some.c.clinic_id == OURS),
    "a query in FROM": select(kept),
    "tied to a query": select(e.id).join(kept, e.clinic_id == kept.c.clinic_id),
    "EXISTS": select(patients).where(ours, exists().where(same)),
    "a value of each": select(
        p.id, select(func.max(e.created_at)).where(same).correlate(patients).scalar_subquery()
    ).where(ours),
    "IN a query": select(patients).where(
        ours, p.id.in_(select(e.patient_id).where(e.clinic_id == OURS))
    ),
    "UNION": union_all(select(p.id).where(ours), select(e.id).where(e.clinic_id == OURS)),
    "tied to a UNION": select(e.id).join(
        both := union_all(harmless, harmless).subquery(), e.clinic_id == both.c.clinic_id
    ),
    "UPDATE": update(patients).where(ours, p.id == uuid4()).values(state="left"),
    "UPDATE FROM": update(patients).where(ours, same).values(state="left"),
    "DELETE": delete(enrolments).where(e.clinic_id == OURS),
    "what is no clinic's": select(metadata.tables["marks"]),
    "its own clinic": select(clinics).where(clinics.c.id == OURS),
    "no table": select(literal_column("1"), func.now()),
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Two clinics with a patient each."""
    url = f"sqlite:///{tmp_path_factory.mktemp('guard')}/diary.db"
    migrations.upgrade(url)
    database = Database(url, pool_size=2)
    with database.transaction(write=True, bounds=EVERYTHING) as connection:
        for clinic in (OURS, THEIRS):
            connection.execute(insert(clinics), a_clinic(id=clinic))
            connection.execute(insert(patients), a_patient(clinic, id=clinic))
    yield database
    database.close()


@pytest.fixture
def connection(guarded: Database) -> Iterator[Connection]:
    """A transaction of our clinic."""
    with guarded.transaction(write=False, bounds=Bounds(clinic=OURS)) as connection:
        yield connection


@pytest.mark.parametrize("statement", (REFUSED | ON_SQLITE).values(), ids=REFUSED | ON_SQLITE)
def test_what_could_meet_another_clinic_is_refused(
    connection: Connection, statement: Executable
) -> None:
    with pytest.raises(UnscopedStatement):
        connection.execute(statement)


@pytest.mark.postgresql
def test_postgresql_is_asked_no_more_than_sqlite(kept_postgresql: Kept) -> None:
    bounds = Bounds(clinic=OURS)
    with kept_postgresql.database.transaction(write=True, bounds=bounds) as connection:
        for name, statement in (REFUSED | ON_POSTGRESQL).items():
            try:
                connection.execute(statement)
            except UnscopedStatement:
                continue
            pytest.fail(f"was let pass: {name}")
        for statement in (*WITHIN.values(), WITHIN_ON_POSTGRESQL):
            connection.execute(statement)


@pytest.mark.parametrize("statement", WITHIN.values(), ids=WITHIN)
def test_what_is_held_to_the_clinic_passes(connection: Connection, statement: Executable) -> None:
    connection.execute(statement)


@pytest.mark.parametrize("statement", WITHIN.values(), ids=WITHIN)
def test_what_passes_for_one_clinic_is_refused_in_anothers_transaction(
    guarded: Database, statement: Executable
) -> None:
    """Read once, and the values compared each time: also of a statement that passed before."""
    with guarded.transaction(write=False, bounds=Bounds(clinic=THEIRS)) as connection:
        if statement in (WITHIN["what is no clinic's"], WITHIN["no table"]):
            connection.execute(statement)
            return
        with pytest.raises(UnscopedStatement):
            connection.execute(statement)


@pytest.mark.parametrize("bounds", [Bounds(), Bounds(door=Door.ANONYMOUS)], ids=["none", "door"])
def test_no_clinic_is_no_clinic(guarded: Database, bounds: Bounds) -> None:
    nobodys = select(patients).where(p.clinic_id == bindparam("clinic", type_=Uuid()))
    for clinic in (None, OURS):
        with (
            guarded.transaction(write=False, bounds=bounds) as connection,
            pytest.raises(UnscopedStatement),
        ):
            connection.execute(nobodys, {"clinic": clinic})


def test_a_row_of_ones_own_is_written(guarded: Database) -> None:
    row = {number: a_patient(OURS, reference=f"pt_own_{number}") for number in range(3)}
    with guarded.transaction(write=True, bounds=Bounds(clinic=OURS)) as connection:
        connection.execute(insert(patients).values(row[0]))
        connection.execute(insert(patients), row[1])
        connection.execute(sqlite.insert(patients).values(row[2]).on_conflict_do_nothing())
        written = select(func.count(p.id)).where(ours, p.reference.like("pt_own_%"))
        assert connection.execute(written).scalar_one() == 3


def test_of_many_rows_each_must_be_the_clinics(connection: Connection) -> None:
    with pytest.raises(UnscopedStatement):
        connection.execute(insert(patients), [a_patient(OURS), a_patient(THEIRS)])


def test_the_drivers_own_words_are_refused(connection: Connection) -> None:
    for words in ("SELECT * FROM patients", "PRAGMA journal_mode", "SET ROLE interlude_operator"):
        with pytest.raises(UnscopedStatement):
            connection.exec_driver_sql(words)


def test_a_door_does_what_it_may_and_nothing_else(guarded: Database) -> None:
    allowed: dict[Door, list[Executable]] = {
        Door.ANONYMOUS: [select(staff.c.id), select(enrolments)],
        Door.ENGINE: [
            select(alerts.c.id),
            select(silences.c.due_at),
            select(endpoints.c.id).join(deliveries, deliveries.c.endpoint_id == endpoints.c.id),
            select(deliveries.c.id).with_for_update(),
            update(deliveries).values(state="pending"),
        ],
    }
    for door, statements in allowed.items():
        for other in (door, *(set(allowed) - {door})):
            bounds = Bounds(door=other)
            with guarded.transaction(write=True, bounds=bounds) as connection:
                for statement in statements:
                    if other is door:
                        connection.execute(statement)
                        continue
                    with pytest.raises(UnscopedStatement):
                        connection.execute(statement)


def test_a_lock_is_more_than_a_look(guarded: Database) -> None:
    with guarded.transaction(write=True, bounds=Bounds(door=Door.ANONYMOUS)) as connection:
        connection.execute(select(staff.c.id))
        with pytest.raises(UnscopedStatement):
            connection.execute(select(staff.c.id).with_for_update())


def test_whoever_found_out_whose_it_is_stays_there(guarded: Database) -> None:
    with guarded.transaction(write=True, bounds=Bounds(door=Door.ANONYMOUS)) as connection:
        enter(connection, OURS)
        enter(connection, OURS)
        found = select(p.id).where(ours, p.id == OURS)
        assert connection.execute(found).scalars().all() == [OURS]
        with pytest.raises(UnscopedStatement):
            connection.execute(select(staff.c.id))
        with pytest.raises(UnscopedStatement):
            enter(connection, THEIRS)


def test_of_rows_that_travel_together_none_may_be_anothers(house: House) -> None:
    """On PostgreSQL all of them are one statement, whichever is the wrong one."""
    clinic, stranger = a_clinic(), a_clinic()
    with house.work(OPERATOR) as work:
        for each in (clinic, stranger):
            work.add(clinics, **each)

    def write(wrong: int) -> None:
        with house.work(ANONYMOUS.within(clinic["id"])) as work:
            for number in range(3):
                whose = stranger if number == wrong else clinic
                work.add(patients, **a_patient(whose["id"], reference=f"pt_{number}"))
                work.audit("patient.created", "patient", uuid4(), clinic=clinic["id"])

    for wrong in range(3):
        with pytest.raises(UnscopedStatement):
            write(wrong)
    with pytest.raises(UnscopedStatement), house.work(ANONYMOUS.within(clinic["id"])) as work:
        work.add_unless_there(patients, **a_patient(stranger["id"]))
    with house.work(OPERATOR, write=False) as work:
        assert work.rows(select(patients)) == []


def test_the_doors_name_tables_that_there_are() -> None:
    named = {name for rights in RIGHTS.values() for name in rights}
    assert named <= set(metadata.tables)


def test_every_table_is_a_clinics_or_known_not_to_be() -> None:
    """A new table without a clinic must be thought about: nothing keeps its rows apart."""
    nobodys = {name for name, each in metadata.tables.items() if clinic_column(each) is None}
    assert nobodys == {"engines", "guesses", "marks", "root_secret", "signing_keys"}
