"""Rotas and contacts that policies in force rely on: no change leaves a step with nobody."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from diary.alerts.policies import EndpointInUse, in_force, paging, take_out, targets_of
from diary.alerts.reach import CONTACT, ROTA, Target, reach
from diary.errors import Conflict
from diary.oncall import service as oncall
from diary.versions import Expected
from diary.webhooks import contacts, endpoints
from diary.work import Work


class RotaInUse(Conflict):
    """A policy in force pages this rota, and nobody would ever be on call by it."""

    code = "rota-in-use"
    title = "An escalation policy relies on this rota"


def replace_rota(
    work: Work, rota_id: UUID, expected: Expected | None = None, **changes: Any
) -> Row[Any]:
    """Replace a rota; raises RotaInUse where a policy that pages it would reach nobody."""
    row = oncall.replace(work, rota_id, expected, **changes)
    _still_reaches(work, rota_id)
    return row


def archive_rota(work: Work, rota_id: UUID, expected: Expected | None = None) -> None:
    """Archive a rota that no policy in force pages; raises RotaInUse otherwise."""
    oncall.archive(work, rota_id, expected)
    _still_reaches(work, rota_id)


def cancel_override(
    work: Work, rota_id: UUID, override_id: UUID, expected: Expected | None = None
) -> None:
    """Cancel an override; raises RotaInUse where only it had anyone on call."""
    oncall.cancel_override(work, rota_id, override_id, expected)
    _still_reaches(work, rota_id)


def remove_contact(
    work: Work, staff_id: UUID, contact_id: UUID, expected: Expected | None = None
) -> None:
    """Disable a contact; raises EndpointInUse where a policy in force relies on it."""
    contacts.require_own(work, staff_id)
    contacts.require(work, staff_id, contact_id)
    endpoints.lock(work, contact_id, "contact")
    endpoints.claim(work, work.caller.clinic, contact_id, expected)
    used = set(paging(work, Target(CONTACT, contact_id)))
    before = _reached(work, work.now)
    take_out(work, contact_id)
    used |= {policy for policy, _ in before - _reached(work, work.now)}
    if used:
        raise EndpointInUse(f"save these policies without it first: {', '.join(sorted(used))}")


def _still_reaches(work: Work, rota_id: UUID) -> None:
    target = Target(ROTA, rota_id)
    used = paging(work, target)
    if used and not reach(work, work.caller.clinic, (target,)).ever(target, work.now):
        raise RotaInUse(f"save these policies without it first: {', '.join(used)}")


def _reached(work: Work, now: datetime) -> set[tuple[str, Target]]:
    """The rotas that policies in force page and that reach someone, each with its policy."""
    targets = [
        (row.applies_to, target)
        for row in in_force(work)
        for step in row.steps
        for target in targets_of(step)
        if target.type == ROTA
    ]
    reached = reach(work, work.caller.clinic, (target for _, target in targets))
    return {(policy, target) for policy, target in targets if reached.ever(target, now)}
