"""Alerts: raised by findings and climbed by time. One open alert per patient."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, case, func, select

from diary.alerts.apply import apply, hours_of, locked, read_locked
from diary.alerts.carry import Subject, carry_out, state_of
from diary.alerts.decide import SHOULD_ACKNOWLEDGE_WITHIN, SHOULD_CONTACT_WITHIN, decide
from diary.alerts.findings import Finding, signs_in
from diary.alerts.model import alerts, findings
from diary.alerts.policies import for_severity, stamped
from diary.alerts.situation import Due, Found, Status, Unreachable
from diary.clock import CLOCKS_DIFFER
from diary.columns import Id
from diary.webhooks.publish import reached_nobody
from diary.work import Work


@dataclass(frozen=True, slots=True)
class Subjected:
    """The patient that findings are about. reference: the opaque name that pages carry.

    drill: nobody real; what is found about them is a rehearsal.
    """

    clinic_id: UUID
    id: UUID
    reference: str
    drill: bool = False


def raise_alert(
    work: Work,
    patient: Subjected,
    found: Sequence[Finding],
    *,
    source: str,
    source_id: UUID,
    note: str | None = None,
) -> UUID | None:
    """Open the patient's alert or let the findings join it, in the transaction that found them.

    Returns the alert's id; None where nothing was found. Nothing is suppressed: a finding that
    is no worse than the alert is kept with it all the same.
    """
    if not found:
        return None
    worst = max(found, key=lambda finding: finding.rank)
    row = _latest(work, patient)
    current = row if row is not None and row.status != Status.RESOLVED else None
    state = None if current is None else state_of(current)
    severity = worst.severity if state is None else max(state.severity, worst.severity)
    new_sign = current is not None and _shows_a_new_sign(work, current, found)
    worse = state is None or worst.rank > state.rank or new_sign
    if current is None or worse:
        policy = for_severity(work, patient.clinic_id, severity)
    else:
        policy = stamped(current.policy_id, current.steps)
    subject = Subject(
        clinic_id=patient.clinic_id,
        id=work.new_id() if current is None else current.id,
        patient_id=patient.id,
        patient_reference=patient.reference,
        sequence=0 if current is None else current.sequence,
        stamped=policy,
        drill=patient.drill,
        is_new=current is None,
        page_id=None if current is None else current.page_id,
        hours=hours_of(work, patient.clinic_id, severity),
        exhausted_at=None if current is None else current.exhausted_at,
    )
    event = Found(worst.severity, worst.suicidality or 0, policy.policy, new_sign)
    changes: dict[str, Any] = {}
    if current is None:
        kind = "opened"
        changes = {
            "opened_at": work.now,
            "previous_id": row and row.id,
            "drill": patient.drill,
        }
    else:
        kind = "worsened" if worse else "joined"
    if worse:
        changes["acknowledge_by"] = work.now + SHOULD_ACKNOWLEDGE_WITHIN[severity]
        changes["answer_by"] = _answer_by(current, changes["acknowledge_by"])
        changes["contact_by"] = work.now + SHOULD_CONTACT_WITHIN[severity]
        changes |= {"acknowledged_at": None, "acknowledged_by": None}
    carry_out(
        work,
        subject,
        decide(state, event, work.now, policy.policy, subject.hours),
        kind=kind,
        note=note,
        changes=changes,
        detail={"rules": [finding.rule for finding in found], "source": source},
    )
    for finding in found:
        work.add(
            findings,
            clinic_id=patient.clinic_id,
            id=work.new_id(),
            alert_id=subject.id,
            patient_id=patient.id,
            source=source,
            source_id=source_id,
            rule=finding.rule,
            title=finding.title,
            severity=finding.severity,
            suicidality=finding.suicidality,
            inputs=dict(finding.inputs),
            because=list(map(dict, finding.because)) or None,
            found_at=work.now,
        )
    return subject.id


def due(work: Work, limit: int, without: Set[UUID] = frozenset()) -> list[tuple[UUID, UUID]]:
    """The alerts (clinic, id) whose time has come, longest overdue first."""
    rows = work.rows(
        select(alerts.c.clinic_id, alerts.c.id)
        .where(
            alerts.c.status != Status.RESOLVED,
            alerts.c.next_action_at <= work.now,
            alerts.c.id.not_in(without),
        )
        .order_by(alerts.c.next_action_at)
        .limit(limit)
    )
    return [(row.clinic_id, row.id) for row in rows]


def next_action(work: Work, after: datetime | None = None) -> datetime | None:
    """When the next alert falls due; None where none does. after: of those not yet due then."""
    not_yet = [] if after is None else [alerts.c.next_action_at > after]
    row = work.row(
        select(func.min(alerts.c.next_action_at).label("at")).where(
            alerts.c.status != Status.RESOLVED, *not_yet
        )
    )
    return row.at if row is not None else None


def acted_on_later(work: Work) -> list[tuple[UUID, UUID]]:
    """The open alerts (clinic, id) that were acted on later than now: the clock was set back."""
    rows = work.rows(
        select(alerts.c.clinic_id, alerts.c.id).where(
            alerts.c.status != Status.RESOLVED, alerts.c.acted_at > work.now + CLOCKS_DIFFER
        )
    )
    return [(row.clinic_id, row.id) for row in rows]


def wait_by_this_clock(work: Work, clinic_id: UUID, alert_id: UUID) -> None:
    """Let an alert wait as long as it would have, now that the clock is back.

    Otherwise its next step would wait until the clock has caught up.
    """
    # Whoever locks an alert sets it right.
    locked(work, clinic_id, alert_id, skip_locked=True)


def act_when_due(work: Work, clinic_id: UUID, alert_id: UUID) -> bool:
    """Take the next action of an alert whose time has come; False where another engine did."""
    row = locked(work, clinic_id, alert_id, skip_locked=True)
    if row is None or row.next_action_at is None or row.next_action_at > work.now:
        return False
    changes: dict[str, Any] = {}
    kind = "paged"
    if row.status == Status.ACKNOWLEDGED:
        kind = "acknowledgement-expired"
        changes = {"acknowledged_at": None, "acknowledged_by": None}
    apply(work, row, Due(), kind=kind, changes=changes)
    return True


def page_failed(work: Work, clinic_id: UUID, alert_id: UUID, message_id: UUID) -> None:
    """A delivery of a page failed: once none of its targets can be reached, climb at once."""
    row = locked(work, clinic_id, alert_id)
    if row.status != Status.TRIGGERED or row.page_id != message_id or row.exhausted:
        return
    if reached_nobody(work, clinic_id, message_id):
        apply(work, row, Unreachable(), kind="unreachable")


_LATEST = (
    select(alerts.c.id)
    .where(
        alerts.c.clinic_id == bindparam("clinic", type_=Id),
        alerts.c.patient_id == bindparam("patient", type_=Id),
    )
    .order_by(
        case((alerts.c.status == Status.RESOLVED, 1), else_=0),
        alerts.c.opened_at.desc(),
        alerts.c.id.desc(),
    )
    .limit(1)
    .with_for_update(key_share=True)
)


def _latest(work: Work, patient: Subjected) -> Row[Any] | None:
    """The patient's open alert, locked, or the last one.

    Not by time alone: where the clock was set back, an earlier alert looks like the last one.
    """
    held = work.row(_LATEST, {"clinic": patient.clinic_id, "patient": patient.id})
    return None if held is None else read_locked(work, patient.clinic_id, held.id)


def _answer_by(current: Row[Any] | None, acknowledge_by: datetime) -> datetime:
    """The first deadline that stood: getting worse gives nobody more time to answer."""
    if current is None:
        return acknowledge_by
    before: datetime = current.answer_by or current.acknowledge_by
    return before if current.first_acknowledged_at else min(before, acknowledge_by)


def _shows_a_new_sign(work: Work, alert: Row[Any], found: Sequence[Finding]) -> bool:
    signs = frozenset[str]().union(*(signs_in(each.inputs, each.because) for each in found))
    if not signs:
        return False
    before = work.rows(
        select(findings.c.inputs, findings.c.because).where(
            findings.c.clinic_id == alert.clinic_id, findings.c.alert_id == alert.id
        )
    )
    known = frozenset[str]().union(*(signs_in(row.inputs, row.because) for row in before))
    return not signs <= known
