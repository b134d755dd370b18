"""The log is told where the chains end, and remembers what a database can be made to forget."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import delete, insert, select
from structlog.testing import capture_logs

from diary.audit import audit_events
from diary.callers import OPERATOR
from diary.trail import checkpoints
from diary.trail.chain import Chain, Head
from diary.trail.checkpoints import Garbled
from diary.trail.model import audit_heads
from engine.seal import Sealer
from tests.tampering import cut, set_head
from tests.trail import ENGINE, EVENTS, Trail, Verified, at, head_of


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


def test_parts_of_two_histories_do_not_make_one(trail: Trail) -> None:
    """After the database was set back, events and heads of before have the same places."""
    with trail.house.work(OPERATOR, write=False) as work:
        older = dict(head_of(work, trail.harbour)._mapping)
    trail.write(trail.harbour, 3)
    trail.seal()
    with trail.house.work(OPERATOR) as work:
        forgotten = work.rows(select(audit_events).where(at(trail.harbour, EVENTS + 2)))[0]
        head = dict(head_of(work, trail.harbour)._mapping)
        cut(work, trail.harbour, EVENTS)
        set_head(work, trail.harbour, **older)
    trail.write(trail.harbour, 3)
    trail.seal()
    with trail.tampering() as work:
        work.execute(delete(audit_events).where(at(trail.harbour, EVENTS + 2)))
        work.execute(insert(audit_events).values(forgotten._mapping))
        assert trail.first_bad(trail.harbour, work) == EVENTS + 2
    with trail.tampering() as work:
        set_head(work, trail.harbour, **head)
        assert trail.first_bad(trail.harbour, work) == EVENTS + 3
    with trail.tampering() as work:
        assert trail.first_bad(trail.harbour, work) is None


def test_a_trail_that_is_gone_altogether_is_found_by_the_log(
    trail: Trail, verified: Verified, tmp_path: Path
) -> None:
    trail.write(trail.harbour)
    log = told(trail.seal(), tmp_path / "log")
    with trail.house.work(OPERATOR) as work:
        work.execute(delete(audit_heads))
        work.execute(delete(audit_events))
    assert verified()[0] == 0, "nothing is there that could tell"
    code, lines = verified(log)
    assert code == 1
    assert lines[-1].startswith(f"FAULT clinic {trail.harbour}: sequence {EVENTS + 1}: ")


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
