"""Six weeks of four people, as numbers: who answers what on which evening. Invented throughout."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

ZONE = "America/New_York"
DAYS = 42
INDUCTION = 6
MAINTENANCE_AFTER = timedelta(days=12)
_SEED = 2601
_MISSED = 0.12
_OFFLINE = 0.06
_ITEMS = ("surroundings", "body", "time", "memory")


@dataclass(frozen=True, slots=True)
class Episode:
    """An evening with thoughts of suicide, and how Bob answered it.

    before: the infusion that it comes before, and days: by how many. The other times are minutes
    after the check-in arrived.
    """

    before: int
    days: int
    si: int
    acknowledged: int
    resolved: int
    outcome: str
    note: str


# Whatever else the rules find, such as a mood far below the week's: Bob calls.
HARD_DAY = Episode(
    before=0,
    days=0,
    si=0,
    acknowledged=3,
    resolved=50,
    outcome="contacted-safe",
    note="Called in the evening: a hard day, nothing acute.",
)


@dataclass(frozen=True, slots=True)
class Person:
    """A patient. base: mood without treatment; response: how far one infusion lifts it; holds:
    for how many days it does; weekdays: of the infusions, 0 is Monday."""

    name: str
    weekdays: tuple[int, int]
    enters: int
    base: float
    response: float
    holds: int
    episodes: tuple[Episode, ...] = ()


PEOPLE = (
    Person("Alice", (0, 3), enters=0, base=2.6, response=4.4, holds=6),
    Person("Heidi", (1, 4), enters=1, base=3.2, response=3.6, holds=8),
    Person("Victor", (0, 3), enters=2, base=3.0, response=1.2, holds=5),
    Person(
        "Judy",
        (1, 4),
        enters=0,
        base=2.0,
        response=3.8,
        holds=5,
        episodes=(
            Episode(
                before=1,
                days=1,
                si=2,
                acknowledged=4,
                resolved=14 * 60,
                outcome="safety-plan-reviewed",
                note="Went through the safety plan by phone; first infusion goes ahead.",
            ),
            Episode(
                before=4,
                days=1,
                si=1,
                acknowledged=3,
                resolved=90,
                outcome="contacted-safe",
                note="Passing thoughts in the evening, no intent; her sister is with her.",
            ),
            # Nobody answered the first page: the second step was paged before Bob had it.
            Episode(
                before=7,
                days=2,
                si=3,
                acknowledged=8,
                resolved=46,
                outcome="contacted-safe",
                note="Spoke for half an hour; safe tonight, maintenance infusion confirmed.",
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Evening:
    """One check-in: when it was answered, when it came in, and what it says."""

    at: datetime
    arrives: datetime
    answers: Mapping[str, object]
    episode: Episode | None


@dataclass(frozen=True, slots=True)
class Diary:
    """What one person did in the six weeks. visits: the infusions, given ones and the next."""

    person: Person
    enters_at: datetime
    visits: tuple[datetime, ...]
    evenings: tuple[Evening, ...] = field(repr=False)


def diaries(last: date) -> list[Diary]:
    """Everyone's six weeks that end on that day: the same day gives the same weeks."""
    first = last - timedelta(days=DAYS - 1)
    return [_diary(person, first, last) for person in PEOPLE]


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment of the clinic's wall clock."""
    return datetime.combine(day, time(hour, minute), ZoneInfo(ZONE))


def _diary(person: Person, first: date, last: date) -> Diary:
    random = Random(f"{_SEED} {person.name}")
    days = list(_infusion_days(person, first + timedelta(days=person.enters + 1), last))
    episodes = {
        days[episode.before - 1] - timedelta(days=episode.days): episode
        for episode in person.episodes
    }
    evenings = []
    day = first + timedelta(days=person.enters)
    enters_at = at(day, 10, 10 * person.enters)
    while day <= last:
        evening = _evening(random, person, day, days, episodes.get(day))
        if evening is not None:
            evenings.append(evening)
        day += timedelta(days=1)
    visits = tuple(at(day, 10 + 2 * (person.weekdays[0] % 2), 30) for day in days)
    return Diary(person, enters_at, visits, tuple(evenings))


def _infusion_days(person: Person, start: date, last: date) -> Iterator[date]:
    """Six within three weeks, one to maintain what they gave, and those to come."""
    day, given, earliest = start, 0, start
    while given < INDUCTION or day <= last + MAINTENANCE_AFTER:
        if day.weekday() in person.weekdays and day >= earliest:
            given += 1
            yield day
            if given >= INDUCTION:
                earliest = day + MAINTENANCE_AFTER
        day += timedelta(days=1)


def _evening(
    random: Random, person: Person, day: date, infusions: list[date], episode: Episode | None
) -> Evening | None:
    had = [infusion for infusion in infusions if infusion <= day]
    since = (day - had[-1]).days if had else None
    # Later infusions of a course lift further; each fades once its days are over.
    lift = 0.0 if since is None else _lift(since, person.holds) * min(1.0, 0.45 + 0.11 * len(had))
    drawn = [random.gauss(0, 0.6) for _ in range(2)]
    dissociation = [_dissociation(random, since) for _ in _ITEMS]
    minutes = random.randrange(150)
    missed, offline = random.random() < _MISSED, random.random() < _OFFLINE
    if episode is not None:
        missed = offline = False
        lift *= 0.3
    if missed:
        return None
    mood = _clamped(person.base + person.response * lift + drawn[0], 10)
    answers: dict[str, object] = {
        "mood": mood,
        "anxiety": _clamped(8.0 - 0.75 * mood + drawn[1], 10),
        **{f"dissociation_{item}": value for item, value in zip(_ITEMS, dissociation, strict=True)},
        "si_gate": "no",
        "si_act": "no",
        "safe_now": "yes",
    }
    if episode is not None:
        answers |= {"si_gate": "yes", "si": episode.si}
        answers["safe_now"] = "unsure" if episode.si >= 3 else "yes"
    moment = at(day, 19) + timedelta(minutes=minutes)
    # Without a network the phone keeps the check-in and sends it in the morning.
    arrives = at(day + timedelta(days=1), 7, 40) if offline else moment + timedelta(seconds=20)
    return Evening(moment, arrives, answers, episode)


def _lift(days: int, holds: int) -> float:
    """The part of an infusion's lift that is felt that many days after it."""
    if days == 0:
        return 0.6
    if days <= holds - 2:
        return 1.0
    return max(0.15, 1.0 - 0.28 * (days - holds + 2))


def _dissociation(random: Random, since: int | None) -> int:
    if since == 0:
        return random.choice((1, 1, 2, 2, 3))
    return random.choice((0, 0, 0, 1)) if since == 1 else 0


def _clamped(value: float, top: int) -> int:
    return max(0, min(top, round(value)))
