"""What somebody who has the database may do to an audit trail, and where that is found."""

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from diary.audit import audit_events
from diary.trail.model import audit_heads
from diary.work import Work
from tests.trail import EVENTS, Trail, at

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

# By the kind of database.
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


def change(work: Work, clinic: UUID, place: int, **values: Any) -> None:
    assert work.execute(update(audit_events).where(at(clinic, place)).values(values)).rowcount


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
