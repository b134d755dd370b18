"""Clinics: the tenants. Everything else belongs to exactly one."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from diary import datakeys
from diary.access.model import clinics
from diary.errors import NotFound
from diary.work import Work


def create(
    work: Work,
    *,
    name: str,
    country: str,
    time_zone: str,
    locale: str = "en",
    phone: str | None = None,
    staffed_hours: list[dict[str, Any]] | None = None,
) -> UUID:
    """Found a clinic. country: ISO 3166 alpha-2; time_zone: IANA; phone: E.164."""
    clinic_id = work.new_id()
    work.add(
        clinics,
        id=clinic_id,
        name=name,
        country=country,
        time_zone=time_zone,
        locale=locale,
        phone=phone,
        staffed_hours=staffed_hours,
        created_at=work.now,
    )
    datakeys.for_clinic(work, clinic_id)
    work.audit("clinic.created", "clinic", clinic_id, clinic=clinic_id)
    return clinic_id


def get(work: Work) -> Row[Any]:
    """The caller's own clinic."""
    row = work.row(select(clinics).where(clinics.c.id == work.caller.clinic))
    if row is None:
        raise NotFound
    return row


def change(work: Work, **values: Any) -> Row[Any]:
    """Change what patients are shown (name, phone, country, time zone, locale, staffed hours), or
    how long records are kept."""
    work.execute(update(clinics).where(clinics.c.id == work.caller.clinic).values(**values))
    work.audit("clinic.changed", "clinic", work.caller.clinic, fields=sorted(values))
    return get(work)
