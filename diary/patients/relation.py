"""Whose patient somebody is: the part of a permission that neither scope nor role can say.

Each function is a condition on a row of `patients` in the caller's clinic, and decided here alone:
`service.visible` and `service.require` are how everything under a patient asks.
"""

from sqlalchemy import ColumnElement, column, exists, false, or_, table, true

from diary.access.permissions import Role
from diary.callers import CallerKind
from diary.clock import CLOCKS_DIFFER
from diary.columns import Id
from diary.patients.model import break_glass, care_team, patients
from diary.work import Work

# Named as a foreign key names its table: the slice of alerts lies above this one.
_alerts = table(
    "alerts",
    column("clinic_id", Id),
    column("patient_id", Id),
    column("status"),
    column("acknowledged_by", Id),
)


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
    """For whom this caller may raise an alert: whose record they read, and whose open alert they
    see. Whoever finds out that it is worse must be able to say so."""
    return _or_for_a_clinician(
        work, _holds_the_alert(work), _broke_the_glass(work), _has_an_open_alert(work)
    )


def _or_for_a_clinician(work: Work, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    caller = work.caller
    if caller.kind is CallerKind.DEVICE:
        return patients.c.id == caller.patient
    if caller.kind is not CallerKind.STAFF or caller.role == Role.CARE_MANAGER:
        return true()
    if caller.role == Role.CLINICIAN:
        return or_(patients.c.drill, _on_the_care_team(work), *more)
    return false()


def _on_the_care_team(work: Work) -> ColumnElement[bool]:
    return exists().where(
        care_team.c.clinic_id == work.caller.clinic,
        care_team.c.patient_id == patients.c.id,
        care_team.c.staff_id == work.caller.id,
    )


def _holds_the_alert(work: Work) -> ColumnElement[bool]:
    return exists().where(
        _alerts.c.clinic_id == work.caller.clinic,
        _alerts.c.patient_id == patients.c.id,
        _alerts.c.status == "acknowledged",
        _alerts.c.acknowledged_by == work.caller.id,
    )


def _has_an_open_alert(work: Work) -> ColumnElement[bool]:
    return exists().where(
        _alerts.c.clinic_id == work.caller.clinic,
        _alerts.c.patient_id == patients.c.id,
        _alerts.c.status != "resolved",
    )


def _broke_the_glass(work: Work) -> ColumnElement[bool]:
    return exists().where(
        break_glass.c.clinic_id == work.caller.clinic,
        break_glass.c.patient_id == patients.c.id,
        break_glass.c.staff_id == work.caller.id,
        break_glass.c.ended_at.is_(None),
        # A clock that was set back must not make it last longer.
        break_glass.c.begun_at <= work.now + CLOCKS_DIFFER,
        break_glass.c.until > work.now,
    )
