"""What is asked when: the items of a plan. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import time, timedelta
from typing import Any, ClassVar, Final

from diary.instruments.measures import DAILY, WEEKLY
from diary.schedule.days import DAY_STARTS

# A visit with an infusion of 40 minutes takes about two hours (the labels of esketamine ask for at
# least two hours under observation). For an infusion whose end nobody has recorded.
VISIT: Final = timedelta(hours=2)
# For so long after an infusion's end the check-in asks what it left behind.
AFTER_EFFECTS: Final = timedelta(hours=48)
# No window is shorter, however late an infusion ended, and none is longer: `open_hours` end at 168.
SHORTEST: Final = timedelta(hours=1)
LONGEST: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which version of an instrument an item asks. id: tells the item's slots apart."""

    id: str
    instrument: str
    version: str


@dataclass(frozen=True, slots=True)
class Daily(Asked):
    """Every day between two times of day.

    after_infusion_hours: on the day of an infusion it opens so many hours after its end at the
    earliest. days: on those days after an infusion alone, the first and the last of them; 0 is the
    infusion's own.
    """

    kind: ClassVar = "daily"
    opens: time = DAY_STARTS
    closes: time = DAY_STARTS
    after_infusion_hours: int = 0
    days: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Weekly(Asked):
    """On one day of each calendar week. weekday: 1 is Monday, 7 Sunday."""

    kind: ClassVar = "weekly"
    weekday: int = 1
    opens: time = DAY_STARTS
    closes: time = DAY_STARTS


@dataclass(frozen=True, slots=True)
class AfterInfusion(Asked):
    """Once after each infusion. hours: from its end; open_hours: for how long."""

    kind: ClassVar = "after_infusion"
    hours: int = 24
    open_hours: int = 12


Item = Daily | Weekly | AfterInfusion
KINDS: Final[Mapping[str, type[Item]]] = {
    each.kind: each for each in (Daily, Weekly, AfterInfusion)
}


@dataclass(frozen=True, slots=True)
class Plan:
    """One version. version: 0 is what ships, in force until the clinic publishes its own.

    remind_at: when a patient is reminded of what is open, unless it opens later. chase_at: when
    again, where it still is. Times of day of the patient's zone; None: never.
    """

    version: int
    items: tuple[Item, ...]
    remind_at: time | None = time(10)
    chase_at: time | None = time(18)


# The evening of the infusion's day, the day after, and every day from then on; once a week what
# changes slowly.
SHIPPED: Final = Plan(
    0,
    (
        Daily("daily", DAILY, "1.0.0", after_infusion_hours=4),
        Weekly("weekly", WEEKLY, "1.0.0", weekday=7),
    ),
)


def document_of(plan: Plan) -> dict[str, Any]:
    """A plan as it is stored and shown; a time of day as HH:MM."""
    return {
        "items": [{"kind": each.kind} | _shown(each) for each in plan.items],
        "remind_at": _word(plan.remind_at),
        "chase_at": _word(plan.chase_at),
    }


def plan_of(version: int, document: Mapping[str, Any]) -> Plan:
    """A plan that was stored by `document_of`."""
    items = []
    for shown in document["items"]:
        kind = KINDS[shown["kind"]]
        names = [each.name for each in fields(kind) if each.name in shown]
        items.append(kind(**{name: _read(name, shown[name]) for name in names}))
    remind_at, chase_at = (_read(name, document[name]) for name in ("remind_at", "chase_at"))
    return Plan(version, tuple(items), remind_at, chase_at)


_TIMES: Final = frozenset({"opens", "closes", "remind_at", "chase_at"})


def _shown(item: Item) -> dict[str, Any]:
    return {each.name: _word(getattr(item, each.name)) for each in fields(item)}


def _word(value: Any) -> Any:
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return list(value) if isinstance(value, tuple) else value


def _read(name: str, value: Any) -> Any:
    if name in _TIMES and value is not None:
        return time.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value
