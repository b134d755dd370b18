"""Whether a clinic's chain is as it was sealed, from its first event to its head."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from diary.access.model import clinics
from diary.audit import audit_events
from diary.ids import CANARY_CLINIC
from diary.trail import reading
from diary.trail.chain import BEGINNING, Broken, Chain, Head
from diary.trail.model import audit_heads
from diary.work import Work

# Events that are read at once.
PAGE: Final = 1000
# No transaction lasts so long: what is dated this long before an event that was sealed earlier was
# written by a clock that was set back, or later than it says.
OUT_OF_ORDER: Final = timedelta(hours=1)


@dataclass
class Walk:
    """Goes along one chain, page by page, each in a transaction of its own.

    It ends where the head was when it began: what is sealed meanwhile is for the next walk.
    checked: events that hold. late and first_late: how many of them are OUT_OF_ORDER, and where
    the first is; that is no fault by itself.
    """

    clinic_id: UUID
    head: Head | None = None
    checked: int = 0
    late: int = 0
    first_late: int | None = None
    _until: int = 0
    _walked: bool = False
    _link: bytes = BEGINNING
    _latest: datetime | None = None
    _head_fault: str | None = None

    def begin(self, work: Work) -> None:
        """Read where the chain ends; raises Broken where a place is no place at all."""
        # Asked first: where there are events there was a head before them.
        last = reading.last_sequence(work, self.clinic_id)
        try:
            self.head = reading.head(work, self.clinic_id)
        except Broken as broken:
            self._head_fault = broken.why
        below = reading.sealed(work, self.clinic_id, audit_events.c.sequence < 1, limit=1)
        if below:
            raise Broken(below[0].sequence or 0, "places begin at 1")
        if self.head is not None:
            self._until = self.head.sequence
            if not Chain(work.vault, self.clinic_id).made(self.head):
                self._head_fault = "the head was not made by this installation"
        elif last is not None:
            self._until = last
            self._head_fault = self._head_fault or "there are sealed events, and no head"

    def page(self, work: Work) -> bool:
        """Check some more; False once all were. Raises Broken at the first that does not hold."""
        if self._until and not self._walked:
            self._check(work)
            return True
        if self._head_fault is not None:
            # All that is there holds; what may have been cut off came next.
            raise Broken(self.checked + 1, self._head_fault)
        if self.head is not None and self.head.link != self._link:
            raise Broken(self.checked, "the event is not the one that the head tells of")
        if past := _past_the_head(work, self.clinic_id):
            place = past[0].sequence or self.checked + 1
            raise Broken(place, "an event has a place past the head")
        return False

    def _check(self, work: Work) -> None:
        chain = Chain(work.vault, self.clinic_id)
        # From the last one on: another event in its place would not come after it.
        here = audit_events.c.sequence.between(max(self.checked, 1), self._until)
        events = reading.sealed(work, self.clinic_id, here, limit=PAGE + 1)
        if self.checked:
            if not events or events[0].sequence != self.checked:
                raise Broken(self.checked, "an event is missing")
            events = events[1:]
        for each in events:
            place = self.checked + 1
            if each.sequence is not None and each.sequence < place:
                raise Broken(each.sequence, "two events have one place")
            if each.sequence != place:
                raise Broken(place, "an event is missing")
            link = chain.link(place, reading.content(each.event), self._link)
            if link != each.link:
                raise Broken(place, "the event is not as it was sealed")
            self.checked, self._link = place, link
            self._note_order(reading.moment(each.event))
        self._walked = len(events) < PAGE
        if self._walked and self.checked < self._until:
            raise Broken(self.checked + 1, "an event is missing")

    def _note_order(self, dated: datetime | None) -> None:
        if dated is None:
            return
        if self._latest is not None and dated < self._latest - OUT_OF_ORDER:
            self.late += 1
            self.first_late = self.first_late or self.checked
        self._latest = max(self._latest or dated, dated)


def clinics_with_a_trail(work: Work) -> Iterator[UUID]:
    """Every clinic but the canary's, also one of which only the head is left."""
    known = select(clinics.c.id).union(select(audit_heads.c.clinic_id)).subquery()
    for row in work.rows(select(known.c.id).order_by(known.c.id)):
        if row.id != CANARY_CLINIC:
            yield row.id


def _past_the_head(work: Work, clinic_id: UUID) -> list[reading.Sealed]:
    """An event that the head does not know of; both are seen at one moment."""
    known = select(audit_heads.c.sequence).where(audit_heads.c.clinic_id == clinic_id)
    past = audit_events.c.sequence > known.scalar_subquery()
    return reading.sealed(work, clinic_id, past, limit=1)
