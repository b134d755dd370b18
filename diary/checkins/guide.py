"""The guidance that goes back to the patient in the same response, whatever delivery does."""

from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from diary.crisis.contacts import contacts_for
from diary.crisis.coverage import StaffedHours, coverage
from diary.crisis.guidance import Guidance, guidance
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
    time_zone and staffed_hours. looking: for one who has answered nothing just now."""
    hours = orjson.dumps(clinic.staffed_hours) if clinic.staffed_hours else None
    minute = now.replace(second=0, microsecond=0)
    who = (clinic.name, clinic.phone, clinic.country, clinic.time_zone)
    return _guide(who, hours, severity, locale, minute, looking)


@lru_cache(maxsize=1_024)
def _guide(
    who: tuple[str, str | None, str, str],
    hours: bytes | None,
    severity: Severity | None,
    locale: str,
    minute: datetime,
    looking: bool,
) -> Guidance:
    # Said to the minute, and the same for every patient of a clinic: worked out once.
    name, phone, country, zone = who
    staffed = StaffedHours.of(zone, orjson.loads(hours)) if hours else None
    return guidance(
        severity,
        country=country,
        locale=locale,
        clinic_name=name,
        clinic_phone=phone,
        looking=looking,
        coverage=coverage(staffed, minute, locale, contacts_for(country).emergency_numbers),
    )
