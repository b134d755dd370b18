"""The guidance that goes back to the patient in the same response, whatever delivery does."""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from diary.crisis.contacts import contacts_for
from diary.crisis.coverage import coverage
from diary.crisis.guidance import Guidance, PlanLink, guidance
from diary.crisis.hours import StaffedHours
from diary.oncall.rota import Rota
from diary.severity import Severity


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
    hours instead, where there is one; and safety_plan_version of the patient, if they have one.
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
    if clinic.safety_plan_version is None:
        return found
    return replace(found, safety_plan=PlanLink(clinic.safety_plan_version))


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
