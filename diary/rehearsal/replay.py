"""Judge a patient's rows again, in the order they came in, by several rule sets side by side.

Each is judged with exactly what was known when it came. What a rule set would have found before
is its own: `prior` depends on it. Before the first of the rows, what was found then stands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from diary.checkins.around import after_infusion, lateness, prior_of
from diary.checkins.judging import Judged, Said, judged_by
from diary.infusions.service import Since, since
from diary.rehearsal.past import Entered, Found, Past, graver
from diary.rules.facts import AfterInfusion, History, Late
from diary.rules.ruleset import severity_of, suicidality_severity
from diary.rules.service import InForce
from diary.severity import Severity


@dataclass(frozen=True, slots=True)
class Infusion:
    """One that began, as the record has it now."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Came:
    """Something that was judged when it came.

    id: of a check-in its own, of an amendment or a body kept apart that row's. since: what a
    check-in's row says was known of infusions; the others keep nothing of it. becomes: how the
    check-in stands from then on, None for a body kept apart.
    """

    id: UUID
    said: Said
    received_at: datetime
    becomes: Entered | None
    is_check_in: bool = True
    since: Since | None = None


@dataclass(slots=True)
class Record:
    """One patient. known: what had come before the rows, in the order it came, each with the
    suicidality severity that was found in it."""

    patient_id: UUID
    zone: ZoneInfo
    infusions: list[Infusion] = field(default_factory=list)
    known: list[tuple[Entered, datetime, Severity | None]] = field(default_factory=list)
    apart: tuple[datetime, Severity | None] | None = None
    came: list[Came] = field(default_factory=list)


def replay(
    record: Record, rule_sets: Sequence[InForce]
) -> Iterator[tuple[Came, tuple[Judged, ...]]]:
    """Each of the rows that came, with what each of the rule sets finds in it."""
    past, each = Past(), range(len(rule_sets))
    for entered, received_at, severity in record.known:
        past.enter(entered, received_at, tuple(severity for _ in each))
    if record.apart is not None:
        received_at, severity = record.apart
        past.apart = Found(received_at, tuple(severity for _ in each))
    for came in sorted(record.came, key=_as_it_came):
        moment = _Moment(record, past, came)
        found = tuple(
            judged_by(rules, came.said, _Then(moment, number))
            for number, rules in enumerate(rule_sets)
        )
        _take(past, came, found, rule_sets)
        yield came, found


def _as_it_came(came: Came) -> tuple[datetime, bool, bool, int]:
    # What came in the same instant: an amendment follows its check-in.
    return came.received_at, not came.is_check_in, came.becomes is None, came.id.int


def _take(past: Past, came: Came, found: tuple[Judged, ...], rule_sets: Sequence[InForce]) -> None:
    if came.becomes is None:
        severities = tuple(severity_of(judged.findings) for judged in found)
        past.apart = Found(came.received_at, severities)
        return
    severities = tuple(
        suicidality_severity(judged.findings, rules.rules)
        for judged, rules in zip(found, rule_sets, strict=True)
    )
    if came.is_check_in:
        past.enter(came.becomes, came.received_at, severities)
    else:
        past.amend(came.becomes, severities)


class _Moment:
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
        return History(moment, said.day, entries, numbers)

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
class _Then:
    """The same for one of the rule sets, which knows what it found itself."""

    moment: _Moment
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
        return graver(before, self._in(then.itself))

    def _in(self, found: Found | None) -> Severity | None:
        return None if found is None else found.severities[self.number]

    def after_infusion(self, _: datetime) -> AfterInfusion | None:
        return self.moment.infusion

    def late(self, _: datetime) -> Late | None:
        return self.moment.late

    def history(self, _: Said, *, hours: int, baseline: bool) -> History:
        return self.moment.history(hours, baseline)
