"""A clinic where an alert would reach nobody must not enrol patients."""

from dataclasses import dataclass
from uuid import UUID

from diary.alerts.policies import for_severity
from diary.errors import Conflict
from diary.patients import drill
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

    missing: `endpoint` (no active webhook endpoint), `policy:<severity>` (no escalation policy
    for that severity, or one whose steps reach nobody).
    """

    ready: bool
    missing: tuple[str, ...]


def report(work: Work) -> Readiness:
    """Look at the clinic as an alert of each severity would."""
    clinic = work.caller.clinic
    live = endpoints.active(work, clinic)
    missing = [] if live else ["endpoint"]
    for severity in Severity:
        stamped = for_severity(work, clinic, severity)
        if not any(targets & live for targets in stamped.targets):
            missing.append(f"policy:{severity.word}")
    return Readiness(not missing, tuple(missing))


def enrol(work: Work, patient_id: UUID) -> Enrolment:
    """Make a code for the patient's phone; raises ClinicNotReady while any severity reaches nobody,
    and DrillPatient.

    The only way to a code: a phone that is let in may send a risk answer a minute later.
    """
    require(work, patient_id)
    drill.refuse(work, patient_id)
    found = report(work)
    if not found.ready:
        raise ClinicNotReady(extra={"missing": list(found.missing)})
    return make_code(work, patient_id)
