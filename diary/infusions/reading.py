"""Infusions as they are read, and a patient's treatment held against being changed meanwhile."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, select

from diary.errors import Conflict, NotFound
from diary.infusions import doubts
from diary.infusions.model import infusion_moves, infusions
from diary.patients.model import patients
from diary.patients.service import require, whose_record_is_read
from diary.patients.states import State
from diary.work import Work


class InfusionNotReady(Conflict):
    """The infusion is not in the state that this step starts from."""

    code = "infusion-state"
    title = "The infusion is not in the right state for this"


def lock(work: Work, patient_id: UUID) -> ZoneInfo:
    """Hold the patient's treatment against being changed by anybody else meanwhile; their zone.

    A check-in goes on beside it. Raises NotFound, OnlyReading.
    """
    held = work.row(
        select(patients.c.time_zone)
        .where(patients.c.clinic_id == work.caller.clinic, patients.c.id == patient_id)
        .with_for_update(key_share=True)
    )
    require(work, patient_id, change=True)
    assert held is not None
    return ZoneInfo(held.time_zone)


def get(work: Work, patient_id: UUID, infusion_id: UUID) -> Row[Any]:
    """One infusion of a patient the caller can see; raises NotFound."""
    require(work, patient_id)
    row = work.row(select(infusions).where(of(work, patient_id), infusions.c.id == infusion_id))
    if row is None:
        raise NotFound
    return row


def in_state(work: Work, patient_id: UUID, infusion_id: UUID, state: str) -> Row[Any]:
    """One infusion, if it is in that state; raises NotFound, InfusionNotReady."""
    infusion = get(work, patient_id, infusion_id)
    if infusion.state != state:
        raise InfusionNotReady(f"it is {infusion.state}; this needs one that is {state}")
    return infusion


def moves(work: Work, infusion_id: UUID) -> list[Row[Any]]:
    """How often an infusion that the caller has found was moved, the first time comes first."""
    return list(
        work.rows(
            select(infusion_moves)
            .where(
                infusion_moves.c.clinic_id == work.caller.clinic,
                infusion_moves.c.infusion_id == infusion_id,
            )
            .order_by(infusion_moves.c.id)
        )
    )


def of_patient(work: Work, patient_id: UUID) -> Select[Any]:
    """The infusions of a patient the caller can see."""
    require(work, patient_id)
    return select(infusions).where(of(work, patient_id))


def ahead(work: Work, patient_id: UUID) -> Select[Any]:
    """The infusions that are planned for a patient, without those whose day has passed."""
    return of_patient(work, patient_id).where(
        infusions.c.state == "planned", infusions.c.planned_at > work.now - doubts.APART
    )


def unrecorded(work: Work) -> Select[Any]:
    """The infusions whose planned moment passed 12 hours ago or more and of which nothing was
    recorded since, of every patient whose record the caller reads, but for those who died."""
    return whose_record_is_read(work, infusions).where(
        infusions.c.state == "planned",
        infusions.c.planned_at <= work.now - doubts.APART,
        patients.c.state != State.DECEASED,
    )


def of(work: Work, patient_id: UUID) -> ColumnElement[bool]:
    """The infusions of a patient whom the caller has found."""
    return (infusions.c.clinic_id == work.caller.clinic) & (infusions.c.patient_id == patient_id)
