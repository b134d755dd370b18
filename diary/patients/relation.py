"""Whose patient somebody is: the part of a permission that neither scope nor role can say.

Each function is a condition on a row of `patients` in the caller's clinic, and decided here alone:
`service.visible` and `service.require` are how everything under a patient asks.
"""

from sqlalchemy import ColumnElement, Table, exists, or_, true

from diary.access.permissions import Role
from diary.callers import CallerKind
from diary.clock import CLOCKS_DIFFER
from diary.columns import metadata
from diary.patients.model import break_glass, care_team, patients
from diary.work import Work


def may_read(work: Work) -> ColumnElement[bool]:
    """Whose record this caller may read.

    A patient reads its own. A clinician reads the patients whose care team has them, the one whose
    alert they hold, the one they broke the glass for, and the drill patient, who is nobody real.
    Care managers and programs read the clinic, as far as their scopes go; no other member of the
    clinic reads anyone.
    """
    return _or_for_a_clinician(work, _holds_the_alert(work), _broke_the_glass(work))


def may_change(work: Work) -> ColumnElement[bool]:
    """Whose record this caller may change: holding an alert and breaking the glass only read."""
    return _or_for_a_clinician(work)


def may_raise(work: Work) -> ColumnElement[bool]:
    """For whom this caller may raise an alert: a clinician for everybody of the clinic. Whoever
    finds out that somebody is in danger must be able to say so, with no glass to break first."""
    return _or_for_a_clinician(work, patients.c.id.is_not(None))


def _or_for_a_clinician(work: Work, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    caller = work.caller
    if caller.kind is CallerKind.DEVICE:
        return patients.c.id == caller.patient
    if caller.kind is not CallerKind.STAFF or caller.role == Role.CARE_MANAGER:
        return true()
    if caller.role == Role.CLINICIAN:
        return or_(patients.c.drill, _on_the_care_team(work), *more)
    # Never so. Not false(): a condition with that in it is nothing but false, its clinic gone.
    return patients.c.id.is_(None)


def _on_the_care_team(work: Work) -> ColumnElement[bool]:
    return _has_one_in(work, care_team, care_team.c.staff_id == work.caller.id)


def _holds_the_alert(work: Work) -> ColumnElement[bool]:
    alerts = _alerts()
    return _has_one_in(
        work, alerts, alerts.c.status == "acknowledged", alerts.c.acknowledged_by == work.caller.id
    )


def _broke_the_glass(work: Work) -> ColumnElement[bool]:
    return _has_one_in(
        work,
        break_glass,
        break_glass.c.staff_id == work.caller.id,
        break_glass.c.ended_at.is_(None),
        # A clock that was set back must not make it last longer.
        break_glass.c.begun_at <= work.now + CLOCKS_DIFFER,
        break_glass.c.until > work.now,
    )


def _has_one_in(work: Work, table: Table, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the patient has such a row there, whatever the query around it is about."""
    return (
        exists()
        .where(table.c.clinic_id == work.caller.clinic, table.c.patient_id == patients.c.id, *more)
        .correlate(patients)
    )


def _alerts() -> Table:
    # By its name, as a foreign key has it: the slice of alerts lies above this one.
    return metadata.tables["alerts"]
