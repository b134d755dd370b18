"""Escalation policies: versioned, one per severity with a default, never without someone to reach.

A stored step: {"delay_minutes": 5, "rounds": 1, "targets": [{"type": "endpoint", "id": "…"}]}.
The types of targets are those of `diary.alerts.reach`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, case, func, select

from diary.alerts.model import policies
from diary.alerts.reach import CONTACT, ENDPOINT, LAST_RESORT, ROTA, Target, reach
from diary.alerts.situation import Policy, Step
from diary.alerts.unreachable import go_on
from diary.columns import Id
from diary.errors import Conflict, FieldFault, Invalid
from diary.severity import Severity
from diary.webhooks import endpoints
from diary.work import Work

DEFAULT = "default"
_WHY = {
    ENDPOINT: "is no active endpoint",
    CONTACT: "is no contact in use",
    ROTA: "is no rota that anyone with a contact is on",
    LAST_RESORT: "the operator has set no last resort",
}
_OUTSIDE = "is outside the clinic: who is told there is for each patient to say"
APPLIES_TO = (DEFAULT, *(severity.word for severity in Severity))


class EndpointInUse(Conflict):
    """A policy in force pages this endpoint."""

    code = "endpoint-in-use"
    title = "An escalation policy pages this endpoint"


@dataclass(frozen=True, slots=True)
class Stamped:
    """A policy version as an alert carries it: what decide needs, and whom each step pages."""

    id: UUID | None
    policy: Policy
    targets: tuple[tuple[Target, ...], ...]

    def step(self, number: int) -> tuple[Target, ...]:
        """Whom that step pages; nobody where there is no such step."""
        return self.targets[number] if number < len(self.targets) else ()

    @property
    def everyone(self) -> tuple[Target, ...]:
        """Whom all of its steps page."""
        return tuple(target for targets in self.targets for target in targets)


NO_POLICY = Stamped(None, Policy(()), ())


@dataclass(frozen=True, slots=True)
class SavedPolicy:
    """One version of a policy as it is shown."""

    id: UUID
    applies_to: str
    version: int
    steps: Sequence[dict[str, Any]]
    created_at: datetime
    created_by: UUID | None


def save(work: Work, applies_to: str, steps: Sequence[dict[str, Any]]) -> SavedPolicy:
    """Put a new version in force for alerts to come; raises Invalid where a step reaches nobody."""
    targets = {
        (number, index): Target.of(target)
        for number, step in enumerate(steps)
        for index, target in enumerate(step["targets"])
    }
    reached = reach(work, work.caller.clinic, targets.values(), hold=True)
    faults = []
    for (number, index), target in targets.items():
        if target.id in reached.live.disclosures:
            pointer = f"/steps/{number}/targets/{index}/id"
            faults.append(FieldFault(pointer, "disclosure", _OUTSIDE))
        elif not reached.ever(target, work.now):
            member = "id" if target.id else "type"
            pointer = f"/steps/{number}/targets/{index}/{member}"
            faults.append(FieldFault(pointer, "unreachable", _WHY[target.type]))
    if faults:
        raise Invalid(errors=faults)
    last = work.row(
        select(func.max(policies.c.version).label("version")).where(
            policies.c.clinic_id == work.caller.clinic, policies.c.applies_to == applies_to
        )
    )
    saved = SavedPolicy(
        id=work.new_id(),
        applies_to=applies_to,
        version=((last and last.version) or 0) + 1,
        steps=[_stored(step) for step in steps],
        created_at=work.now,
        created_by=work.caller.id,
    )
    work.add(
        policies,
        clinic_id=work.caller.clinic,
        id=saved.id,
        applies_to=applies_to,
        version=saved.version,
        steps=saved.steps,
        created_at=work.now,
        created_by=saved.created_by,
    )
    work.audit("policy.saved", "policy", saved.id, applies_to=applies_to, version=saved.version)
    return saved


def in_force(work: Work) -> list[Row[Any]]:
    """The newest version for each severity that has one, and the default."""
    newest = (
        select(policies.c.applies_to, func.max(policies.c.version).label("version"))
        .where(policies.c.clinic_id == work.caller.clinic)
        .group_by(policies.c.applies_to)
        .subquery()
    )
    query = (
        select(policies)
        .join(
            newest,
            (policies.c.applies_to == newest.c.applies_to)
            & (policies.c.version == newest.c.version),
        )
        .where(policies.c.clinic_id == work.caller.clinic)
        .order_by(policies.c.applies_to)
    )
    return list(work.rows(query))


_FOR_SEVERITY = (
    select(policies.c.id, policies.c.steps)
    .where(
        policies.c.clinic_id == bindparam("clinic", type_=Id),
        policies.c.applies_to.in_((bindparam("severity"), DEFAULT)),
    )
    .order_by(case((policies.c.applies_to == DEFAULT, 1), else_=0), policies.c.version.desc())
    .limit(1)
)


def for_severity(work: Work, clinic_id: UUID, severity: Severity) -> Stamped:
    """The policy in force for a severity; NO_POLICY where the clinic has none at all."""
    row = work.row(_FOR_SEVERITY, {"clinic": clinic_id, "severity": severity.word})
    return NO_POLICY if row is None else stamped(row.id, row.steps)


def stamped(policy_id: UUID | None, steps: Sequence[dict[str, Any]] | None) -> Stamped:
    """Read a stored version."""
    if policy_id is None or steps is None:
        return NO_POLICY
    return Stamped(
        policy_id,
        Policy(tuple(Step(timedelta(minutes=s["delay_minutes"]), s["rounds"]) for s in steps)),
        tuple(targets_of(step) for step in steps),
    )


def targets_of(step: dict[str, Any]) -> tuple[Target, ...]:
    """Whom a stored step pages."""
    return tuple(Target.of(target) for target in step["targets"])


def paging(work: Work, target: Target) -> list[str]:
    """The policies in force that page this very target."""
    return [
        row.applies_to
        for row in in_force(work)
        if any(target in targets_of(step) for step in row.steps)
    ]


def disable_endpoint(work: Work, endpoint_id: UUID) -> None:
    """Disable a webhook that no policy in force pages; raises EndpointInUse otherwise."""
    endpoints.lock(work, endpoint_id)
    if used := paging(work, Target(ENDPOINT, endpoint_id)):
        raise EndpointInUse(f"save these policies without it first: {', '.join(used)}")
    take_out(work, endpoint_id)


def take_out(work: Work, endpoint_id: UUID) -> None:
    """Disable an endpoint of any kind, which is locked; open alerts that page it go on at once."""
    # They may still be paging it under an earlier version of the policy.
    go_on(work, work.caller.clinic, endpoint_id)
    endpoints.disable(work, endpoint_id)
    work.wake_engine()


def _stored(step: dict[str, Any]) -> dict[str, Any]:
    return {
        "delay_minutes": step["delay_minutes"],
        "rounds": step["rounds"],
        "targets": [{"type": t["type"], "id": t["id"] and str(t["id"])} for t in step["targets"]],
    }
