"""Load an alert under its lock, and let one event happen to it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, select, update

from diary.alerts.carry import Subject, carry_out, state_of
from diary.alerts.decide import decide
from diary.alerts.errors import AlertNotHeld, AlertResolved, LookAgain
from diary.alerts.model import alerts, policies
from diary.alerts.policies import stamped
from diary.alerts.situation import (
    ALWAYS,
    Event,
    HandedOver,
    Hours,
    Page,
    Released,
    SituationChanged,
    Status,
)
from diary.clock import CLOCKS_DIFFER
from diary.columns import Id
from diary.errors import NotFound
from diary.oncall import service as oncall
from diary.patients.model import patients
from diary.severity import Severity
from diary.work import Work

_IN_CONTEXT = (
    select(alerts, patients.c.reference, policies.c.steps)
    .join(
        patients,
        and_(patients.c.clinic_id == alerts.c.clinic_id, patients.c.id == alerts.c.patient_id),
    )
    .outerjoin(
        policies,
        and_(policies.c.clinic_id == alerts.c.clinic_id, policies.c.id == alerts.c.policy_id),
    )
    .where(
        alerts.c.clinic_id == bindparam("clinic", type_=Id),
        alerts.c.id == bindparam("alert", type_=Id),
    )
)


def locked(work: Work, clinic_id: UUID, alert_id: UUID, *, skip_locked: bool = False) -> Any:
    """The alert with its patient and policy, locked; None only where skip_locked met a lock.

    Locked first and read after: whoever waited for the lock would see the new alert beside the
    policy that it had before.
    """
    held = work.row(
        select(alerts.c.id)
        .where(alerts.c.clinic_id == clinic_id, alerts.c.id == alert_id)
        .with_for_update(key_share=True, skip_locked=skip_locked)
    )
    if held is None:
        if skip_locked:
            return None
        raise NotFound
    return read_locked(work, clinic_id, alert_id)


def read(work: Work, clinic_id: UUID, alert_id: UUID) -> Row[Any] | None:
    """An alert with its patient and policy."""
    return work.row(_IN_CONTEXT, {"clinic": clinic_id, "alert": alert_id})


def read_locked(work: Work, clinic_id: UUID, alert_id: UUID) -> Row[Any] | None:
    """An alert that the caller has locked already, by the clock of now."""
    row = read(work, clinic_id, alert_id)
    if row is None or row.status == Status.RESOLVED or row.acted_at is None:
        return row
    if row.acted_at > work.now + CLOCKS_DIFFER:
        _wait_by_this_clock(work, row)
        row = read(work, clinic_id, alert_id)
    return row


def _wait_by_this_clock(work: Work, row: Row[Any]) -> None:
    """The clock was set back: let the alert wait as long as it would have, by the clock now.

    Before anything else happens to it: what happens is written down as of now, and then nothing
    would tell any more that the next step waits until the clock has caught up.
    """
    back = row.acted_at - work.now
    work.execute(
        update(alerts)
        .where(alerts.c.clinic_id == row.clinic_id, alerts.c.id == row.id)
        .values(
            acted_at=work.now,
            next_action_at=row.next_action_at - back,
            people_from=row.people_from and row.people_from - back,
        )
    )
    work.audit("alert.waits-by-this-clock", "alert", row.id, clinic=row.clinic_id)


def apply(
    work: Work,
    row: Row[Any],
    event: Event,
    *,
    kind: str,
    note: str | None = None,
    changes: dict[str, Any] | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Decide on the event, carry it out and audit it. row: as `locked` gave it.

    Raises AlertResolved, AlertNotHeld, or LookAgain where the event was meant for what the alert
    was before.
    """
    subject = subject_of(row)
    subject.hours = hours_of(work, row.clinic_id, row.severity)
    try:
        decision = decide(state_of(row), event, work.now, subject.stamped.policy, subject.hours)
    except SituationChanged:
        if row.status == Status.RESOLVED:
            raise AlertResolved from None
        if isinstance(event, HandedOver | Released) and row.status == Status.TRIGGERED:
            raise AlertNotHeld from None
        raise LookAgain(extra={"generation": row.generation}) from None
    pages = [effect for effect in decision[1] if isinstance(effect, Page)]
    if pages:
        detail = (detail or {}) | {"reason": pages[0].reason, "step": pages[0].step + 1}
    carry_out(work, subject, decision, kind=kind, note=note, changes=changes, detail=detail)
    work.audit(f"alert.{kind}", "alert", row.id, clinic=row.clinic_id)


def hours_of(work: Work, clinic_id: UUID, severity: Severity) -> Hours:
    """The clinic's hours, as far as an alert of that severity waits for them."""
    if severity is not Severity.MODERATE:
        return ALWAYS
    found = oncall.staffed(work, clinic_id)
    return Hours(found.open_now, found.opens_at)


def subject_of(row: Row[Any]) -> Subject:
    """The alert as `carry_out` takes it. row: as `locked` gave it."""
    return Subject(
        clinic_id=row.clinic_id,
        id=row.id,
        patient_id=row.patient_id,
        patient_reference=row.reference,
        sequence=row.sequence,
        stamped=stamped(row.policy_id, row.steps),
        drill=row.drill,
        page_id=row.page_id,
        exhausted_at=row.exhausted_at,
    )
