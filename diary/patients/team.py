"""The care team of a patient: the clinicians who see and change the record.

Care managers see every patient of the clinic and stand on no team. The last one may be taken off:
then they alone see the patient, and an alert of theirs is the whole clinic's as ever.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from diary.access import staff
from diary.access.permissions import Role
from diary.callers import CallerKind
from diary.errors import NotFound
from diary.patients.model import care_team
from diary.work import Work


@dataclass(frozen=True, slots=True)
class TeamMember:
    """A clinician on a care team, the name opened. added_by: a member, a program, or nobody."""

    id: UUID
    name: str
    since: datetime
    added_by: UUID | None


@dataclass(frozen=True, slots=True)
class CareTeam:
    """Who is on it, in the order they joined."""

    members: list[TeamMember]


def begin(work: Work, patient_id: UUID) -> None:
    """Put the clinician on the team who enters the patient; whoever else does is on none."""
    caller = work.caller
    if caller.kind is CallerKind.STAFF and caller.role == Role.CLINICIAN:
        assert caller.id is not None
        work.add(care_team, **_row(work, patient_id, caller.id))


def of_patient(work: Work, patient_id: UUID) -> CareTeam:
    """The team of a patient that the caller can see."""
    rows = work.rows(
        select(care_team)
        .where(care_team.c.clinic_id == work.caller.clinic, care_team.c.patient_id == patient_id)
        .order_by(care_team.c.since, care_team.c.staff_id)
    )
    names = staff.names(work, {row.staff_id for row in rows})
    return CareTeam(
        [TeamMember(row.staff_id, names[row.staff_id], row.since, row.added_by) for row in rows]
    )


def add(work: Work, patient_id: UUID, staff_id: UUID) -> None:
    """Put a clinician on the team; who is on it stays. The patient is one the caller may change.

    Raises NotFound for whoever is no active clinician of this clinic.
    """
    staff.require_clinician(work, staff_id)
    if staff_id in {member.id for member in of_patient(work, patient_id).members}:
        return
    work.add_unless_there(care_team, **_row(work, patient_id, staff_id))
    work.audit("care-team.joined", "patient", patient_id, member=str(staff_id))


def remove(work: Work, patient_id: UUID, staff_id: UUID) -> None:
    """Take a member off the team; raises NotFound for whoever is not on it."""
    gone = work.execute(
        delete(care_team).where(
            care_team.c.clinic_id == work.caller.clinic,
            care_team.c.patient_id == patient_id,
            care_team.c.staff_id == staff_id,
        )
    )
    if not gone.rowcount:
        raise NotFound
    work.audit("care-team.left", "patient", patient_id, member=str(staff_id))


def _row(work: Work, patient_id: UUID, staff_id: UUID) -> dict[str, object]:
    return {
        "clinic_id": work.caller.clinic,
        "patient_id": patient_id,
        "staff_id": staff_id,
        "since": work.now,
        "added_by": work.caller.id,
    }
