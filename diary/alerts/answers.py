"""What people do about an alert: acknowledge, hand over, give back, note, escalate, resolve."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from diary.access import staff
from diary.access.permissions import Scope
from diary.alerts.apply import apply, locked, subject_of
from diary.alerts.carry import carry_out, state_of
from diary.alerts.errors import AlertHeld, AlertResolved, LookAgain, NameRequired
from diary.alerts.situation import Acknowledged, Escalated, HandedOver, Released, Resolved, Status
from diary.callers import CallerKind
from diary.errors import FieldFault, Invalid, NotFound
from diary.patients import service as patients
from diary.work import Work

DRILL = "drill"
# What cannot be said of a patient with whom nobody spoke.
MEANS_CONTACT = frozenset(
    {"contacted-safe", "safety-plan-reviewed", "referred", "emergency-services"}
)


def acknowledge(work: Work, alert_id: UUID, *, generation: int, on_behalf_of: UUID | None) -> None:
    """ "I have it", for the generation that was seen; the same person may renew it.

    Raises LookAgain when the alert worsened meanwhile, AlertHeld when someone else has it.
    """
    person = answering(work, on_behalf_of)
    row = _answered(work, alert_id)
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
        changes=_held_by(work, row, person),
    )


def hand_over(
    work: Work, alert_id: UUID, *, to: UUID, generation: int, on_behalf_of: UUID | None
) -> None:
    """Give an alert that someone has to a colleague, or take it over from them.

    Whoever may answer alerts may do either: the holder may have gone home. To take it over is to
    acknowledge it, so it lasts anew; a colleague whom it is given to has what was left of it.
    Raises AlertNotHeld, LookAgain, and NameRequired where `to` may not answer alerts.
    """
    person = answering(work, on_behalf_of)
    row = _answered(work, alert_id)
    if to != person:
        _require_answering(work, to, "/to")
    taken = to == person and row.status == Status.ACKNOWLEDGED
    apply(
        work,
        row,
        Acknowledged(generation) if taken else HandedOver(generation),
        kind="handed-over",
        detail={"by": str(person), "to": str(to), "from": str(row.acknowledged_by)},
        changes=_held_by(work, row, to),
    )


def release(work: Work, alert_id: UUID, *, generation: int, on_behalf_of: UUID | None) -> None:
    """Give an alert back: nobody has it any more, and the step where it stood is paged at once.

    Whoever may answer alerts may, as with `hand_over`. Raises AlertNotHeld and LookAgain.
    """
    person = answering(work, on_behalf_of)
    row = _answered(work, alert_id)
    apply(
        work,
        row,
        Released(generation),
        kind="released",
        detail={"by": str(person)},
        changes={"acknowledged_at": None, "acknowledged_by": None},
    )


def contacted(work: Work, alert_id: UUID, *, on_behalf_of: UUID | None) -> None:
    """Someone spoke with the patient. The first time counts; each leaves a line in the history.

    Raises AlertResolved: how a resolved one ended stands in its outcome.
    """
    person = answering(work, on_behalf_of)
    row = _answered(work, alert_id)
    if row.status == Status.RESOLVED:
        raise AlertResolved
    carry_out(
        work,
        subject_of(row),
        (state_of(row), ()),
        kind="contacted",
        detail={"by": str(person)},
        changes={"contacted_at": row.contacted_at or work.now},
    )
    work.audit("alert.contacted", "alert", alert_id)


def note(work: Work, alert_id: UUID, text: str) -> None:
    """Write a note into the history of an alert, open or not; it changes nothing else."""
    row = _answered(work, alert_id)
    carry_out(work, subject_of(row), (state_of(row), ()), kind="noted", note=text)
    work.audit("alert.noted", "alert", alert_id)


def escalate(work: Work, alert_id: UUID) -> None:
    """Page the next rung now."""
    row = _answered(work, alert_id)
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

    Raises LookAgain when something happened since, and Invalid for the outcome of a drill where
    it is none, or another where it is one: a drill must not look like a person helped, nor the
    other way round.
    """
    person = answering(work, on_behalf_of)
    row = _answered(work, alert_id)
    if row.status != Status.RESOLVED and row.sequence != sequence:
        raise LookAgain(extra={"sequence": row.sequence})
    if (outcome == DRILL) != row.drill:
        detail = f"a drill, and nothing else, is resolved as {DRILL}"
        raise Invalid(errors=[FieldFault("/outcome", "invalid_choice", detail)])
    spoke = row.contacted_at or (work.now if outcome in MEANS_CONTACT else None)
    apply(
        work,
        row,
        Resolved(),
        kind="resolved",
        note=text,
        detail={"outcome": outcome, "by": str(person)},
        changes={
            "resolved_at": work.now,
            "resolved_by": person,
            "outcome": outcome,
            "contacted_at": spoke,
        },
    )


def answering(work: Work, on_behalf_of: UUID | None) -> UUID:
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
    _require_answering(work, on_behalf_of, "/on_behalf_of")
    return on_behalf_of


def _answered(work: Work, alert_id: UUID) -> Any:
    """The alert, locked, where the caller may answer it: an open one is the whole clinic's.

    A closed one belongs to the record: raises NotFound for whoever does not see that, and
    OnlyReading for whoever may not change it.
    """
    row = locked(work, work.caller.clinic, alert_id)
    if row.status == Status.RESOLVED:
        patients.require(work, row.patient_id, change=True)
    return row


def _require_answering(work: Work, member_id: UUID, pointer: str) -> None:
    try:
        staff.require_member(work, member_id, Scope.ALERTS_WRITE)
    except NotFound:
        fault = FieldFault(pointer, "unknown", "is no active member who may answer alerts")
        raise NameRequired(errors=[fault]) from None


def _held_by(work: Work, row: Row[Any], person: UUID) -> dict[str, Any]:
    return {
        "acknowledged_by": person,
        "acknowledged_at": work.now,
        "first_acknowledged_at": row.first_acknowledged_at or work.now,
    }
