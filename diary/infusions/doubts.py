"""What is possible and unusual: it is taken once the caller says that it is meant so.

A slip of the hand (0.5 and 5, the 12th and the 21st) is caught here; what cannot be at all is
refused elsewhere. Figures are where a published use of ketamine for depression ends, and no advice.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from diary.errors import Conflict, FieldFault, Invalid

# mg/kg. iv: 0.1 to 1.0 (Fava et al., Mol Psychiatry 2020;25:1592; 0.5 over 40 minutes: Sanacora et
# al., JAMA Psychiatry 2017;74:399). im, sc: 0.1 to 0.5 (Loo et al., Acta Psychiatr Scand
# 2016;134:48), sc up to 0.9 (Loo et al., Br J Psychiatry 2023;223:533). nasal: 50 mg (Lapidus et
# al., Biol Psychiatry 2014;76:970). oral: 1.0 (Domany et al., Br J Psychiatry 2019;214:20), twice
# of that for what is lost on the way.
USUAL_DOSES: Final[Mapping[str, tuple[float, float]]] = {
    "iv": (0.1, 1.0),
    "im": (0.1, 1.0),
    "sc": (0.1, 1.0),
    "nasal": (0.2, 1.5),
    "oral": (0.5, 2.0),
}
# iv: around the 40 minutes of those trials; whatever is given at once is as long as it is watched.
# Design values.
USUAL_MINUTES: Final[Mapping[str, tuple[int, int]]] = {
    "iv": (20, 120),
    "im": (0, 120),
    "sc": (0, 120),
    "nasal": (0, 120),
    "oral": (0, 120),
}
# An infusion is a visit of some two hours, and none is given twice a day: a design value.
APART: Final = timedelta(hours=12)
_FAR: Final = timedelta(days=366)
# A clock that runs ahead of ours by no more than this is no future.
AHEAD: Final = timedelta(minutes=5)


class NeedsConfirmation(Conflict):
    """What was sent is possible and unusual. Nothing was changed.

    The fields are in `errors`; the same request with their names in `confirm` is taken.
    """

    code = "needs-confirmation"
    title = "This is unusual: correct it, or confirm the fields that are named"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A field, and what is unusual about its value: a code and a sentence without the value."""

    field: str
    code: str
    detail: str


def settle(doubts: Iterable[Doubt], confirmed: Collection[str]) -> list[dict[str, str]]:
    """Raises NeedsConfirmation for what is not among the confirmed fields.

    Returns what was confirmed, for the audit trail.
    """
    found = list(doubts)
    left = [each for each in found if each.field not in confirmed]
    if left:
        raise NeedsConfirmation(
            errors=[FieldFault(f"/{each.field}", each.code, each.detail) for each in left]
        )
    return [{"field": each.field, "code": each.code} for each in found]


def not_ahead(field: str, moment: datetime, now: datetime) -> None:
    """Raises Invalid for what cannot have happened yet."""
    if moment > now + AHEAD:
        fault = FieldFault(f"/{field}", "in_future", "this has not happened yet")
        raise Invalid(errors=[fault])


def of_dose(route: str, dose_mg_per_kg: float | None) -> list[Doubt]:
    """A dose outside of what is usual for its route."""
    least, most = USUAL_DOSES[route]
    if dose_mg_per_kg is None or least <= dose_mg_per_kg <= most:
        return []
    detail = f"{least:g} to {most:g} mg/kg is usual for this route"
    return [Doubt("dose_mg_per_kg", "unusual", detail)]


def of_length(field: str, route: str, minutes: float | None) -> list[Doubt]:
    """One that is planned, or was recorded, shorter or longer than is usual for its route."""
    least, most = USUAL_MINUTES[route]
    if minutes is None or least <= minutes <= most:
        return []
    return [Doubt(field, "unusual", f"{least} to {most} minutes are usual for this route")]


def of_plan(
    planned_at: datetime, others: Sequence[Any], *, zone: ZoneInfo, now: datetime
) -> list[Doubt]:
    """others: the patient's other infusions; zone: the patient's."""
    doubts = []
    there = [each for each in others if each.state != "cancelled"]
    if any(_is_close(planned_at, each, zone) for each in there):
        doubts.append(_too_close("planned_at"))
    if any(each.started_at is not None and each.started_at > planned_at for each in there):
        detail = "an infusion that was given lies after this moment"
        doubts.append(Doubt("planned_at", "out_of_order", detail))
    if planned_at < now - APART:
        doubts.append(Doubt("planned_at", "past", "more than 12 hours ago"))
    if planned_at > now + _FAR:
        doubts.append(Doubt("planned_at", "far_ahead", "more than a year ahead"))
    return doubts


def of_start(
    infusion: Any, started_at: datetime, others: Sequence[Any], *, zone: ZoneInfo
) -> list[Doubt]:
    """infusion: the planned one that began; others: the patient's other ones."""
    doubts = []
    given = [each for each in others if each.started_at is not None]
    if any(each.state == "started" for each in given):
        detail = "another infusion began, and no end of it is recorded"
        doubts.append(Doubt("started_at", "another_runs", detail))
    if any(_is_close(started_at, each, zone) for each in given):
        doubts.append(_too_close("started_at"))
    if any(each.started_at > started_at for each in given) or any(
        each.state == "planned" and each.planned_at < infusion.planned_at for each in others
    ):
        detail = "another infusion began later, or was planned before this one and is not over"
        doubts.append(Doubt("started_at", "out_of_order", detail))
    if _day(started_at, zone) != _day(infusion.planned_at, zone):
        detail = "it was planned for another day; move it first, or confirm"
        doubts.append(Doubt("started_at", "another_day", detail))
    if infusion.course_id is None:
        detail = "the infusion is of no course of treatment; open one, or confirm"
        doubts.append(Doubt("course", "without", detail))
    return doubts


def of_end(infusion: Any, ended_at: datetime, others: Sequence[Any]) -> list[Doubt]:
    """infusion: the one that ended; others: the patient's other ones."""
    minutes = (ended_at - infusion.started_at) / timedelta(minutes=1)
    doubts = of_length("ended_at", infusion.route, minutes)
    if any(
        each.started_at is not None and infusion.started_at <= each.started_at < ended_at
        for each in others
    ):
        detail = "another infusion began before this end"
        doubts.append(Doubt("ended_at", "overlaps", detail))
    return doubts


def _too_close(field: str) -> Doubt:
    detail = "another infusion lies on the same day, or within 12 hours"
    return Doubt(field, "too_close", detail)


def _is_close(moment: datetime, other: Any, zone: ZoneInfo) -> bool:
    theirs = other.started_at or other.planned_at
    return abs(moment - theirs) < APART or _day(moment, zone) == _day(theirs, zone)


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
