"""Erase a patient: their key is destroyed, and with it whatever was sealed about them.

What stays is pseudonymous: coded answers, scores, times and the history of alerts.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, or_, select, update

from diary import datakeys
from diary.access.sessions import end_of_patient
from diary.alerts.reading import open_alert
from diary.callers import OPERATOR, Caller
from diary.erasure.errors import AlertOpen, ErasureNotNoted, NoErasureLedger
from diary.erasure.ledger import BEGUN, DONE, UNDONE, Erasure, Ledger
from diary.errors import NotFound
from diary.logs import logger
from diary.patients import holds
from diary.patients.model import ERASED, enrolments, patients
from diary.webhooks.model import LEASED, PENDING, deliveries, messages
from diary.webhooks.withdraw import withdraw
from diary.work import House, Work

_log = logger("erasure")
RETENTION_ENDED = "retention-ended"
REASONS = ("patient-request", RETENTION_ENDED, "entered-in-error", "court-order")


def erase(
    house: House,
    caller: Caller,
    patient_id: UUID,
    *,
    reason: str,
    still: Callable[[Work, UUID], bool] | None = None,
) -> bool:
    """Erase a patient of the caller's clinic; False, and harmless, where they are erased already.

    still: asked in the same transaction whether it is to be. Raises NotFound (also for the drill
    patient, who is nobody real), AlertOpen, UnderLegalHold, NoErasureLedger; ErasureNotNoted where
    it happened and the ledger cannot be told.
    """
    with house.work(caller, write=False) as work:
        # Before anything is said of the installation: a stranger's patient is absent.
        is_erased = _is_erased(work, patient_id)
    try:
        with Ledger.of(house).held() as ledger:
            settle(house, ledger)
            erasure = _commit(house, caller, patient_id, ledger, reason=reason, still=still)
            if erasure is not None:
                is_erased = True
                ledger.write(DONE, erasure)
    except NoErasureLedger as fault:
        if is_erased:
            raise ErasureNotNoted(fault.detail) from None
        raise
    finally:
        # Also when it is asked again: the process may have ended before this.
        if is_erased and not house.database.empty_log():
            _log.warning("erasure.key-left-in-log", patient_id=str(patient_id))
    return erasure is not None


def _is_erased(work: Work, patient_id: UUID) -> bool:
    row = work.row(
        select(patients.c.state).where(
            patients.c.clinic_id == work.caller.clinic,
            patients.c.id == patient_id,
            ~patients.c.drill,
        )
    )
    if row is None:
        raise NotFound
    return bool(row.state == ERASED)


def _commit(
    house: House,
    caller: Caller,
    patient_id: UUID,
    ledger: Ledger,
    *,
    reason: str,
    still: Callable[[Work, UUID], bool] | None,
) -> Erasure | None:
    with house.work(caller) as work:
        patient = held(work, caller.clinic, patient_id)
        assert patient is not None
        if patient.state == ERASED or (still is not None and not still(work, patient_id)):
            return None
        _refuse(work, patient)
        carry_out(work, patient, reason=reason)
        work.flush()
        erasure = Erasure(work.new_id(), caller.clinic, patient_id, work.now)
        # The last thing before the commit: from here on a restore can be told of it.
        ledger.write(BEGUN, erasure)
    return erasure


def settle(house: House, ledger: Ledger) -> None:
    """Write down what became of erasures that were cut off; raises NoErasureLedger.

    Never between a restore and `python -m diary restored`: the database does not know then.
    """
    for erasure in ledger.read().cut_off:
        with house.work(OPERATOR.within(erasure.clinic_id)) as work:
            # Waits for one that is under way in this moment.
            patient = held(work, erasure.clinic_id, erasure.patient_id)
        is_done = patient is not None and patient.state == ERASED
        ledger.write(DONE if is_done else UNDONE, erasure)


def held(work: Work, clinic_id: UUID, patient_id: UUID) -> Row[Any] | None:
    """A patient, locked against whatever would raise an alert about them."""
    return work.row(
        select(patients)
        .where(patients.c.clinic_id == clinic_id, patients.c.id == patient_id)
        .with_for_update()
    )


def carry_out(work: Work, patient: Row[Any], *, reason: str) -> None:
    """Destroy the key and end all that could still come in or go out. patient: as `held` gave."""
    clinic_id, patient_id = patient.clinic_id, patient.id
    # Before the sessions: a phone that is being paired in this moment has one after.
    work.execute(
        update(enrolments)
        .where(
            enrolments.c.clinic_id == clinic_id,
            enrolments.c.patient_id == patient_id,
            enrolments.c.used_at.is_(None),
        )
        .values(used_at=work.now)
    )
    end_of_patient(work, clinic_id, patient_id, why="patient-erased")
    datakeys.destroy(work, clinic_id, patient_id)
    work.execute(
        update(patients)
        .where(patients.c.clinic_id == clinic_id, patients.c.id == patient_id)
        .values(state=ERASED, state_until=None, schedule_due_at=work.now)
    )
    _cancel_what_is_owed(work, clinic_id, patient.reference)
    work.audit("patient.erased", "patient", patient_id, clinic=clinic_id, reason=reason)


def _refuse(work: Work, patient: Row[Any]) -> None:
    """Everything that keeps a record from being erased is asked here."""
    if open_alert(work, patient.clinic_id, patient.id) is not None:
        raise AlertOpen
    holds.require_none(work, patient.id)


def _cancel_what_is_owed(work: Work, clinic_id: UUID, reference: str) -> None:
    """Messages about the patient that belong to no alert; what an alert owes is never withheld."""
    waiting = work.rows(
        select(messages.c.id, messages.c.body)
        .join(
            deliveries,
            (deliveries.c.clinic_id == messages.c.clinic_id)
            & (deliveries.c.message_id == messages.c.id),
        )
        .where(
            messages.c.clinic_id == clinic_id,
            deliveries.c.alert_id.is_(None),
            or_(PENDING, LEASED),
        )
    )
    about = {
        row.id for row in waiting if orjson.loads(row.body)["data"].get("patient") == reference
    }
    if about:
        withdraw(
            work,
            deliveries.c.clinic_id == clinic_id,
            deliveries.c.message_id.in_(about),
            state="cancelled",
        )
