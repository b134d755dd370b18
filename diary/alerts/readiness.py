"""A clinic where an alert would reach nobody must not enrol patients."""

from dataclasses import dataclass
from uuid import UUID

from diary.alerts.policies import for_severity
from diary.alerts.reach import Reach, Target, reach
from diary.errors import Conflict
from diary.patients import drill, states
from diary.patients.devices import Enrolment, make_code
from diary.patients.service import require
from diary.severity import Severity
from diary.webhooks import endpoints
from diary.work import Work


class ClinicNotReady(Conflict):
    """An alert of some severity would reach nobody; `missing` says what to set up."""

    code = "clinic-not-ready"
    title = "Alerts of this clinic would reach nobody yet"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether patients can be enrolled, and what is missing if not.

    missing: `endpoint` (neither an active webhook endpoint nor a contact), `policy:<severity>` (no
    escalation policy for that severity, or one whose steps may reach nobody: for high and critical
    at some hour of the week, for low unless a webhook is among them).
    gone: endpoints that answered 410 while a policy in force pages them. They alone do not keep
    the clinic from enrolling: alerts go past them.
    """

    ready: bool
    missing: tuple[str, ...]
    gone: tuple[UUID, ...] = ()


def report(work: Work) -> Readiness:
    """Look at the clinic as an alert of each severity would."""
    clinic = work.caller.clinic
    policies = {severity: for_severity(work, clinic, severity) for severity in Severity}
    targets = {target for policy in policies.values() for target in policy.everyone}
    reached = reach(work, clinic, targets)
    missing = [] if reached.live.ids else ["endpoint"]
    for severity, policy in policies.items():
        if not any(_reaches(reached, severity, target, work) for target in policy.everyone):
            missing.append(f"policy:{severity.word}")
    gone = sorted(endpoints.gone(work, clinic) & {target.id for target in targets})
    return Readiness(not missing, tuple(missing), tuple(gone))


def _reaches(reached: Reach, severity: Severity, target: Target, work: Work) -> bool:
    if severity is Severity.LOW:
        # No person is paged for one.
        return bool(reached.systems((target,)))
    if severity is Severity.MODERATE:
        # Its people wait for staffed hours.
        return reached.ever(target, work.now)
    return reached.always(target, work.now)


def enrol(work: Work, patient_id: UUID) -> Enrolment:
    """Make a code for the patient's phone; raises ClinicNotReady while any severity reaches nobody,
    DrillPatient, PatientDischarged and OnlyReading.

    The only way to a code: a phone that is let in may send a risk answer a minute later.
    """
    require(work, patient_id, change=True)
    drill.refuse(work, patient_id)
    states.let_in(work, work.caller.clinic, patient_id)
    found = report(work)
    if not found.ready:
        raise ClinicNotReady(extra={"missing": list(found.missing)})
    return make_code(work, patient_id)
