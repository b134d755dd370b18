"""Where a patient is cared for, and what the clinic says of itself."""

from typing import Any

from sqlalchemy import Row, and_, select

from diary.access.model import clinics
from diary.errors import NotFound
from diary.infusions.model import infusions
from diary.infusions.since import latest_before
from diary.oncall.model import rotas
from diary.patients.model import patients
from diary.safety.plans import newest_version
from diary.work import Work


def here(work: Work) -> Row[Any]:
    """Of the caller's own patient: zone and locale, the clinic, the rota whose hours patients are
    told if there is one, which version their safety plan is at, and when the last infusion was.
    Raises NotFound."""
    last = latest_before(patients.c.clinic_id, patients.c.id, work.now).scalar_subquery()
    row = work.row(
        select(
            patients.c.time_zone.label("zone"),
            patients.c.time_zone.label("patient_zone"),
            infusions.c.started_at.label("infusion_started_at"),
            infusions.c.ended_at.label("infusion_ended_at"),
            patients.c.locale,
            clinics.c.name,
            clinics.c.country,
            clinics.c.phone,
            clinics.c.time_zone,
            clinics.c.staffed_hours,
            rotas.c.time_zone.label("rota_zone"),
            rotas.c.shifts,
            rotas.c.overrides,
            newest_version(patients.c.clinic_id, patients.c.id).label("safety_plan_version"),
        )
        .join(clinics, clinics.c.id == patients.c.clinic_id)
        .outerjoin(
            infusions, and_(infusions.c.clinic_id == patients.c.clinic_id, infusions.c.id == last)
        )
        .outerjoin(rotas, and_(rotas.c.clinic_id == clinics.c.id, rotas.c.told_to_patients))
        .where(patients.c.clinic_id == work.caller.clinic, patients.c.id == work.caller.patient)
    )
    if row is None:
        raise NotFound
    return row
