"""The way home: somebody who comes along, and how they travel.

Arranged before the visit, for nobody drives after an infusion.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, and_, or_, select, update

from diary.agenda import Agenda
from diary.errors import NotFound
from diary.infusions.model import infusions
from diary.infusions.reading import get, in_state, lock
from diary.infusions.service import WARN_BEFORE
from diary.patients.model import ERASED, patients
from diary.patients.service import whose_record_is_read
from diary.patients.states import State
from diary.work import Work

AGENDA: Final = Agenda(infusions.c.escort_due_at, infusions.c.id)
"""Infusions of which the care team is to be told that the way home is not arranged."""

AHEAD: Final = timedelta(days=7)


def arrange(
    work: Work, patient_id: UUID, infusion_id: UUID, *, escort: bool, transport: bool
) -> Row[Any]:
    """Say what of the way home after a planned infusion is arranged.

    escort: somebody comes along. transport: how they travel is settled. Again changes nothing; what
    is taken back is told of again. Raises NotFound, OnlyReading, InfusionNotReady.
    """
    lock(work, patient_id)
    infusion = in_state(work, patient_id, infusion_id, "planned")
    wanted = {"escort": escort, "transport": transport}
    before = missing_of(infusion)
    values: dict[str, Any] = {
        f"{part}_arranged_at": work.now if arranged else None
        for part, arranged in wanted.items()
        if arranged == (part in before)
    }
    if values:
        if all(wanted.values()):
            values["escort_due_at"] = None
        elif None in values.values():
            values["escort_due_at"] = infusion.planned_at - WARN_BEFORE
        work.execute(
            update(infusions)
            .where(infusions.c.clinic_id == work.caller.clinic, infusions.c.id == infusion_id)
            .values(**values)
        )
        work.audit("infusion.escort", "infusion", infusion_id, escort=escort, transport=transport)
        work.wake_engine()
    return get(work, patient_id, infusion_id)


def missing_of(infusion: Row[Any]) -> list[str]:
    """What of an infusion's way home is not arranged: `escort`, `transport`."""
    return [
        part for part in ("escort", "transport") if getattr(infusion, f"{part}_arranged_at") is None
    ]


def missing(work: Work) -> Select[Any]:
    """The infusions of the next week whose way home is not arranged, of every patient whose record
    the caller reads."""
    return whose_record_is_read(work, infusions).where(
        infusions.c.state == "planned",
        or_(
            infusions.c.escort_arranged_at.is_(None),
            infusions.c.transport_arranged_at.is_(None),
        ),
        infusions.c.planned_at > work.now - WARN_BEFORE,
        infusions.c.planned_at <= work.now + AHEAD,
        patients.c.state != State.DECEASED,
    )


def take(work: Work, infusion_id: UUID) -> Row[Any] | None:
    """An infusion of the caller's clinic that is due, which it is no more; None where it is not,
    its moment has passed, or somebody else has it in hand."""
    here = and_(
        infusions.c.clinic_id == work.caller.clinic,
        infusions.c.id == infusion_id,
        infusions.c.escort_due_at <= work.now,
    )
    row = work.row(select(infusions).where(here).with_for_update(skip_locked=True))
    if row is None:
        return None
    work.execute(update(infusions).where(here).values(escort_due_at=None))
    # One that is entered afterwards, or an engine that was down: nobody can arrange it any more.
    return row if row.planned_at > work.now else None


def owner(work: Work, row: Row[Any]) -> Row[Any]:
    """The patient of an infusion; raises NotFound for one who was erased, or has died."""
    patient = work.row(
        select(patients.c.id, patients.c.reference).where(
            patients.c.clinic_id == row.clinic_id,
            patients.c.id == row.patient_id,
            patients.c.state.not_in((ERASED, State.DECEASED)),
        )
    )
    if patient is None:
        raise NotFound
    return patient
