"""Which plan a clinic's patients are asked by: the last one published, or the one that ships."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select, update

from diary.errors import FieldFault, Invalid, NotFound
from diary.instruments.errors import AskedTooOften, LicenceNotAttested
from diary.instruments.service import schedulable
from diary.patients.model import patients
from diary.patients.states import State
from diary.schedule.checking import faults_of, hours_between
from diary.schedule.model import schedule_plans
from diary.schedule.plan import SHIPPED, Plan, document_of, plan_of
from diary.work import Work

SHIPS: Final = "ships with the product"


@dataclass(frozen=True, slots=True)
class Published:
    """One version as it is shown. Version 0 ships with the product."""

    version: int
    document: Mapping[str, Any]
    reason: str
    published_at: datetime | None
    published_by: UUID | None


def publish(work: Work, plan: Plan, *, reason: str) -> Published:
    """Put a plan in force as the clinic's next version; all that is ahead of its patients follows.

    plan: of any version. Raises Invalid with a fault for each item that cannot be asked so.
    """
    faults = [*faults_of(plan), *_unaskable(work, plan)]
    if faults:
        raise Invalid(errors=faults)
    clinic = work.caller.clinic
    last = work.row(
        select(func.max(schedule_plans.c.version).label("version")).where(
            schedule_plans.c.clinic_id == clinic
        )
    )
    version = ((last and last.version) or SHIPPED.version) + 1
    made = Published(version, document_of(plan), reason, work.now, work.caller.id)
    plan_id = work.new_id()
    work.add(
        schedule_plans,
        clinic_id=clinic,
        id=plan_id,
        version=version,
        document=made.document,
        reason=reason,
        published_at=work.now,
        published_by=work.caller.id,
    )
    work.execute(
        update(patients)
        .where(patients.c.clinic_id == clinic, patients.c.state == State.ACTIVE)
        .values(schedule_due_at=work.now)
    )
    work.audit("schedule-plan.published", "schedule_plan", plan_id, version=version)
    work.wake_engine()
    return made


def get(work: Work, version: int | None = None) -> Published:
    """A version of the caller's clinic, the one in force by default; raises NotFound."""
    query = visible(work).order_by(schedule_plans.c.version.desc()).limit(1)
    if version is not None:
        query = query.where(schedule_plans.c.version == version)
    row = None if version == SHIPPED.version else work.row(query)
    if row is not None:
        return Published(row.version, row.document, row.reason, row.published_at, row.published_by)
    if version in (None, SHIPPED.version):
        return Published(SHIPPED.version, document_of(SHIPPED), SHIPS, None, None)
    raise NotFound


def in_force(work: Work) -> Plan:
    """What the patients of the caller's clinic are asked by now."""
    found = get(work)
    return SHIPPED if found.version == SHIPPED.version else plan_of(found.version, found.document)


def visible(work: Work) -> Select[Any]:
    """The versions that the caller's clinic published."""
    return select(schedule_plans).where(schedule_plans.c.clinic_id == work.caller.clinic)


def _unaskable(work: Work, plan: Plan) -> list[FieldFault]:
    """Where the clinic has no such instrument, no licence, or it wants to be asked less often."""
    faults = []
    for number, item in enumerate(plan.items):
        hours = hours_between(plan, item)
        try:
            schedulable(work, item.instrument, item.version, hours_between=hours)
        except Invalid as refused:
            faults += [
                FieldFault(f"/items/{number}{each.pointer}", each.code, each.detail)
                for each in refused.errors
            ]
        except (LicenceNotAttested, AskedTooOften) as refused:
            detail = refused.detail or refused.title
            code = refused.code.replace("-", "_")
            faults.append(FieldFault(f"/items/{number}/instrument", code, detail))
    return faults
