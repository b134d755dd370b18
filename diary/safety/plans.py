"""A patient's safety plan: written by the care team with them, and by them; no version is lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, func, select

from diary.callers import CallerKind
from diary.errors import NotFound
from diary.patients.model import ERASED, patients
from diary.patients.service import require
from diary.safety.model import safety_plans
from diary.safety.steps import Entry, Step, headings, read, require_some
from diary.versions import Expected
from diary.work import Work

STEPS_PLACE: Final = "safety_plans.steps"
_WRITERS: Final[Mapping[str, str]] = {
    CallerKind.DEVICE: "patient",
    CallerKind.CLIENT: "care-team-system",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of a plan, opened. written_by: `patient`, `care-team` or `care-team-system`;
    written_by_id: the phone, the member or the program.
    headings: what stands above each step, in the patient's language."""

    id: UUID
    patient_id: UUID
    version: int
    steps: Mapping[Step, tuple[Entry, ...]]
    headings: Mapping[Step, str]
    written_at: datetime
    written_by: str
    written_by_id: UUID


def get(work: Work, patient_id: UUID) -> Plan:
    """The plan; raises NotFound for whom this caller cannot see, and where there is none."""
    plan = find(work, patient_id)
    if plan is None:
        raise NotFound
    return plan


def find(work: Work, patient_id: UUID) -> Plan | None:
    """The plan, or None where nobody has written one. Raises NotFound as `get`."""
    row = work.row(versions(work, patient_id).order_by(safety_plans.c.version.desc()).limit(1))
    return None if row is None else opened(work, row)


def versions(work: Work, patient_id: UUID) -> Select[Any]:
    """Every version, for a patient whom the caller can see; raises NotFound."""
    require(work, patient_id)
    return _versions(work, patient_id)


def newest_version(clinic_id: ColumnElement[UUID], patient_id: ColumnElement[UUID]) -> Any:
    """Which version the plan is at, NULL without one; for use inside a query on patients."""
    newest: ScalarSelect[Any] = (
        select(func.max(safety_plans.c.version))
        .where(safety_plans.c.clinic_id == clinic_id, safety_plans.c.patient_id == patient_id)
        .correlate(patients)
        .scalar_subquery()
    )
    return newest


def write(
    work: Work, patient_id: UUID, steps: Mapping[str, Any], expected: Expected | None = None
) -> Plan:
    """Write the next version. A step that is not named stays as it is: what an app does not know,
    or leaves out by a fault, is not lost to whoever needs it in a crisis.

    steps: as JSON; lists of `text` and `phone`. Raises NotFound, OnlyReading, Changed,
    VersionNeeded, and Invalid for a plan without an entry.
    """
    require(work, patient_id, change=True)
    clinic = work.caller.clinic
    # One after the other, the first version too: there is no row yet that could be locked.
    work.row(
        select(patients.c.id)
        .where(
            patients.c.clinic_id == clinic, patients.c.id == patient_id, patients.c.state != ERASED
        )
        .with_for_update(key_share=True)
    )
    before = find(work, patient_id)
    if expected is not None:
        expected.check(None if before is None else before.version)
    nothing: dict[Step, tuple[Entry, ...]] = dict.fromkeys(Step, ())
    written = nothing | dict(before.steps if before is not None else {}) | read(steps)
    require_some(written)
    plan_id = work.new_id()
    version = 1 if before is None else before.version + 1
    work.add(
        safety_plans,
        clinic_id=clinic,
        id=plan_id,
        patient_id=patient_id,
        version=version,
        steps=work.vault.seal(
            orjson.dumps({step.value: entries for step, entries in written.items()}).decode(),
            place=STEPS_PLACE,
            clinic=clinic,
            row=plan_id,
            patient=patient_id,
        ),
        written_at=work.now,
        written_by_kind=work.caller.kind,
        written_by=work.caller.id,
    )
    work.audit("safety-plan.written", "patient", patient_id, version=version)
    return get(work, patient_id)


def opened(work: Work, row: Row[Any]) -> Plan:
    """A version with its seal opened."""
    steps = work.vault.open(
        row.steps,
        place=STEPS_PLACE,
        clinic=row.clinic_id,
        row=row.id,
        patient=row.patient_id,
    )
    return Plan(
        id=row.id,
        patient_id=row.patient_id,
        version=row.version,
        steps=read(orjson.loads(steps)),
        headings=headings(row.locale),
        written_at=row.written_at,
        written_by=_WRITERS.get(CallerKind(row.written_by_kind), "care-team"),
        written_by_id=row.written_by,
    )


def _versions(work: Work, patient_id: UUID) -> Select[Any]:
    return (
        select(safety_plans, patients.c.locale)
        .join(
            patients,
            (patients.c.clinic_id == safety_plans.c.clinic_id)
            & (patients.c.id == safety_plans.c.patient_id),
        )
        .where(
            safety_plans.c.clinic_id == work.caller.clinic,
            safety_plans.c.patient_id == patient_id,
        )
    )
