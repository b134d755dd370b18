"""Committed events get their places in the chain of their clinic, the oldest first.

What commits late, after younger ones were sealed, comes later in the chain than they do.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update

from diary.audit import WAITS, audit_events
from diary.trail import reading
from diary.trail.chain import BEGINNING, Broken, Chain, Head
from diary.trail.model import audit_heads
from diary.work import Work

# Events that are sealed in one transaction: on SQLite others wait for as long.
AT_ONCE: Final = 500
# Marks (`diary/watch/marks.py`): when nothing was left to seal, and when a broken chain was met.
DONE: Final = "audit.sealed"
MET_BROKEN: Final = "audit.broken"


@dataclass(frozen=True, slots=True)
class Part:
    """What one transaction sealed. more: there may be more to seal."""

    head: Head
    count: int
    more: bool


def next_clinic(work: Work, after: UUID | None) -> UUID | None:
    """The next clinic that has something to seal, in the order of their ids; None past the last."""
    query = select(audit_events.c.clinic_id).where(WAITS)
    if after is not None:
        query = query.where(audit_events.c.clinic_id > after)
    rows = work.rows(query.order_by(audit_events.c.clinic_id).limit(1))
    return rows[0].clinic_id if rows else None


def oldest_unsealed(work: Work, clinic_id: UUID) -> datetime | None:
    """When the oldest event that waits to be sealed is dated."""
    rows = work.rows(_unsealed(clinic_id, *reading.EVENT).limit(1))
    return reading.moment(rows[0]) if rows else None


def seal(work: Work, clinic_id: UUID) -> Part | None:
    """Seal some of the clinic's events; None while somebody else is sealing there.

    Raises Broken where the chain does not hold: it is not gone on with, so that what was done to
    it stays to be seen.
    """
    chain = Chain(work.vault, clinic_id)
    head = reading.head(work, clinic_id, lock=True)
    if head is None:
        return None if _has_begun(work, clinic_id) else _begin(work, chain)
    check_end(work, chain, head)
    rows = work.rows(_unsealed(clinic_id, audit_events.c.id, *reading.EVENT).limit(AT_ONCE))
    if not rows:
        return Part(head, 0, more=False)
    sequence, link = head.sequence, head.link
    links = []
    for row in rows:
        sequence += 1
        link = chain.link(sequence, reading.content(row[1:]), link)
        links.append(link)
    these = audit_events.c
    given = work.update_each(
        (these.clinic_id == clinic_id) & these.sequence.is_(None),
        these.id,
        {
            these.id: [row.id for row in rows],
            these.sequence: range(head.sequence + 1, sequence + 1),
            these.link: links,
        },
    )
    if given != len(links):
        raise RuntimeError("an event that was to be sealed is gone")
    new = chain.head(sequence, link, work.now)
    work.execute(
        update(audit_heads)
        .where(audit_heads.c.clinic_id == clinic_id)
        .values(sequence=new.sequence, link=new.link, at=new.at, mark=new.mark)
    )
    return Part(new, len(links), more=len(links) == AT_ONCE)


def check_end(work: Work, chain: Chain, head: Head) -> None:
    """Raises Broken where the head and the last events are not as they were sealed."""
    if not chain.made(head):
        raise Broken(head.sequence + 1, "the head was not made by this installation")
    last = reading.sealed(
        work, head.clinic_id, audit_events.c.sequence >= head.sequence - 1, limit=3
    )
    expected = list(range(max(head.sequence - 1, 1), head.sequence + 1))
    for place, found in zip(expected, last, strict=False):
        if found.sequence != place:
            raise Broken(place, "an event is missing")
    if len(last) < len(expected):
        raise Broken(expected[len(last)], "an event is missing")
    if len(last) > len(expected):
        raise Broken(head.sequence + 1, "an event has a place past the head")
    if last:
        previous = last[-2].link if len(last) > 1 else BEGINNING
        link = chain.link(head.sequence, reading.content(last[-1].event), previous)
        if not link == last[-1].link == head.link:
            raise Broken(head.sequence, "the event is not as it was sealed")


def check(work: Work, clinic_id: UUID) -> None:
    """Raises Broken where the clinic's events could not be sealed, without keeping others from it.

    Whoever wants to know of every event goes the whole way, as `diary/trail/verify.py` does.
    """
    if not _has_begun(work, clinic_id):
        return
    seen: Head | None = None
    while (head := reading.head(work, clinic_id)) is not None:
        try:
            check_end(work, Chain(work.vault, clinic_id), head)
        except Broken:
            # It may have been sealed on in between: then the head is another one by now.
            if head == seen:
                raise
            seen = head
        else:
            return


def _has_begun(work: Work, clinic_id: UUID) -> bool:
    """Raises Broken where there are events of a chain without a head: it is not begun anew."""
    # Asked in this order: where there are events there was a head before them.
    last = reading.last_sequence(work, clinic_id)
    if reading.head(work, clinic_id) is not None:
        return True
    if last is not None:
        raise Broken(1, "there are sealed events, and no head")
    return False


def _begin(work: Work, chain: Chain) -> Part:
    """A chain's first head, in a transaction of its own: two that begin it must not wait long."""
    head = chain.head(0, BEGINNING, work.now)
    work.add_unless_there(
        audit_heads,
        clinic_id=head.clinic_id,
        sequence=head.sequence,
        link=head.link,
        at=head.at,
        mark=head.mark,
    )
    return Part(head, 0, more=True)


def _unsealed(clinic_id: UUID, *what: Any) -> Any:
    return (
        select(*what)
        .where(audit_events.c.clinic_id == clinic_id, WAITS)
        .order_by(audit_events.c.at, audit_events.c.id)
    )
