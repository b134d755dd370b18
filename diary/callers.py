"""On whose behalf a transaction runs."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID


class CallerKind(StrEnum):
    """The doors a caller can have come through."""

    DEVICE = "device"
    STAFF = "staff"
    CLIENT = "client"
    ENGINE = "engine"
    OPERATOR = "operator"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking.

    id: the device, staff member or client; for the engine, its own run. clinic_id and patient_id
    bound what a caller can see: every readable row is chosen through them. authenticated_at: when
    whoever holds the session last proved who they are.
    """

    kind: CallerKind
    id: UUID | None = None
    clinic_id: UUID | None = None
    patient_id: UUID | None = None
    role: str | None = None
    session_id: UUID | None = None
    scopes: frozenset[str] = frozenset()
    authenticated_at: datetime | None = None

    def within(self, clinic_id: UUID) -> Self:
        """The same caller, held to one clinic."""
        return replace(self, clinic_id=clinic_id)

    @property
    def clinic(self) -> UUID:
        """The caller's clinic; a caller without one has no business with a clinic's rows."""
        if self.clinic_id is None:
            raise RuntimeError(f"a caller of kind {self.kind} has no clinic")
        return self.clinic_id

    @property
    def patient(self) -> UUID:
        """The caller's own patient record."""
        if self.patient_id is None:
            raise RuntimeError(f"a caller of kind {self.kind} is no patient")
        return self.patient_id


ANONYMOUS = Caller(CallerKind.ANONYMOUS)
OPERATOR = Caller(CallerKind.OPERATOR)
# Whoever looks at the escalation as a whole sees what an engine does.
WATCH = Caller(CallerKind.ENGINE)
