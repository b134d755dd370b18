"""After a restore from a backup: whoever was erased since is there again, and is erased again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from diary.alerts.apply import locked, subject_of
from diary.alerts.carry import carry_out as carry_out_decision
from diary.alerts.carry import state_of
from diary.alerts.reading import open_alert
from diary.callers import OPERATOR
from diary.erasure.ledger import Erasure
from diary.erasure.service import carry_out, held
from diary.patients.model import ERASED, patients
from diary.work import House, Work


@dataclass(slots=True)
class Again:
    """How many were erased again, and were not in the database or erased in it; which failed."""

    erased: int = 0
    absent: int = 0
    failed: list[tuple[Erasure, Exception]] = field(default_factory=list)


def erase_again(house: House, erasures: Iterable[Erasure]) -> Again:
    """Erase these patients where they are back, each in a transaction of its own."""
    found = Again()
    for erasure in _one_each(erasures):
        try:
            with house.work(OPERATOR.within(erasure.clinic_id)) as work:
                is_back = _erase_one(work, erasure)
        except Exception as error:
            # Whatever it is, the others must be erased all the same.
            found.failed.append((erasure, error))
        else:
            found.erased += is_back
            found.absent += not is_back
    return found


def back(work: Work, erasures: Iterable[Erasure]) -> int:
    """How many of these patients the database holds although they were erased."""
    return sum(_is_back(work, each) for each in _one_each(erasures))


def _erase_one(work: Work, erasure: Erasure) -> bool:
    patient = held(work, erasure.clinic_id, erasure.patient_id)
    if patient is None or patient.state == ERASED:
        return False
    alert_id = open_alert(work, erasure.clinic_id, erasure.patient_id)
    if alert_id is not None:
        _tell_whoever_opens(work, alert_id, erasure)
    carry_out(work, patient, reason="restored")
    return True


def _tell_whoever_opens(work: Work, alert_id: UUID, erasure: Erasure) -> None:
    """The alert was answered before the patient was erased, but that was lost with the backup.

    It is paged and stays open until a person closes it, as any other: its history says why nobody
    can be named any more.
    """
    row = locked(work, erasure.clinic_id, alert_id)
    carry_out_decision(
        work,
        subject_of(row),
        (state_of(row), ()),
        kind="patient-erased",
        detail={"erased_at": erasure.at.isoformat()},
    )


def _is_back(work: Work, erasure: Erasure) -> bool:
    row = work.row(
        select(patients.c.state).where(
            patients.c.clinic_id == erasure.clinic_id, patients.c.id == erasure.patient_id
        )
    )
    return row is not None and row.state != ERASED


def _one_each(erasures: Iterable[Erasure]) -> Iterator[Erasure]:
    yield from {(each.clinic_id, each.patient_id): each for each in erasures}.values()
