"""What was set apart waits until a member of the care team has looked at it and said what it was.

Its suicidality was judged when it came; a review changes no severity and closes no alert.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select, update

from diary.checkins import needs_review
from diary.checkins.model import quarantine
from diary.checkins.reading import NOTE_PLACE, SetApart, opened, set_apart
from diary.errors import Conflict, NotFound
from diary.patients import service as patients
from diary.patients.model import patients as patient_rows
from diary.work import Work


class Verdict(StrEnum):
    """What a body that was set apart turned out to be.

    entered-by-hand: a person wrote down elsewhere what it says. sent-again: a corrected body came
    since. duplicate: it says what is on record. unusable: nothing can be made of it.
    """

    ENTERED_BY_HAND = "entered-by-hand"
    SENT_AGAIN = "sent-again"
    DUPLICATE = "duplicate"
    UNUSABLE = "unusable"


class AlreadyReviewed(Conflict):
    """Somebody has reviewed it; what they said of it stays."""

    code = "already-reviewed"
    title = "This was reviewed already"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many bodies wait for a review, and since when the first of them."""

    count: int
    since: datetime | None


def visible(work: Work, *, reviewed: bool | None = None) -> Select[Any]:
    """What was set apart of every patient whose record the caller reads. reviewed: those alone, or
    not. What is left of a patient who was erased cannot be opened, and is absent."""
    query = patients.whose_record_is_read(work, quarantine)
    if reviewed is not None:
        at = quarantine.c.reviewed_at
        query = query.where(at.is_not(None) if reviewed else at.is_(None))
    return query


def get(work: Work, patient_id: UUID, quarantine_id: UUID) -> SetApart:
    """One body that was set apart; raises NotFound."""
    row = work.row(set_apart(work, patient_id).where(quarantine.c.id == quarantine_id))
    if row is None:
        raise NotFound
    return opened(work, row)


def waiting(work: Work) -> Waiting:
    """What waits, of every patient whose record the caller reads."""
    apart = visible(work, reviewed=False).subquery()
    number: Select[Any] = select(func.count().label("number"))
    row = work.row(number.add_columns(func.min(apart.c.received_at).label("since")))
    assert row is not None
    return Waiting(row.number, row.since)


def review(
    work: Work, patient_id: UUID, quarantine_id: UUID, *, verdict: Verdict, note: str | None
) -> SetApart:
    """Say what it was. Raises NotFound, OnlyReading; AlreadyReviewed for whoever comes second."""
    patients.require(work, patient_id, change=True)
    clinic = work.caller.clinic
    this = and_(
        quarantine.c.clinic_id == clinic,
        quarantine.c.patient_id == patient_id,
        quarantine.c.id == quarantine_id,
    )
    # One after the other: of two that are reviewed at once, one must see what still waits.
    work.row(
        select(patient_rows.c.id)
        .where(patient_rows.c.clinic_id == clinic, patient_rows.c.id == patient_id)
        .with_for_update(key_share=True)
    )
    apart = work.row(select(quarantine.c.remind_at).where(this))
    if apart is None:
        raise NotFound
    sealed = note and work.vault.seal(
        note, place=NOTE_PLACE, clinic=clinic, row=quarantine_id, patient=patient_id
    )
    # Of two at the same moment, one finds it.
    changed = work.execute(
        update(quarantine)
        .where(this, quarantine.c.reviewed_at.is_(None))
        .values(
            verdict=verdict,
            review_note=sealed,
            reviewed_at=work.now,
            reviewed_by=work.caller.id,
            remind_at=None,
        )
    )
    if not changed.rowcount:
        raise AlreadyReviewed
    if apart.remind_at is not None:
        needs_review.pass_on(work, patient_id, apart.remind_at)
    work.audit("check-in.reviewed", "quarantine", quarantine_id, verdict=verdict)
    return get(work, patient_id, quarantine_id)
