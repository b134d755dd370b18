"""Carry a decision out: the alert's row, its history, and the messages it owes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, update

from diary.alerts.decide import decide
from diary.alerts.model import alert_entries, alerts
from diary.alerts.policies import Stamped
from diary.alerts.reach import LAST_RESORT, Reach, reach
from diary.alerts.situation import (
    ALWAYS,
    Decision,
    Hours,
    Page,
    Reason,
    State,
    Status,
    Tell,
    Unreachable,
    Withdraw,
)
from diary.severity import Severity
from diary.webhooks import endpoints
from diary.webhooks.disclosure import disclose
from diary.webhooks.endpoints import Live
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

    hours: the clinic's, where the alert is moderate; nothing else depends on them.
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
    hours: Hours = ALWAYS
    exhausted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """A message to owe, once the alert's own row is written. outside: who hears of it beside the
    recipients, where the patient consents."""

    type: str
    recipients: set[UUID]
    extra: dict[str, Any]
    is_page: bool
    outside: frozenset[UUID]


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
        people_from=row.people_from,
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

    A rung that reaches nobody is skipped at once; past the last one every active webhook of the
    clinic is paged, all the people of the policy and, from high on, the operator's last resort. A
    mere repetition does not advance the sequence.
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
            outgoing.append(_tell(work, subject, state, effect, changes or {}))
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
    stamped, clinic, now = subject.stamped, subject.clinic_id, work.now
    everyone, people = page.everyone, page.people
    reached = reach(work, clinic, stamped.everyone)
    while True:
        wanted = stamped.step(page.step)
        recipients = reached.systems(wanted)
        if people:
            recipients |= reached.people_now(wanted, now)
        if any(target.type == LAST_RESORT for target in wanted):
            recipients |= _last_resort(work, clinic, reached)
        if recipients or state.exhausted:
            break
        state, effects = decide(state, Unreachable(), now, stamped.policy, subject.hours)
        page = next(effect for effect in effects if isinstance(effect, Page))
        everyone, people = everyone or page.everyone, people or page.people
    if everyone:
        recipients |= _told(work, subject, reached.live, people=people)
    if state.exhausted:
        recipients |= reached.live.webhooks
        if people:
            recipients |= reached.people_ever(stamped.everyone, now)
        if state.severity >= Severity.HIGH:
            recipients |= _last_resort(work, clinic, reached)
    kind = EXHAUSTED if state.exhausted else _PAGE_TYPE.get(page.reason, "alert.triggered")
    # A repetition asks the team once more; whoever only reads along knows.
    outside = reached.live.disclosures if page.reason is not Reason.REPEATED else frozenset()
    return state, _Outgoing(kind, recipients, {"reason": page.reason}, True, outside)


def _last_resort(work: Work, clinic_id: UUID, reached: Reach) -> set[UUID]:
    found = endpoints.last_resort(work, clinic_id, reached.live)
    return set() if found is None else {found}


def _tell(
    work: Work, subject: Subject, state: State, tell: Tell, changes: dict[str, Any]
) -> _Outgoing:
    # What only tells wakes nobody: people read of it when they would be paged, too.
    people = state.severity >= Severity.HIGH or (
        state.severity is Severity.MODERATE and subject.hours.staffed
    )
    extra = {}
    if tell.what == ACKNOWLEDGED:
        extra = {"acknowledged_by": changes["acknowledged_by"]}
    live = endpoints.live(work, subject.clinic_id)
    recipients = _told(work, subject, live, people=people)
    return _Outgoing(tell.what, recipients, extra, False, live.disclosures)


def _told(work: Work, subject: Subject, live: Live, *, people: bool) -> set[UUID]:
    if subject.is_new:
        return set()
    known = told(work, subject.clinic_id, subject.id)
    return known & (live.ids if people else live.webhooks)


def _send(work: Work, subject: Subject, state: State, message: _Outgoing) -> None:
    # Thin: ids, numbers and a link; no name, no answer, no diagnosis.
    data = {
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
    }
    if message.is_page or message.recipients:
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
            data=data,
            endpoint_ids=message.recipients,
            alert_id=subject.id,
            is_page=message.is_page,
            priority=state.severity,
        )
    # After the team's: nothing that is told elsewhere comes before it.
    disclose(
        work,
        message.outside,
        clinic_id=subject.clinic_id,
        patient_id=subject.patient_id,
        type=message.type,
        data=data,
        priority=state.severity,
    )


def _enter(
    work: Work, subject: Subject, kind: str, *, detail: dict[str, Any] | None, note: str | None
) -> None:
    entry_id = work.new_id()
    sealed = note and work.vault.seal(
        note,
        place=NOTE_PLACE,
        clinic=subject.clinic_id,
        row=entry_id,
        patient=subject.patient_id,
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
        "people_from": state.people_from,
        "acted_at": work.now,
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
