"""Who is on call: weekly shifts on a wall clock, and overrides in real time. Pure."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from diary.crisis.hours import Period, Span, StaffedHours, merged
from diary.oncall.week import union

# A change of shift is looked for this far ahead; longer than a week at any clock change.
HORIZON = timedelta(days=9)


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on call in one period of every week."""

    period: Period
    staff: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Override:
    """Who is on call instead, between two moments; nobody: the team is closed."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    staff: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on call, and until when; `until` is None where it does not change within a week."""

    staff: frozenset[UUID]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Rota:
    """Shifts in the rota's own zone, and overrides in the order in which they were created.

    An override replaces the shifts while it lasts. Of two that overlap the last created wins.
    """

    time_zone: str
    shifts: tuple[Shift, ...]
    overrides: tuple[Override, ...] = ()

    @classmethod
    def of(
        cls,
        time_zone: str,
        shifts: Sequence[Mapping[str, Any]],
        overrides: Sequence[Mapping[str, Any]],
    ) -> "Rota":
        """From a stored row."""
        return cls(
            time_zone,
            tuple(
                Shift(
                    Period(shift["weekday"], shift["opens"], shift["closes"]),
                    frozenset(map(UUID, shift["staff"])),
                )
                for shift in shifts
            ),
            tuple(
                Override(
                    UUID(override["id"]),
                    datetime.fromisoformat(override["starts_at"]),
                    datetime.fromisoformat(override["ends_at"]),
                    frozenset(map(UUID, override["staff"])),
                )
                for override in overrides
            ),
        )

    def on_call(self, at: datetime) -> Duty:
        """Who is on call at a moment."""
        duties = self.duties(at, at + HORIZON)
        _, end, staff = next(duties)
        return Duty(staff, end if next(duties, None) else None)

    def duties(
        self, begin: datetime, end: datetime
    ) -> Iterator[tuple[datetime, datetime, frozenset[UUID]]]:
        """The time between two moments, cut wherever those on call change."""
        shifts = [
            (start, stop, shift.staff)
            for shift in self.shifts
            for start, stop in shift.period.spans(self.time_zone, begin, end)
        ]
        overrides = [(each.starts_at, each.ends_at, each.staff) for each in self.overrides]
        edges = {moment for span in (*shifts, *overrides) for moment in span[:2]}
        cuts = [begin, *sorted(edge for edge in edges if begin < edge < end), end]
        since, before = begin, _who(shifts, overrides, begin)
        for cut in cuts[1:-1]:
            now = _who(shifts, overrides, cut)
            if now != before:
                yield since, cut, before
                since, before = cut, now
        yield since, end, before

    def staffed(self, begin: datetime, end: datetime, among: Set[UUID] | None = None) -> list[Span]:
        """When someone is on call, or one of the given ones is."""
        return merged(
            (start, stop)
            for start, stop, staff in self.duties(begin, end)
            if (staff if among is None else staff & among)
        )

    def around(self, now: datetime) -> list[Span]:
        """The staffed spans from yesterday to the next opening at least, however long a closure."""
        begin, end = now - timedelta(days=1), now + HORIZON
        latest = max((each.ends_at for each in self.overrides), default=now) + HORIZON
        spans = self.staffed(begin, end)
        while end < latest and not any(start > now for start, _ in spans):
            begin, end = end, end + HORIZON
            spans = merged((*spans, *self.staffed(begin, end)))
        return spans

    def without_gaps(self, now: datetime, among: Set[UUID]) -> bool:
        """Whether one of these is on call at every moment of the coming week."""
        end = now + HORIZON
        return self.staffed(now, end, among) == [(now, end)]

    def people(self, now: datetime) -> frozenset[UUID]:
        """Everyone who is ever on call from now on."""
        coming = [each.staff for each in self.overrides if each.ends_at > now]
        return frozenset[UUID]().union(*(shift.staff for shift in self.shifts), *coming)

    def week(self) -> StaffedHours:
        """The hours of an ordinary week, as they are told."""
        return StaffedHours(self.time_zone, union(shift.period for shift in self.shifts))


_Duties = Sequence[tuple[datetime, datetime, frozenset[UUID]]]


def _who(shifts: _Duties, overrides: _Duties, at: datetime) -> frozenset[UUID]:
    for start, end, staff in reversed(overrides):
        if start <= at < end:
            return staff
    return frozenset[UUID]().union(*(staff for start, end, staff in shifts if start <= at < end))
