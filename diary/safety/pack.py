"""The crisis pack of one patient: the country's words, their clinic and their own safety plan."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Row

from diary.crisis.coverage import text_locale, texts, usual_hours
from diary.crisis.guidance import CrisisPack, crisis_pack
from diary.crisis.hours import StaffedHours
from diary.oncall.rota import Rota
from diary.safety.here import here
from diary.safety.plans import Plan, find
from diary.safety.steps import Step, headings
from diary.work import Work


@dataclass(frozen=True, slots=True)
class OwnPack:
    """For a phone without a network. version: changes whenever any word does. hours: of an ordinary
    week, for nobody knows when it is read. plan: None where nobody has written one. seen: that the
    care team can see later that it was opened."""

    version: str
    country: CrisisPack
    clinic_name: str
    clinic_phone: str | None
    hours: str
    plan: Plan | None
    headings: Mapping[Step, str]
    seen: str


def own_pack(work: Work) -> OwnPack:
    """The pack of the caller's own patient."""
    at = here(work)
    country = crisis_pack(at.country, at.locale)
    hours = usual_hours(_told(at), at.locale)
    plan = find(work, work.caller.patient)
    above = headings(at.locale)
    seen: str = texts()[text_locale(at.locale)]["seen"]
    words = {
        "country": country.version,
        "clinic": [at.name, at.phone, hours],
        "plan": plan and asdict(plan),
        "headings": above,
        "seen": seen,
    }
    written = orjson.dumps(words, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return OwnPack(
        version=sha256(written).hexdigest()[:16],
        country=country,
        clinic_name=at.name,
        clinic_phone=at.phone,
        hours=hours,
        plan=plan,
        headings=above,
        seen=seen,
    )


def _told(at: Row[Any]) -> StaffedHours | None:
    if at.shifts is not None:
        return Rota.of(at.rota_zone, at.shifts, at.overrides).week()
    return StaffedHours.of(at.time_zone, at.staffed_hours) if at.staffed_hours else None
