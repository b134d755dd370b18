"""What was known at the moment that something came, as far as judging it asks.

What it is for one of several rule sets differs in what that set found before: in `prior` alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from diary.checkins.around import after_infusion, lateness, prior_of
from diary.checkins.judging import Said
from diary.infusions.since import since
from diary.rehearsal.past import Found, Past
from diary.rehearsal.record import Came, Infusion, Record
from diary.rules.facts import AfterInfusion, History, Late
from diary.severity import Severity, gravest


class Moment:
    """What was known when it came, whoever judges it: looked up once for all of the rule sets."""

    def __init__(self, record: Record, past: Past, came: Came) -> None:
        self.record, self.past, self.came = record, past, came
        said = came.said
        self.earlier = past.earlier(said.recorded_at, said.check_in_id)
        self.latest = past.latest(said.check_in_id)
        self.apart = past.apart
        self.itself = past.found(said.check_in_id)
        newest = past.newest(said.recorded_at, said.check_in_id)
        self.late = lateness(
            said.recorded_at,
            came.received_at,
            newer_at=None if newest is None else newest.entry.recorded_at,
            newer_si=None if newest is None else newest.si,
        )
        self.infusion = self._after_infusion(said.recorded_at)
        self._histories: dict[tuple[int, bool], History] = {}

    def history(self, hours: int, baseline: bool) -> History:
        """So far back; those of several rule sets are often the same."""
        found = self._histories.get((hours, baseline))
        if found is None:
            found = self._histories[hours, baseline] = self._history(hours, baseline)
        return found

    def _history(self, hours: int, baseline: bool) -> History:
        said = self.came.said
        moment, of = said.recorded_at, (said.instrument, said.version)
        entries = self.past.entries(*of, moment, hours, said.check_in_id)
        first = self._first_infusion(moment) if baseline else None
        base = None
        if first is not None:
            base = self.past.last(*of, min(moment, first), said.check_in_id)
        values = {} if base is None else base.measures
        numbers = {name: value for name, value in values.items() if isinstance(value, int)}
        return History(moment, said.day, entries, numbers, first if base is not None else None)

    def _after_infusion(self, moment: datetime) -> AfterInfusion | None:
        last = self._last_infusion(moment)
        if last is None:
            return None
        known = self.came.since or since(
            last.number,
            last.started_at,
            last.ended_at,
            moment=moment,
            zone=self.record.zone,
        )
        return after_infusion(known, last.started_at, last.ended_at, moment)

    def _last_infusion(self, moment: datetime) -> Infusion | None:
        if self.came.is_check_in:
            number = self.came.since.number if self.came.since else None
            return next((each for each in self.record.infusions if each.number == number), None)
        begun = [each for each in self._known_infusions() if each.started_at <= moment]
        return max(begun, key=lambda each: each.started_at, default=None)

    def _first_infusion(self, moment: datetime) -> datetime | None:
        """When the first began that was known to have begun."""
        last = self._last_infusion(moment)
        begun = [
            each.started_at
            for each in self._known_infusions()
            if each.started_at > moment or (last and each.started_at <= last.started_at)
        ]
        return min(begun, default=None)

    def _known_infusions(self) -> Iterator[Infusion]:
        now = self.came.received_at
        return (
            each
            for each in self.record.infusions
            if each.created_at <= now and each.started_at <= now
        )


@dataclass(frozen=True, slots=True)
class Then:
    """The same for one of the rule sets, which knows what it found itself."""

    moment: Moment
    number: int

    @property
    def prior(self) -> Severity | None:
        then = self.moment
        before = prior_of(
            earlier=self._in(then.earlier),
            earlier_at=None if then.earlier is None else then.earlier.received_at,
            latest=self._in(then.latest),
            apart=self._in(then.apart),
            apart_at=None if then.apart is None else then.apart.received_at,
        )
        # What it amends or contradicts came before it, too.
        return gravest(before, self._in(then.itself))

    def _in(self, found: Found | None) -> Severity | None:
        return None if found is None else found.severities[self.number]

    def after_infusion(self, _: datetime) -> AfterInfusion | None:
        return self.moment.infusion

    def late(self, _: datetime) -> Late | None:
        return self.moment.late

    def history(self, _: Said, *, hours: int, baseline: bool) -> History:
        return self.moment.history(hours, baseline)
