"""Whoever of the care team reads of patients leaves a trace, before anything is given out.

One event a request: who read, by which operation, of which patients. It has a transaction of its
own, so that reading holds no lock; where it cannot be written nothing is shown.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from diary.access.permissions import Scope
from diary.callers import Caller
from diary.work import House

_OF_PATIENTS = frozenset(
    {
        Scope.PATIENTS_READ,
        Scope.CHECK_INS_READ,
        Scope.SAFETY_PLANS_READ,
        Scope.ALERTS_READ,
        Scope.BREAK_GLASS_READ,
    }
)


def leaves_a_trace(scope: Scope | None, *, write: bool) -> bool:
    """Whether an operation with that scope reads of patients. A write is audited by itself."""
    return scope in _OF_PATIENTS and not write


def leave(
    house: House,
    caller: Caller,
    operation: str,
    path: Mapping[str, Any],
    shown: object,
    named_by: str,
) -> None:
    """Write the event down.

    path: what the request's path named. shown: the answer; named_by: its member for a patient.
    """
    ids = {name: str(value) for name, value in path.items() if isinstance(value, UUID)}
    found = {str(each) for each in named_in(shown, named_by)}
    if "patient_id" in ids:
        found.add(ids["patient_id"])
    subject, subject_id = "clinic", caller.clinic
    if len(found) == 1:
        subject, subject_id = "patient", UUID(next(iter(found)))
    with house.work(caller) as work:
        work.audit(
            "read", subject, subject_id, operation=operation, patients=sorted(found), path=ids
        )


def named_in(shown: object, member: str) -> Iterator[object]:
    """Each patient whom an answer names, in a list or below it, too."""
    if isinstance(shown, Mapping):
        if shown.get(member) is not None:
            yield shown[member]
        for inner in shown.values():
            yield from named_in(inner, member)
    elif isinstance(shown, list | tuple):
        for inner in shown:
            yield from named_in(inner, member)
