"""Requests that were carried out and may be sent again: each once, and answered the same.

A row is written in the transaction of what the request does, before anything else: whoever sends
it again at the same moment waits for that transaction at the row's key. What rolls back leaves
nothing, and can be sent again.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Final
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Index, LargeBinary, delete, select, update

from diary.columns import Id, Instant, clinic_table
from diary.errors import Busy, Invalid
from diary.work import Work

KEPT: Final = timedelta(days=7)
_PLACE: Final = "remembered_requests.answer"

# id is made from the caller, the operation and the key that the caller chose, which is not kept:
# it may say anything. answer is sealed, under the key of the patient whom it is about if it is one,
# and may hold what is shown only once.
remembered_requests = clinic_table(
    "remembered_requests",
    Column("patient_id", Id),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("answer", LargeBinary),
    Column("at", Instant, nullable=False),
    Index(None, "clinic_id", "at"),
)


class KeyReused(Invalid):
    """This caller used the key for another request of the same operation."""

    code = "idempotency-key-reused"
    title = "This key was used for another request"


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request that may be sent again. content: everything that makes it this request."""

    operation: str
    key: str
    content: bytes

    def answered(self, work: Work) -> str | None:
        """What it was answered; None where it is for this transaction to carry out.

        Raises KeyReused; PatientErased where the answer went with the patient that it was about.
        """
        row_id = self._id(work)
        mine = _which(work, row_id)
        fingerprint = self._fingerprint(work)
        work.execute(delete(remembered_requests).where(mine, _is_old(work)))
        is_first = work.add_unless_there(
            remembered_requests,
            clinic_id=work.caller.clinic,
            id=row_id,
            fingerprint=fingerprint,
            at=work.now,
        )
        if is_first:
            return None
        row = work.row(select(remembered_requests).where(mine))
        if row is None or row.answer is None:  # purged in between
            raise Busy
        if not compare_digest(row.fingerprint, fingerprint):
            raise KeyReused
        return work.vault.open(
            row.answer,
            place=_PLACE,
            clinic=row.clinic_id,
            row=row_id,
            patient=row.patient_id,
        )

    def keep(self, work: Work, answer: str, patient_id: UUID | None) -> None:
        """Remember the answer, after `answered` had none. Whom it is about can be erased."""
        row_id, clinic = self._id(work), work.caller.clinic
        sealed = work.vault.seal(
            answer, place=_PLACE, clinic=clinic, row=row_id, patient=patient_id
        )
        work.execute(
            update(remembered_requests)
            .where(_which(work, row_id))
            .values(answer=sealed, patient_id=patient_id)
        )
        of_clinic = remembered_requests.c.clinic_id == clinic
        work.purge(remembered_requests.c.id, of_clinic & _is_old(work))

    def _id(self, work: Work) -> UUID:
        parts = (str(work.caller.clinic), str(work.caller.id), self.operation, self.key)
        return UUID(bytes=_keyed(work, "\n".join(parts).encode())[:16])

    def _fingerprint(self, work: Work) -> bytes:
        # Keyed: names are short enough to be guessed from a plain hash.
        return _keyed(work, self.content)


def _keyed(work: Work, content: bytes) -> bytes:
    return work.vault.blind_index("remembered requests", sha256(content).hexdigest())


def _which(work: Work, row_id: UUID) -> ColumnElement[bool]:
    return (remembered_requests.c.clinic_id == work.caller.clinic) & (
        remembered_requests.c.id == row_id
    )


def _is_old(work: Work) -> ColumnElement[bool]:
    return remembered_requests.c.at <= work.now - KEPT
