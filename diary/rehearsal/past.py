"""What is known of one patient at some moment of the past, while check-ins come in again."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from diary.checkins.lookback import AT_MOST
from diary.rules.facts import Entry
from diary.severity import Severity, gravest

Severities: TypeAlias = tuple[Severity | None, ...]
"""What each of the rule sets found, in their order."""

_Key: TypeAlias = tuple[datetime, int]
# Before and after the number of every id.
_FIRST: Final = -1
_LAST: Final = 1 << 128


@dataclass(frozen=True, slots=True)
class Entered:
    """A check-in as it stands from some moment on. si: its ladder level; scored: whether it gave
    measures that have no column of their own; whole: whether it has a total, where it needs one."""

    id: UUID
    instrument: str
    version: str
    entry: Entry
    si: int | None
    scored: bool
    whole: bool

    @property
    def key(self) -> _Key:
        """Its place: by the phone's clock, then by its id, as the diary is read."""
        return self.entry.recorded_at, self.id.int


@dataclass(slots=True)
class Found:
    """When a check-in or a body kept apart came, and what was found in it."""

    received_at: datetime
    severities: Severities


@dataclass(slots=True)
class _Row:
    """Check-ins in the order of their keys."""

    keys: list[_Key] = field(default_factory=list)
    entered: dict[_Key, Entered] = field(default_factory=dict)

    def put(self, one: Entered) -> None:
        if one.key not in self.entered:
            insort(self.keys, one.key)
        self.entered[one.key] = one

    def back(self, until: datetime | None, since: datetime | None = None) -> Iterator[Entered]:
        """From the newest to the oldest, both moments included."""
        keys = self.keys
        end = len(keys) if until is None else bisect_right(keys, (until, _LAST))
        start = 0 if since is None else bisect_left(keys, (since, _FIRST))
        return (self.entered[keys[at]] for at in range(end - 1, start - 1, -1))


class Past:
    """The check-ins that have come so far, and what was found in them by each of the rule sets."""

    def __init__(self) -> None:
        self.apart: Found | None = None
        self._all = _Row()
        self._series: dict[tuple[str, str | None], _Row] = {}
        self._found: dict[UUID, Found] = {}
        self._came: list[UUID] = []

    def enter(self, one: Entered, received_at: datetime, severities: Severities) -> None:
        """A check-in came. Those that came before are entered before."""
        self._put(one)
        self._found[one.id] = Found(received_at, severities)
        self._came.append(one.id)

    def amend(self, one: Entered, severities: Severities) -> None:
        """It says something else from now on. What was once found is not unsaid."""
        self._put(one)
        found = self._found[one.id]
        found.severities = tuple(map(gravest, found.severities, severities))

    def found(self, check_in_id: UUID) -> Found | None:
        """What was found in a check-in, None where it has not come."""
        return self._found.get(check_in_id)

    def latest(self, but: UUID) -> Found | None:
        """The last to come, but for one."""
        known = next((each for each in reversed(self._came) if each != but), None)
        return None if known is None else self._found[known]

    def earlier(self, moment: datetime, but: UUID) -> Found | None:
        """The last until a moment by the phone's clock, but for one."""
        known = next((each for each in self._all.back(moment) if each.id != but), None)
        return None if known is None else self._found[known.id]

    def newest(self, moment: datetime, but: UUID) -> Entered | None:
        """The newest after a moment by the phone's clock, but for one."""
        known = next((each for each in self._all.back(None) if each.id != but), None)
        return known if known is not None and known.entry.recorded_at > moment else None

    def entries(
        self, instrument: str, version: str | None, moment: datetime, hours: int, but: UUID
    ) -> tuple[Entry, ...]:
        """Those of an instrument, so many hours back, the newest first; as `lookback` reads it."""
        row = self._series.get((instrument, version))
        if row is None:
            return ()
        since = moment - timedelta(hours=hours)
        known = list(row.back(moment, since))
        if but in self._found:
            known = [each for each in known if each.id != but]
        return tuple([each.entry for each in known[:AT_MOST]])

    def last(
        self, instrument: str, version: str | None, moment: datetime, but: UUID
    ) -> Entry | None:
        """The last whole one of an instrument until a moment."""
        row = self._series.get((instrument, version), _Row())
        known = (each for each in row.back(moment) if each.id != but)
        return next((each.entry for each in known if version is None or each.whole), None)

    def _put(self, one: Entered) -> None:
        self._all.put(one)
        self._of(one.instrument, None).put(one)
        if one.scored:
            self._of(one.instrument, one.version).put(one)

    def _of(self, instrument: str, version: str | None) -> _Row:
        return self._series.setdefault((instrument, version), _Row())
