"""The audit trail is a chain: what is done to it behind the engine's back is found, and where."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update

from diary.__main__ import cli
from diary.audit import audit_events
from diary.callers import OPERATOR
from diary.trail import seal, verify
from diary.trail.reading import COLUMNS
from diary.vault import Vault, wrap_root
from diary.watch import canary, engines, figures, marks
from diary.watch.verdict import verdict
from diary.work import House
from diary.wrapped import root_secret
from engine.loop import Engine
from engine.seal import PARTS
from tests.cast import Cast
from tests.clock import START
from tests.receiver import Receiver
from tests.tampering import DAMAGES, EDITS, MANIPULATIONS, VALUES, change, cut, forged
from tests.trail import ENGINE, EVENTS, Trail, Verified, at, head_of

SOON = 30


@pytest.fixture
def doctor(_environment: None) -> Callable[[], str]:
    """What the doctor says, by the machine's clock: whatever waits here has waited for months."""
    return lambda: CliRunner().invoke(cli, ["doctor"]).output


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
    with trail.house.work(OPERATOR) as work:
        other = wrap_root(trail.house.vault, bytes(32))
        work.execute(update(root_secret).values(wrapped=other))
    house = trail.house
    masters = list(house.vault.masters.values())
    stranger = replace(house, vault=Vault(masters, house.random_bytes, house.database))
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
    # Nothing says that all is sealed while something is left.
    assert done(trail) < trail.clock.now()
    trail.seal()
    assert done(trail) == trail.clock.now()


def done(trail: Trail) -> datetime:
    with trail.house.work(ENGINE, write=False) as work:
        return marks.last(work)[seal.DONE]


@pytest.mark.parametrize("kept", ["postgresql"], indirect=True)
def test_two_engines_that_seal_at_once_make_one_chain_and_do_not_wait(
    trail: Trail, verified: Verified
) -> None:
    def work_off() -> None:
        while None in trail.sequences(trail.harbour):
            trail.seal()

    # A clinic whose chain is not begun yet, too.
    fresh = trail.found("Fresh")
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
        with trail.house.work(ENGINE.within(trail.harbour)) as work:
            return seal.seal(work, trail.harbour)

    with ThreadPoolExecutor(1) as threads, trail.house.work(ENGINE.within(trail.harbour)) as work:
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
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with house.work(OPERATOR) as somebody, ThreadPoolExecutor(1) as phone:
        somebody.rows(select(audit_events.c.id).with_for_update())
        running.start()
        try:
            while not somebody.connection.scalar(waiting):
                assert running.is_alive()
            phone.submit(cast.alice.check_in, si=4).result(SOON)
            receiver.expect("alert.triggered")
            assert somebody.connection.scalar(waiting), "it was stuck all the while"
        finally:
            engine.stop()
    running.join(SOON)
    assert not running.is_alive()


# --- what is done to it --------------------------------------------------------------------------


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


def test_what_is_done_to_the_chain_is_found(trail: Trail) -> None:
    for how, (manipulate, first_bad) in MANIPULATIONS.items():
        with trail.tampering() as work:
            manipulate(trail, work)
            assert trail.first_bad(trail.harbour, work) == first_bad, how
            assert trail.first_bad(trail.hill, work) is None, how


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
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
    for place in (verify.PAGE, verify.PAGE + 1, EVENTS + 2 * verify.PAGE):
        with trail.tampering() as work:
            work.connection.exec_driver_sql("DROP INDEX uq_audit_events_sequence")
            (twin,) = work.rows(select(audit_events).where(at(trail.harbour, place)))
            work.execute(insert(audit_events).values(dict(twin._mapping) | {"id": uuid4()}))
            assert trail.first_bad(trail.harbour, work) == place


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
    trail.clock.advance(minutes=6)
    beat(trail)
    assert warnings(trail) == ["audit-unsealed"]
    assert f"warn  clinic {trail.harbour}: the audit trail is unsealed for " in doctor()
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
