"""The audit trail is a chain: what is done to it behind the engine's back is found, and where."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update
from structlog.testing import capture_logs

from diary.__main__ import cli
from diary.access import clinics
from diary.access.model import clinics as clinic_rows
from diary.audit import audit_events
from diary.callers import OPERATOR, Caller, CallerKind
from diary.database import Database
from diary.trail import checkpoints, seal, verify
from diary.trail.chain import Broken, Chain, Head
from diary.trail.checkpoints import Garbled
from diary.trail.model import audit_heads
from diary.trail.reading import COLUMNS
from diary.vault import Vault
from diary.watch import canary, engines, figures
from diary.watch.verdict import verdict
from diary.work import House, Work
from engine.loop import Engine
from engine.seal import PARTS, Sealer
from tests.cast import Cast
from tests.clock import START, SimulatedClock
from tests.conftest import MASTER_KEY
from tests.receiver import Receiver

ENGINE = Caller(CallerKind.ENGINE)
EVENTS = 7
SOON = 30


class Undo(Exception):
    """Leaves a transaction so that nothing of it stays."""


class Trail:
    """Two clinics, each with a few events that are sealed."""

    def __init__(self, house: House, clock: SimulatedClock) -> None:
        self.house = house
        self.clock = clock
        self.harbour, self.hill = sorted(self._found(name) for name in ("Harbour", "Hill"))
        for clinic in (self.harbour, self.hill):
            self.write(clinic, EVENTS - 1)
        self.seal()

    def _found(self, name: str) -> UUID:
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


@pytest.fixture
def trail(house: House, clock: SimulatedClock) -> Trail:
    return Trail(house, clock)


@pytest.fixture
def _environment(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLUDE_DATABASE_URL", house.settings.database_url)
    monkeypatch.setenv("INTERLUDE_MASTER_KEY", MASTER_KEY)
    monkeypatch.setenv("INTERLUDE_PUBLIC_URL", "https://diary.example")


@pytest.fixture
def verified(_environment: None) -> Callable[..., tuple[int, list[str]]]:
    """The command, as the operator types it: its exit code and its lines."""

    def run(*logs: Path) -> tuple[int, list[str]]:
        words = [word for log in logs for word in ("--log", str(log))]
        done = CliRunner().invoke(cli, ["audit", "verify", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done.exit_code, done.output.splitlines()

    return run


@pytest.fixture
def doctor(_environment: None, house: House, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """What the doctor says, in the time of the test."""
    monkeypatch.setattr(
        "diary.commands.open_house",
        lambda _: replace(house, database=Database(house.settings.database_url, pool_size=2)),
    )

    def run() -> str:
        return CliRunner().invoke(cli, ["doctor"]).output

    return run


Verified = Callable[..., tuple[int, list[str]]]


def at(clinic: UUID, sequence: int) -> Any:
    return (audit_events.c.clinic_id == clinic) & (audit_events.c.sequence == sequence)


def change(work: Work, clinic: UUID, place: int, **values: Any) -> None:
    assert work.execute(update(audit_events).where(at(clinic, place)).values(values)).rowcount


def head_of(work: Work, clinic: UUID) -> Any:
    return work.row(select(audit_heads).where(audit_heads.c.clinic_id == clinic))


def set_head(work: Work, clinic: UUID, **values: Any) -> None:
    work.execute(update(audit_heads).where(audit_heads.c.clinic_id == clinic).values(values))


def cut(work: Work, clinic: UUID, after: int) -> None:
    own = audit_events.c.clinic_id == clinic
    work.execute(delete(audit_events).where(own, audit_events.c.sequence > after))


def forged(clinic: UUID, **values: Any) -> dict[str, Any]:
    """An event as the product would have written it."""
    return {
        "clinic_id": clinic,
        "id": uuid4(),
        "actor_kind": "staff",
        "actor_id": uuid4(),
        "action": "patient.changed",
        "subject": "patient",
        "subject_id": uuid4(),
    } | values


# --- sealing -------------------------------------------------------------------------------------


def test_committed_events_get_places_without_a_gap_in_their_order(trail: Trail) -> None:
    assert trail.sequences(trail.harbour) == list(range(1, EVENTS + 1))
    with trail.house.work(OPERATOR, write=False) as work:
        own = select(audit_events).where(audit_events.c.clinic_id == trail.harbour)
        by_place = work.rows(own.order_by(audit_events.c.sequence))
        by_time = work.rows(own.order_by(audit_events.c.at, audit_events.c.id))
        head = head_of(work, trail.harbour)
    assert by_place == by_time
    assert (head.sequence, head.link) == (EVENTS, by_place[-1].link)
    assert len({each.link for each in by_place}) == EVENTS


def test_what_commits_late_comes_later_in_the_chain(trail: Trail, verified: Verified) -> None:
    earlier = trail.clock.now() - timedelta(seconds=30)
    with trail.house.work(OPERATOR) as work:
        work.execute(insert(audit_events).values(forged(trail.harbour, at=earlier)))
    trail.seal()
    assert trail.sequences(trail.harbour)[-1] == EVENTS + 1
    code, lines = verified()
    assert (code, [line for line in lines if line.startswith("note")]) == (0, [])


def test_an_untouched_trail_is_told_with_its_heads(trail: Trail, verified: Verified) -> None:
    trail.write(trail.harbour)
    code, lines = verified()
    assert code == 0
    with trail.house.work(OPERATOR, write=False) as work:
        for clinic in (trail.harbour, trail.hill):
            link = head_of(work, clinic).link.hex()
            (line,) = [line for line in lines if str(clinic) in line]
            assert line.startswith(f"ok    clinic {clinic}: {EVENTS} events; head {EVENTS} {link}")


def test_the_canarys_events_are_never_sealed(trail: Trail, engine: Engine) -> None:
    engine.run_until_idle(watching=True)
    trail.clock.advance(minutes=1)
    engine.run_until_idle(watching=True)
    assert set(trail.sequences(canary.CLINIC)) == {None}
    with trail.house.work(OPERATOR, write=False) as work:
        assert head_of(work, canary.CLINIC) is None
        assert seal.next_clinic(work, None) is None


def test_a_key_of_another_installation_proves_nothing(trail: Trail) -> None:
    stranger = replace(trail.house, vault=Vault(bytes(32), trail.house.random_bytes))
    with stranger.work(OPERATOR, write=False) as work:
        assert trail.first_bad(trail.harbour, work) == 1


def test_nothing_is_lost_between_two_parts(trail: Trail, verified: Verified) -> None:
    trail.write_many(trail.harbour, 2 * seal.AT_ONCE + 10)
    with trail.tampering() as work:
        assert seal.seal(work, trail.harbour), "and the process ends before it is committed"
    asked = iter((False, False, True))
    trail.seal(stopping=lambda: next(asked))
    everything = EVENTS + 2 * seal.AT_ONCE + 10
    done = [each for each in trail.sequences(trail.harbour) if each is not None]
    assert len(done) == EVENTS + 2 * seal.AT_ONCE, "it stopped after the second part"
    assert verified()[0] == 0
    trail.seal()
    assert trail.sequences(trail.harbour) == list(range(1, everything + 1))
    assert verified()[0] == 0


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_a_look_is_bounded_and_a_clinic_with_much_to_seal_takes_turns(trail: Trail) -> None:
    trail.write_many(trail.harbour, PARTS * seal.AT_ONCE)
    trail.write(trail.hill)
    trail.seal()
    assert trail.sequences(trail.hill)[-1] == EVENTS + 1
    assert trail.sequences(trail.harbour).count(None) == seal.AT_ONCE


@pytest.mark.parametrize("kept", ["postgresql"], indirect=True)
def test_two_engines_that_seal_at_once_make_one_chain_and_do_not_wait(
    trail: Trail, verified: Verified
) -> None:
    def work_off() -> None:
        while None in trail.sequences(trail.harbour):
            trail.seal()

    # A clinic whose chain is not begun yet, too.
    fresh = trail._found("Fresh")
    trail.write_many(fresh, 600)
    trail.write_many(trail.harbour, 1_200)
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(work_off) for _ in range(2)]:
            done.result(SOON)
    trail.seal()
    assert trail.sequences(trail.harbour) == list(range(1, EVENTS + 1_201))
    assert trail.sequences(fresh) == list(range(1, 602))
    assert verified()[0] == 0

    trail.write(trail.harbour)
    begun = threading.Barrier(2)

    def seal_beside() -> Any:
        begun.wait(SOON)
        with trail.house.work(ENGINE) as work:
            return seal.seal(work, trail.harbour)

    with ThreadPoolExecutor(1) as threads, trail.house.work(ENGINE) as work:
        beside = threads.submit(seal_beside)
        assert seal.seal(work, trail.harbour)
        begun.wait(SOON)
        assert beside.result(SOON) is None


@pytest.mark.parametrize("kept", ["postgresql"], indirect=True)
def test_a_page_leaves_on_time_while_sealing_is_stuck(
    house: House, cast: Cast, receiver: Receiver
) -> None:
    engine = Engine(house)
    running = threading.Thread(target=lambda: asyncio.run(engine.run(alone=False)))
    somebody = house.database.apart("in the way")
    try:
        somebody.exec_driver_sql("BEGIN")
        somebody.exec_driver_sql("SELECT * FROM audit_events FOR UPDATE")
        running.start()
        stuck = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not somebody.exec_driver_sql(stuck).scalar():
            assert running.is_alive()
        cast.alice.check_in(si=4)
        receiver.expect("alert.triggered")
        assert somebody.exec_driver_sql(stuck).scalar(), "it was stuck all the while"
    finally:
        somebody.close()
        engine.stop()
        running.join(SOON)
    assert not running.is_alive()


# --- what is done to it --------------------------------------------------------------------------


EDITS: dict[str, Any] = {
    "at": lambda row: row.at + timedelta(microseconds=1),
    "actor_kind": "engine",
    "actor_id": None,
    "action": "patient.changes",
    "subject": "patients",
    "subject_id": UUID(int=1),
    "detail": lambda row: row.detail | {"number": 2.0},
    "id": UUID(int=2),
    "link": bytes(32),
}


def test_every_column_is_tried() -> None:
    assert EDITS.keys() >= {column.name for column in COLUMNS} - {"clinic_id"}


def test_an_edit_is_found(trail: Trail) -> None:
    for column, value in EDITS.items():
        with trail.tampering() as work:
            row = work.row(select(audit_events).where(at(trail.harbour, 4)))
            change(work, trail.harbour, 4, **{column: value(row) if callable(value) else value})
            assert trail.first_bad(trail.harbour, work) == 4, column
            assert trail.first_bad(trail.hill, work) is None, column


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_change_of_any_events_is_found_at_the_first(trail: Trail, data: st.DataObject) -> None:
    places = data.draw(st.sets(st.integers(1, EVENTS), min_size=1, max_size=3))
    with trail.tampering() as work:
        for place in places:
            column = data.draw(st.sampled_from([*EDITS, "delete"]))
            if column == "delete":
                work.execute(delete(audit_events).where(at(trail.harbour, place)))
                continue
            row = work.row(select(audit_events).where(at(trail.harbour, place)))
            assert row is not None
            value = data.draw(VALUES[column].filter(lambda v: v != row._mapping[column]))  # noqa: B023
            change(work, trail.harbour, place, **{column: value})
        assert trail.first_bad(trail.harbour, work) == min(places)


_WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=1, max_size=16)
_IDS = st.uuids(allow_nil=False)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "at": st.datetimes(timezones=st.just(UTC)),
    "actor_kind": _WORDS,
    "actor_id": st.none() | _IDS,
    "action": _WORDS,
    "subject": _WORDS,
    "subject_id": _IDS,
    "detail": st.none() | st.dictionaries(_WORDS, st.integers(-9, 9) | _WORDS, max_size=2),
    "id": _IDS,
    "link": st.binary(max_size=33),
}


def swap_places(trail: Trail, work: Work) -> None:
    for one, other in ((3, 99), (5, 3), (99, 5)):
        change(work, trail.harbour, one, sequence=other)


def swap_contents(trail: Trail, work: Work) -> None:
    swap_places(trail, work)
    links = {
        n: work.rows(select(audit_events.c.link).where(at(trail.harbour, n)))[0] for n in (3, 5)
    }
    change(work, trail.harbour, 3, link=links[5].link)
    change(work, trail.harbour, 5, link=links[3].link)


def insert_between(trail: Trail, work: Work) -> None:
    for place in range(EVENTS, 2, -1):
        change(work, trail.harbour, place, sequence=place + 1)
    new = forged(trail.harbour, at=trail.clock.now(), sequence=3, link=bytes(32))
    work.execute(insert(audit_events).values(new))
    set_head(work, trail.harbour, sequence=EVENTS + 1)


def insert_past_the_head(trail: Trail, work: Work) -> None:
    new = forged(trail.harbour, at=trail.clock.now(), sequence=EVENTS + 1, link=bytes(32))
    work.execute(insert(audit_events).values(new))


def insert_before_the_first(trail: Trail, work: Work) -> None:
    new = forged(trail.harbour, at=trail.clock.now(), sequence=0, link=bytes(32))
    work.execute(insert(audit_events).values(new))


def cut_and_set_head(trail: Trail, work: Work) -> None:
    cut(work, trail.harbour, 4)
    (last,) = work.rows(select(audit_events).where(at(trail.harbour, 4)))
    set_head(work, trail.harbour, sequence=4, link=last.link)


def delete_head_and_unseal(trail: Trail, work: Work) -> None:
    own = audit_events.c.clinic_id == trail.harbour
    work.execute(delete(audit_heads).where(audit_heads.c.clinic_id == trail.harbour))
    work.execute(
        update(audit_events)
        .where(own, audit_events.c.sequence > 4)
        .values(sequence=None, link=None)
    )


MANIPULATIONS: dict[str, tuple[Callable[[Trail, Work], object], int]] = {
    "delete one": (lambda t, w: w.execute(delete(audit_events).where(at(t.harbour, 3))), 3),
    "delete the first": (lambda t, w: w.execute(delete(audit_events).where(at(t.harbour, 1))), 1),
    "swap places": (swap_places, 3),
    "swap contents": (swap_contents, 3),
    "insert between": (insert_between, 3),
    "insert past the head": (insert_past_the_head, EVENTS + 1),
    "insert before the first": (insert_before_the_first, 0),
    "cut the tail": (lambda t, w: cut(w, t.harbour, 4), 5),
    "cut everything": (lambda t, w: cut(w, t.harbour, 0), 1),
    "cut, and set the head back": (cut_and_set_head, 5),
    "set the head back": (lambda t, w: set_head(w, t.harbour, sequence=4), 5),
    "set the head forth": (lambda t, w: set_head(w, t.harbour, sequence=9), EVENTS + 1),
    "change the head's link": (lambda t, w: set_head(w, t.harbour, link=bytes(32)), EVENTS + 1),
    "change the head's time": (
        lambda t, w: set_head(w, t.harbour, at=t.clock.now() + timedelta(seconds=1)),
        EVENTS + 1,
    ),
    "delete the head": (
        lambda t, w: w.execute(delete(audit_heads).where(audit_heads.c.clinic_id == t.harbour)),
        EVENTS + 1,
    ),
    "delete the head and unseal": (delete_head_and_unseal, 5),
    "unseal one": (lambda t, w: change(w, t.harbour, 3, sequence=None), 3),
}


def test_what_is_done_to_the_chain_is_found(trail: Trail) -> None:
    for how, (manipulate, first_bad) in MANIPULATIONS.items():
        with trail.tampering() as work:
            manipulate(trail, work)
            assert trail.first_bad(trail.harbour, work) == first_bad, how
            assert trail.first_bad(trail.hill, work) is None, how


def test_two_events_in_one_place_are_found(trail: Trail) -> None:
    with trail.tampering() as work:
        # Whoever may change the schema is held up by no index.
        work.connection.exec_driver_sql("DROP INDEX uq_audit_events_sequence")
        change(work, trail.harbour, 4, sequence=3)
        assert trail.first_bad(trail.harbour, work) == 3


def test_an_event_that_is_moved_to_another_clinic_is_found_in_both(trail: Trail) -> None:
    with trail.tampering() as work:
        cut(work, trail.hill, 3)
        change(work, trail.harbour, 4, clinic_id=trail.hill)
        assert trail.first_bad(trail.harbour, work) == 4
        assert trail.first_bad(trail.hill, work) == 4


DAMAGES = {
    "sqlite": (
        "at = 'noon'",
        "at = replace(at, '.', '.0')",
        "detail = '{'",
        "detail = detail || ' '",
        "subject_id = 'zz'",
        "subject_id = upper(id)",
        "action = CAST(x'ff' AS TEXT)",
        "sequence = 'four'",
        "link = 'four'",
        "link = 1000000000000",
        "link = NULL",
    ),
    "postgresql": ("at = 'infinity'", "at = '-infinity'", "link = NULL", "link = ''"),
}


def test_damage_is_named_and_the_next_clinic_looked_at(trail: Trail, verified: Verified) -> None:
    """A value that its column cannot even be read as."""
    with trail.house.work(OPERATOR, write=False) as work:
        dialect = work.connection.dialect
        (untouched,) = work.rows(select(audit_events).where(at(trail.harbour, 4)))
    where = (audit_events.c.id == untouched.id).compile(
        dialect=dialect, compile_kwargs={"literal_binds": True}
    )
    for damage in DAMAGES[dialect.name]:
        with trail.house.work(OPERATOR) as work:
            work.connection.execute(text(f"UPDATE audit_events SET {damage} WHERE {where}"))
        code, (first, second) = verified()
        assert code == 1, damage
        assert first.startswith(f"FAULT clinic {trail.harbour}: sequence 4: "), damage
        assert second.startswith(f"ok    clinic {trail.hill}: {EVENTS} events; head "), damage
        with trail.house.work(OPERATOR) as work:
            work.execute(delete(audit_events).where(audit_events.c.id == untouched.id))
            work.execute(insert(audit_events).values(untouched._mapping))
    assert verified()[0] == 0


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
@pytest.mark.parametrize("damage", ["at = 'noon'", "link = 12", "sequence = 'x'", "mark = ''"])
def test_a_damaged_head_is_named(trail: Trail, verified: Verified, damage: str) -> None:
    with trail.house.work(OPERATOR) as work:
        work.connection.execute(text(f"UPDATE audit_heads SET {damage}"))
    code, lines = verified()
    assert (code, len(lines)) == (1, 2)
    for line in lines:
        assert f"sequence {EVENTS + 1}: the head " in line


def test_what_is_sealed_meanwhile_is_no_fault(trail: Trail) -> None:
    walk = verify.Walk(trail.harbour)
    with trail.house.work(OPERATOR, write=False) as work:
        walk.begin(work)
    trail.write(trail.harbour)
    trail.seal()
    with trail.house.work(OPERATOR, write=False) as work:
        while walk.page(work):
            pass
    assert walk.checked == EVENTS


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_a_long_chain_is_read_in_pages(trail: Trail, verified: Verified) -> None:
    trail.write_many(trail.harbour, 2 * verify.PAGE)
    trail.seal()
    assert verified()[0] == 0
    with trail.tampering() as work:
        change(work, trail.harbour, 2 * verify.PAGE, action="x")
        assert trail.first_bad(trail.harbour, work) == 2 * verify.PAGE


def test_an_event_that_was_slipped_in_with_an_older_date_is_pointed_at(
    trail: Trail, verified: Verified
) -> None:
    last_week = trail.clock.now() - timedelta(days=7)
    with trail.house.work(OPERATOR) as work:
        work.execute(insert(audit_events).values(forged(trail.harbour, at=last_week)))
    trail.seal()
    code, lines = verified()
    assert code == 0, "a clock may have been set back"
    (note,) = [line for line in lines if line.startswith("note")]
    assert note.startswith(
        f"note  clinic {trail.harbour}: 1 events, the first at sequence {EVENTS + 1}, are dated"
    )


# --- a chain that does not hold is not gone on with ----------------------------------------------


@pytest.mark.parametrize(
    "how", ["cut the tail", "cut, and set the head back", "delete the head", "insert past the head"]
)
def test_a_broken_chain_is_not_made_good_by_going_on(
    trail: Trail, verified: Verified, how: str
) -> None:
    with trail.house.work(OPERATOR) as work:
        MANIPULATIONS[how][0](trail, work)
    found = verified()
    for clinic in (trail.harbour, trail.hill):
        trail.write(clinic)
    logged = trail.seal()
    assert verified()[1][0] == found[1][0]
    assert trail.sequences(trail.harbour)[-1] is None
    assert trail.sequences(trail.hill)[-1] == EVENTS + 1, "the others are sealed"
    (fault,) = [each for each in logged if each["event"] == "audit.broken"]
    assert (fault["log_level"], fault["clinic_id"]) == ("error", str(trail.harbour))


def test_an_edit_of_the_last_event_stops_the_sealing(trail: Trail) -> None:
    with trail.house.work(OPERATOR) as work:
        change(work, trail.harbour, EVENTS, action="x")
    trail.write(trail.harbour)
    (fault, *_) = trail.seal()
    assert (fault["event"], fault["sequence"]) == ("audit.broken", EVENTS)


def warnings(trail: Trail) -> list[str]:
    with trail.house.work(ENGINE, write=False) as work:
        judged = verdict(figures.read(work))
    return [each.code for each in judged.warnings]


def beat(trail: Trail) -> None:
    with trail.house.work(ENGINE) as work:
        engines.beat(work, UUID(int=1), started_at=START, standby=False, listening=None, figures={})


def test_sealing_that_stands_still_is_a_warning(trail: Trail, doctor: Callable[[], str]) -> None:
    trail.clock.advance(minutes=5)
    beat(trail)
    assert warnings(trail) == []
    trail.write(trail.harbour)
    assert "unsealed" not in doctor()
    trail.clock.advance(minutes=6)
    beat(trail)
    assert warnings(trail) == ["audit-unsealed"]
    assert f"warn  clinic {trail.harbour}: the audit trail is unsealed for 6 minutes" in doctor()
    trail.seal()
    assert warnings(trail) == []
    assert "unsealed" not in doctor()


def test_a_chain_that_was_found_broken_is_a_warning(
    trail: Trail, doctor: Callable[[], str]
) -> None:
    with trail.house.work(OPERATOR) as work:
        cut(work, trail.harbour, 4)
    trail.write(trail.harbour)
    trail.seal()
    beat(trail)
    assert warnings(trail) == ["audit-broken"]
    assert f"warn  clinic {trail.harbour}: the audit trail is broken at sequence 6" in doctor()


# --- what the log was told -----------------------------------------------------------------------


def told(logged: list[Any], file: Path) -> Path:
    """The log as a process writes it, among other lines."""
    lines = [b"not JSON", b"[1]", b'{"event": "request"}', *map(orjson.dumps, logged), b""]
    file.write_bytes(b"\n".join(lines))
    return file


def test_the_log_is_told_of_heads_that_moved(trail: Trail) -> None:
    trail.write(trail.harbour)
    (line,) = [each for each in trail.seal() if each["event"] == "audit.checkpoint"]
    with trail.house.work(OPERATOR, write=False) as work:
        head = head_of(work, trail.harbour)
    assert line == {
        "event": "audit.checkpoint",
        "log_level": "info",
        "clinic_id": str(trail.harbour),
        "sequence": EVENTS + 1,
        "link": head.link.hex(),
        "at": head.at.isoformat(timespec="microseconds"),
        "mark": head.mark.hex(),
        "room": "seal",
    }
    assert [each for each in trail.seal() if each["event"] == "audit.checkpoint"] == []


def test_a_head_is_told_once_a_minute_at_most_and_the_last_in_any_case(trail: Trail) -> None:
    async def engine() -> list[int]:
        async with Sealer(trail.house, ENGINE, asyncio.to_thread, lambda: False) as sealer:
            seen = []
            for seconds in (10, 10, 50, 10):
                trail.write(trail.harbour)
                trail.clock.advance(seconds=seconds)
                sealer.look()
                await sealer.rest()
                seen.append(len(logged))
            return seen

    with capture_logs() as logged:
        assert asyncio.run(engine()) == [1, 1, 2, 2]
    assert [each["sequence"] for each in logged] == [EVENTS + 1, EVENTS + 3, EVENTS + 4]


def test_a_tail_that_was_cut_under_an_older_head_is_found_by_the_log(
    trail: Trail, verified: Verified, tmp_path: Path
) -> None:
    with trail.house.work(OPERATOR, write=False) as work:
        older = dict(head_of(work, trail.harbour)._mapping)
    trail.write(trail.harbour, 3)
    log = told(trail.seal(), tmp_path / "log")
    assert verified(log) == (
        0,
        [*verified()[1], f"ok    log {log}: 1 checkpoints, and the chains hold them all"],
    )

    with trail.house.work(OPERATOR) as work:
        cut(work, trail.harbour, EVENTS)
        set_head(work, trail.harbour, **older)
    assert verified()[0] == 0, "the database by itself cannot tell"
    lost = f"FAULT clinic {trail.harbour}: sequence {EVENTS + 3}: the log was told of an event"
    code, lines = verified(log)
    assert (code, lines[-1].startswith(lost)) == (1, True)

    # Nor can it once other events have the places.
    trail.write(trail.harbour, 3)
    later = told(trail.seal(), tmp_path / "later")
    assert verified(later)[0] == 0
    assert verified(log, later)[0] == 1
    both = tmp_path / "both"
    both.write_bytes(later.read_bytes() + b"\n" + log.read_bytes())
    code, lines = verified(both)
    assert (code, lines[-1].startswith(lost)) == (1, True), "both of one place are looked at"


def test_a_trail_that_is_gone_altogether_is_found_by_the_log(
    trail: Trail, verified: Verified, tmp_path: Path
) -> None:
    trail.write(trail.harbour)
    log = told(trail.seal(), tmp_path / "log")
    with trail.house.work(OPERATOR) as work:
        work.execute(delete(audit_heads))
        work.execute(delete(audit_events))
        work.execute(delete(clinic_rows))
    code, lines = verified(log)
    assert (code, len(lines)) == (1, 2)
    assert lines[1].startswith(f"FAULT clinic {trail.harbour}: sequence {EVENTS + 1}: ")


def test_a_log_that_was_changed_is_told_of(
    trail: Trail, verified: Verified, tmp_path: Path
) -> None:
    trail.write(trail.harbour)
    (line,) = trail.seal()
    forgeries: tuple[dict[str, object], ...] = (
        {"sequence": 4},
        {"sequence": "4" * 40},
        {"link": "00" * 32},
        {"at": "2026-01-01T00:00:00+00:00"},
        {"mark": "00"},
        {"clinic_id": str(trail.hill)},
    )
    for forgery in forgeries:
        (head,) = checkpoints.read([orjson.dumps(line | forgery)])
        assert isinstance(head, Head)
        with trail.house.work(OPERATOR, write=False) as work:
            lost = checkpoints.compare(work, head.clinic_id, [head])
        assert lost is not None, forgery
        assert "did not make" in lost.why, forgery
    garbled = [{"mark": "zz"}, {"at": "noon"}, {"sequence": None}, {"clinic_id": 7}]
    lines = [orjson.dumps(line | values) for values in garbled]
    lines.append(orjson.dumps(line)[:-9])
    found = list(checkpoints.read([b"{}", *lines]))
    assert found == [Garbled(number) for number in range(2, 7)]

    log = told([line | {"sequence": 4}, line | {"mark": "zz"}], tmp_path / "log")
    code, said = verified(log)
    assert code == 1
    assert said[-2] == f"FAULT log {log}: line 5 is no whole checkpoint"
    assert said[-1].startswith(f"FAULT clinic {trail.harbour}: sequence 4: the log has a check")


def test_many_checkpoints_are_looked_up_in_parts(
    trail: Trail, verified: Verified, tmp_path: Path
) -> None:
    trail.write(trail.harbour)
    (line,) = trail.seal()
    with trail.house.work(OPERATOR, write=False) as work:
        chain = Chain(work.vault, trail.harbour)
        link = work.rows(select(audit_events.c.link).where(at(trail.harbour, 2)))[0].link
        false = checkpoints.fields(chain.head(2, bytes(32), work.now))
        right = checkpoints.fields(chain.head(2, link, work.now))
    event = {"event": "audit.checkpoint"}
    many = [line] * 600
    assert verified(told([*many, right | event], tmp_path / "log"))[0] == 0
    code, lines = verified(told([line, false | event, *many], tmp_path / "log"))
    assert (code, f"{trail.harbour}: sequence 2: " in lines[-1]) == (1, True)
