"""Carry a decision out: the alert's row, its history, and the messages it owes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, update

from diary.alerts.decide import (
    Decision,
    Page,
    Reason,
    State,
    Status,
    Tell,
    Unreachable,
    Withdraw,
    decide,
)
from diary.alerts.model import alert_entries, alerts
from diary.alerts.policies import Stamped
from diary.webhooks import endpoints
from diary.webhooks.publish import publish, supersede, told, withdraw_pages
from diary.work import Work

NOTE_PLACE = "alert_entries.note"
EXHAUSTED = "alert.exhausted"
ACKNOWLEDGED = "alert.acknowledged"
_PAGE_TYPE = {
    Reason.ESCALATED: "alert.escalated",
    Reason.UNREACHABLE: "alert.escalated",
}


@dataclass(slots=True)
class Subject:
    """The alert that a decision is about; is_new while it has no row yet.

    drill: a rehearsal about nobody real, which every message of it says.
    """

    clinic_id: UUID
    id: UUID
    patient_id: UUID
    patient_reference: str
    sequence: int
    stamped: Stamped
    drill: bool
    is_new: bool = False
    page_id: UUID | None = None
    exhausted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """A message to owe, once the alert's own row is written."""

    type: str
    recipients: set[UUID]
    extra: dict[str, Any]
    is_page: bool


def state_of(row: Row[Any]) -> State:
    """The part of an alert's row that deciding reads."""
    return State(
        status=Status(row.status),
        severity=row.severity,
        suicidality=row.suicidality,
        generation=row.generation,
        step=row.step,
        round=row.round,
        exhausted=row.exhausted,
        next_action_at=row.next_action_at,
    )


def carry_out(
    work: Work,
    subject: Subject,
    decision: Decision,
    *,
    kind: str,
    note: str | None = None,
    changes: dict[str, Any] | None = None,
    detail: dict[str, Any] | None = None,
) -> State:
    """Write a decision down and owe its messages. kind: the entry's name in the history.

    A rung that reaches nobody is skipped at once; past the last one every active endpoint of the
    clinic is paged, whoever the policy names. A mere repetition does not advance the sequence.
    """
    state, effects = decision
    repeated = any(isinstance(e, Page) and e.reason is Reason.REPEATED for e in effects)
    subject.sequence += not repeated
    outgoing = []
    for effect in effects:
        if isinstance(effect, Page):
            state, message = _page(work, subject, state, effect)
            outgoing.append(message)
        elif isinstance(effect, Tell):
            outgoing.append(_tell(work, subject, effect, changes or {}))
    if Withdraw() in effects:
        withdraw_pages(work, subject.clinic_id, subject.id)
    if any(message.is_page for message in outgoing):
        subject.page_id = work.new_id()
    # Parents before children: the alert's row first, then what refers to it.
    _store(work, subject, state, changes or {})
    _enter(work, subject, kind, detail=detail, note=note)
    for message in outgoing:
        _send(work, subject, state, message)
    return state


def _page(work: Work, subject: Subject, state: State, page: Page) -> tuple[State, _Outgoing]:
    everyone = page.everyone
    while True:
        wanted = subject.stamped.endpoints(page.step)
        recipients = endpoints.active(work, subject.clinic_id, set(wanted))
        if recipients or state.exhausted:
            break
        state, effects = decide(state, Unreachable(), work.now, subject.stamped.policy)
        page = next(effect for effect in effects if isinstance(effect, Page))
        everyone = everyone or page.everyone
    if everyone:
        recipients |= _told(work, subject)
    if state.exhausted:
        recipients = endpoints.active(work, subject.clinic_id)
    kind = EXHAUSTED if state.exhausted else _PAGE_TYPE.get(page.reason, "alert.triggered")
    return state, _Outgoing(kind, recipients, {"reason": page.reason}, is_page=True)


def _tell(work: Work, subject: Subject, tell: Tell, changes: dict[str, Any]) -> _Outgoing:
    extra = {}
    if tell.what == ACKNOWLEDGED:
        extra = {"acknowledged_by": changes["acknowledged_by"]}
    return _Outgoing(tell.what, _told(work, subject), extra, is_page=False)


def _told(work: Work, subject: Subject) -> set[UUID]:
    if subject.is_new:
        return set()
    known = told(work, subject.clinic_id, subject.id)
    return endpoints.active(work, subject.clinic_id, known)


def _send(work: Work, subject: Subject, state: State, message: _Outgoing) -> None:
    if not message.is_page and not message.recipients:
        return
    if not subject.is_new:
        supersede(
            work,
            subject.clinic_id,
            subject.id,
            message.recipients,
            is_page=message.is_page,
        )
    publish(
        work,
        message_id=subject.page_id if message.is_page else None,
        clinic_id=subject.clinic_id,
        type=message.type,
        # Thin: ids, numbers and a link; no name, no answer, no diagnosis.
        data={
            "alert_id": subject.id,
            "patient": subject.patient_reference,
            "status": state.status,
            "severity": state.severity.word,
            "generation": state.generation,
            "sequence": subject.sequence,
            "step": state.step + 1,
            "drill": subject.drill,
            "link": f"{work.settings.issuer}/v1/alerts/{subject.id}",
            **message.extra,
        },
        endpoint_ids=message.recipients,
        alert_id=subject.id,
        is_page=message.is_page,
        priority=state.severity,
    )


def _enter(
    work: Work, subject: Subject, kind: str, *, detail: dict[str, Any] | None, note: str | None
) -> None:
    entry_id = work.new_id()
    sealed = note and work.vault.seal(
        note, place=NOTE_PLACE, clinic=subject.clinic_id, row=entry_id
    )
    work.add(
        alert_entries,
        clinic_id=subject.clinic_id,
        id=entry_id,
        alert_id=subject.id,
        sequence=subject.sequence,
        at=work.now,
        kind=kind,
        actor_kind=work.caller.kind,
        actor_id=work.caller.id,
        detail=detail,
        note=sealed or None,
    )


def _store(work: Work, subject: Subject, state: State, changes: dict[str, Any]) -> None:
    values = {
        "status": state.status,
        "severity": state.severity,
        "suicidality": state.suicidality,
        "generation": state.generation,
        "step": state.step,
        "round": state.round,
        "exhausted": state.exhausted,
        "exhausted_at": subject.exhausted_at or (work.now if state.exhausted else None),
        "next_action_at": state.next_action_at,
        "sequence": subject.sequence,
        "policy_id": subject.stamped.id,
        "page_id": subject.page_id,
        **changes,
    }
    place = {"clinic_id": subject.clinic_id, "id": subject.id}
    if subject.is_new:
        work.add(alerts, **place, patient_id=subject.patient_id, **values)
    else:
        work.execute(
            update(alerts)
            .where(*(alerts.c[column] == value for column, value in place.items()))
            .values(**values)
        )
