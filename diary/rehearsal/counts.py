"""How often something was found, of how many patients, and the first few times."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from diary.alerts.findings import Finding
from diary.rehearsal.record import Came
from diary.rules.explain import explain
from diary.severity import Severity

EXAMPLES: Final = 5
NAMED: Final = 100
"""How many patients are named at most; all of them are counted."""


@dataclass(frozen=True, slots=True)
class Example:
    """One check-in, or body kept apart, that something was found in. severity: what is, or would
    be, found; severity_now: by the rule set in force. explanation: one sentence, why."""

    check_in_id: UUID
    patient_id: UUID
    recorded_at: datetime
    severity: Severity | None
    severity_now: Severity | None
    explanation: str


@dataclass(slots=True)
class Count:
    """How often something was so, of which patients, and the first few times."""

    times: int = 0
    patients: set[UUID] = field(default_factory=set)
    examples: list[Example] = field(default_factory=list)

    @property
    def patient_count(self) -> int:
        """Of how many patients."""
        return len(self.patients)

    def add(
        self,
        patient_id: UUID,
        came: Came,
        why: Finding,
        severity: Severity | None,
        severity_now: Severity | None,
    ) -> None:
        """Once more. why: the finding that explains it."""
        self.times += 1
        self.patients.add(patient_id)
        if len(self.examples) < EXAMPLES:
            said = came.said
            self.examples.append(
                Example(
                    said.check_in_id,
                    patient_id,
                    said.recorded_at,
                    severity,
                    severity_now,
                    explain(why.because),
                )
            )


@dataclass(slots=True)
class RuleFigures:
    """One rule in both sets. newly: it would fire and does not now; no_longer: the other way."""

    code: str
    title: str
    now: Count = field(default_factory=Count)
    would: Count = field(default_factory=Count)
    newly: Count = field(default_factory=Count)
    no_longer: Count = field(default_factory=Count)


@dataclass(slots=True)
class SeverityFigures:
    """Check-ins by the gravest severity found in each, which is what an alert goes by."""

    severity: Severity
    now: Count = field(default_factory=Count)
    would: Count = field(default_factory=Count)


@dataclass(frozen=True, slots=True)
class Told:
    """Patients: how many, and some of them by their ids."""

    count: int
    patient_ids: Sequence[UUID]

    @classmethod
    def of(cls, patients: Collection[UUID]) -> Self:
        """So many of them as are named."""
        return cls(len(patients), sorted(patients)[:NAMED])
