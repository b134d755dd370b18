"""What people do about an alert: acknowledge, note, escalate, resolve."""

from uuid import UUID

from diary.access import staff
from diary.access.permissions import Scope
from diary.alerts.apply import apply, locked, subject_of
from diary.alerts.carry import carry_out, state_of
from diary.alerts.decide import Acknowledged, Escalated, Resolved, Status
from diary.alerts.errors import AlertHeld, LookAgain, NameRequired
from diary.callers import CallerKind
from diary.errors import FieldFault, NotFound
from diary.work import Work


def acknowledge(work: Work, alert_id: UUID, *, generation: int, on_behalf_of: UUID | None) -> None:
    """ "I have it", for the generation that was seen; the same person may renew it.

    Raises LookAgain when the alert worsened meanwhile, AlertHeld when someone else has it.
    """
    person = _person(work, on_behalf_of)
    row = locked(work, work.caller.clinic, alert_id)
    if row.status == Status.ACKNOWLEDGED and row.acknowledged_by != person:
        name = staff.names(work, {row.acknowledged_by}).get(row.acknowledged_by)
        raise AlertHeld(
            extra={
                "acknowledged_by": {"id": row.acknowledged_by, "name": name},
                "acknowledged_at": row.acknowledged_at,
            }
        )
    apply(
        work,
        row,
        Acknowledged(generation),
        kind="acknowledged",
        detail={"by": str(person)},
        changes={"acknowledged_by": person, "acknowledged_at": work.now},
    )


def note(work: Work, alert_id: UUID, text: str) -> None:
    """Write a note into the history of an alert, open or not; it changes nothing else."""
    row = locked(work, work.caller.clinic, alert_id)
    carry_out(work, subject_of(row), (state_of(row), ()), kind="noted", note=text)
    work.audit("alert.noted", "alert", alert_id)


def escalate(work: Work, alert_id: UUID) -> None:
    """Page the next rung now."""
    row = locked(work, work.caller.clinic, alert_id)
    changes = {"acknowledged_at": None, "acknowledged_by": None}
    apply(work, row, Escalated(), kind="escalated", changes=changes)


def resolve(
    work: Work,
    alert_id: UUID,
    *,
    sequence: int,
    outcome: str,
    text: str | None,
    on_behalf_of: UUID | None,
) -> None:
    """Close an alert with its outcome, having seen its history up to that sequence.

    Raises LookAgain when something happened since.
    """
    person = _person(work, on_behalf_of)
    row = locked(work, work.caller.clinic, alert_id)
    if row.status != Status.RESOLVED and row.sequence != sequence:
        raise LookAgain(extra={"sequence": row.sequence})
    apply(
        work,
        row,
        Resolved(),
        kind="resolved",
        note=text,
        detail={"outcome": outcome, "by": str(person)},
        changes={"resolved_at": work.now, "resolved_by": person, "outcome": outcome},
    )


def _person(work: Work, on_behalf_of: UUID | None) -> UUID:
    """Who it is that answers: a member of the care team, whom a client must name."""
    if work.caller.kind is CallerKind.STAFF and work.caller.id is not None:
        if on_behalf_of not in (None, work.caller.id):
            raise NameRequired(
                errors=[FieldFault("/on_behalf_of", "not_you", "must be left out or be yourself")]
            )
        return work.caller.id
    if on_behalf_of is None:
        raise NameRequired(
            errors=[FieldFault("/on_behalf_of", "required", "must name the member who answers")]
        )
    try:
        staff.require_member(work, on_behalf_of, Scope.ALERTS_WRITE)
    except NotFound:
        fault = FieldFault("/on_behalf_of", "unknown", "is no active member who may answer alerts")
        raise NameRequired(errors=[fault]) from None
    return on_behalf_of
