"""The guidance that goes back to the patient in the same response, whatever delivery does."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from diary.crisis.contacts import contacts_for
from diary.crisis.coverage import coverage, texts
from diary.crisis.guidance import Guidance, PlanLink, guidance
from diary.crisis.hours import StaffedHours
from diary.oncall.rota import Rota
from diary.schedule.days import at, day_of
from diary.severity import Severity

_MORNING: Final = time(6)


def guide(
    clinic: Any,
    severity: Severity | None,
    *,
    locale: str,
    now: datetime,
    looking: bool = False,
) -> Guidance:
    """Guidance for an answer judged this grave. clinic: a row with name, country, phone,
    time_zone and staffed_hours; and rota_zone, shifts and overrides of the rota that tells the
    hours instead, where there is one; and safety_plan_version of the patient, if they have one; and
    what `no_driving_until` asks for.
    looking: for one who has answered nothing just now."""
    hours = None
    if clinic.shifts is not None:
        hours = orjson.dumps([clinic.rota_zone, clinic.shifts, clinic.overrides])
    elif clinic.staffed_hours:
        hours = orjson.dumps(clinic.staffed_hours)
    minute = now.replace(second=0, microsecond=0)
    zone = clinic.time_zone if clinic.shifts is None else None
    who = (clinic.name, clinic.phone, clinic.country, zone)
    found = _guide(who, hours, severity, locale, minute, looking)
    until = no_driving_until(clinic)
    if until is not None and now < until:
        sentence = texts()[found.locale]["no_driving"]
        found = replace(found, no_driving_until=until, text=f"{found.text} {sentence}")
    if clinic.safety_plan_version is None:
        return found
    return replace(found, safety_plan=PlanLink(clinic.safety_plan_version))


def no_driving_until(row: Any) -> datetime | None:
    """The morning after the last infusion, in the patient's zone; None before the first. row: with
    `patient_zone`, `infusion_started_at` and `infusion_ended_at`.

    Until the next day, after a restful sleep: as the label of esketamine (Spravato) has it.
    """
    last = row.infusion_ended_at or row.infusion_started_at
    if last is None:
        return None
    zone = ZoneInfo(row.patient_zone)
    return at(day_of(last, zone) + timedelta(days=1), _MORNING, zone)


@lru_cache(maxsize=1_024)
def _guide(
    who: tuple[str, str | None, str, str | None],
    hours: bytes | None,
    severity: Severity | None,
    locale: str,
    minute: datetime,
    looking: bool,
) -> Guidance:
    # Said to the minute, and the same for every patient of a clinic: worked out once.
    name, phone, country, zone = who
    staffed = spans = None
    if hours and zone is None:
        rota = Rota.of(*orjson.loads(hours))
        staffed, spans = rota.week(), rota.around(minute)
    elif hours and zone:
        staffed = StaffedHours.of(zone, orjson.loads(hours))
    emergency = contacts_for(country).emergency_numbers
    return guidance(
        severity,
        country=country,
        locale=locale,
        clinic_name=name,
        clinic_phone=phone,
        looking=looking,
        coverage=coverage(staffed, minute, locale, emergency, spans),
    )
