"""Which rows a transaction may meet: one clinic's, but for three doors that cross on some tables.

Two guards go by this: the one in `diary/guard.py` on both databases, before a statement is sent,
and row-level security on PostgreSQL, whose roles and policies `migrations/roles.py` makes of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import Table

from diary.callers import Caller, CallerKind

# As the policies read it; set for one transaction at a time.
SETTING: Final = "interlude.clinic"


class Command(StrEnum):
    """What can be done to rows. A lock that a SELECT takes is an UPDATE, as PostgreSQL has it."""

    SELECT = "SELECT"
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class Door(StrEnum):
    """Transactions that begin as no clinic's. The value is the role that PostgreSQL knows it by.

    ANONYMOUS: whoever is not known yet: it finds out whose a credential is, and then enters that
    clinic. ENGINE: looks for what is due, wherever it is; what it does for one clinic it does
    within that clinic. OPERATOR: a command at the machine.
    """

    ANONYMOUS = "interlude_door"
    ENGINE = "interlude_engine"
    OPERATOR = "interlude_operator"


_READ: Final = frozenset({Command.SELECT})
_HOLD: Final = frozenset({Command.SELECT, Command.UPDATE})
_ALL: Final = frozenset(Command)

# Everything that a door may do, tables that are no clinic's included. An operator may do all.
RIGHTS: Final[Mapping[Door, Mapping[str, frozenset[Command]]]] = {
    Door.ANONYMOUS: {
        # Each is found by the fingerprint of a secret, or by an id that is proven afterwards.
        "staff": _READ,
        "enrolments": _READ,
        "api_clients": _READ,
        "acknowledgement_links": _READ,
        "guesses": _ALL,
        "signing_keys": _ALL,
    },
    Door.ENGINE: {
        # The queue, as far as taking from it and settling go across clinics.
        "alerts": _READ,
        # Whose silence is to be judged; nothing that anybody answered.
        "silences": _READ,
        # Whose time away is over, and whose windows are to be made anew; which are due.
        "patients": _READ,
        "windows": _READ,
        # After which of them the way home is not arranged.
        "infusions": _READ,
        # Which of what was set apart nobody has looked at.
        "quarantine": _READ,
        "endpoints": _HOLD,
        "deliveries": _HOLD,
        "messages": _READ,
        "attempts": frozenset({Command.INSERT}),
        # Claims are taken for several clinics at once, and the secret that signs is opened with
        # them. Both are wrapped: the role reads nothing by them.
        "clinic_keys": _READ,
        "data_keys": _READ,
        # Whose events wait to be sealed.
        "audit_events": _READ,
        # Whether what leaves the clinic still may is asked where it is taken from the queue.
        "consents": _READ,
        "consent_texts": _READ,
        # Which of them keep records for a time alone.
        "clinics": _READ,
        "engines": _ALL,
        "marks": _ALL,
    },
}

_DOORS: Final = {
    CallerKind.ANONYMOUS: Door.ANONYMOUS,
    CallerKind.ENGINE: Door.ENGINE,
    CallerKind.OPERATOR: Door.OPERATOR,
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one transaction may meet. Neither of the two: what is no clinic's, and nothing else."""

    clinic: UUID | None = None
    door: Door | None = None


EVERYTHING: Final = Bounds(door=Door.OPERATOR)


def bounds_of(caller: Caller) -> Bounds:
    """Whoever has a clinic is held to it, the engine and the operator as well."""
    if caller.clinic_id is not None:
        return Bounds(clinic=caller.clinic_id)
    return Bounds(door=_DOORS.get(caller.kind))


def clinic_column(table: Table) -> str | None:
    """The column that says whose a row is; None for a table that is no clinic's."""
    if "clinic_id" in table.c:
        return "clinic_id"
    own: str | None = table.info.get("clinic_column")
    return own
