"""The care team: invited by an administrator, activated by themselves, signed in by password."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Row, select, update

from diary.access import secrets
from diary.access.errors import EmailTaken, GrantRefused
from diary.access.model import staff
from diary.access.permissions import SCOPES_OF, SET_UP, STAFF_ROLES, Role, Scope
from diary.access.sessions import Grant, end_all, open_session
from diary.callers import CallerKind
from diary.errors import NotFound
from diary.work import Work

INVITATION = timedelta(hours=72)
PASSWORD_LENGTH = range(15, 129)
_INDEX = "staff.email"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the care team, names opened. Active once a password was set."""

    id: UUID
    name: str
    email: str
    role: str
    active: bool
    second_factor: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """How a new member sets a password: a one-time code, shown once."""

    member: Member
    code: str
    expires_at: datetime


def invite(work: Work, clinic_id: UUID, *, name: str, email: str, role: Role) -> Invitation:
    """Add a member, who activates the account with the code; raises EmailTaken."""
    member_id = work.new_id()
    code = secrets.code(work.random_bytes)
    expires_at = work.now + INVITATION
    # No clinic may look for an address among the others' members: the key itself says no.
    is_new = work.add_unless_there(
        staff,
        clinic_id=clinic_id,
        id=member_id,
        name=work.vault.seal(name, place="staff.name", clinic=clinic_id, row=member_id),
        email=work.vault.seal(email, place="staff.email", clinic=clinic_id, row=member_id),
        email_index=work.vault.blind_index(_INDEX, email),
        role=role,
        invitation_hash=secrets.fingerprint(code),
        invitation_expires_at=expires_at,
        created_at=work.now,
    )
    if not is_new:
        raise EmailTaken
    work.audit("staff.invited", "staff", member_id, clinic=clinic_id, role=role)
    member = Member(
        member_id, name, email, role, active=False, second_factor=False, created_at=work.now
    )
    return Invitation(member, code, expires_at)


def activate(work: Work, *, code: str, password_hash: str) -> None:
    """Set the invited member's password; raises GrantRefused for a code that is not good."""
    invited = staff.c.invitation_hash == secrets.fingerprint(code)
    clinic_id = work.enter_clinic_of(staff, invited)
    if clinic_id is None:
        raise GrantRefused
    row = work.row(
        select(staff.c.clinic_id, staff.c.id, staff.c.invitation_expires_at)
        .where(staff.c.clinic_id == clinic_id, invited)
        # Of two who take up one code at once, the second must find it used.
        .with_for_update(key_share=True)
    )
    if row is None or row.invitation_expires_at <= work.now:
        raise GrantRefused
    work.execute(
        update(staff)
        .where(staff.c.clinic_id == row.clinic_id, staff.c.id == row.id)
        .values(password_hash=password_hash, invitation_hash=None, invitation_expires_at=None)
    )
    work.audit("staff.activated", "staff", row.id, clinic=row.clinic_id)


def find_for_sign_in(work: Work, email: str) -> Row[Any] | None:
    """The member with that address, if any.

    clinic_id, id, role, password_hash, second_factor_since.
    """
    return work.row(
        select(
            staff.c.clinic_id,
            staff.c.id,
            staff.c.role,
            staff.c.password_hash,
            staff.c.second_factor_since,
        ).where(staff.c.email_index == work.vault.blind_index(_INDEX, email))
    )


def password_matches(member: Row[Any] | None, password: str) -> bool:
    """Check a password; takes as long for an unknown member as for a wrong password.

    Runs outside any transaction: it costs tens of milliseconds by design.
    """
    known = member is not None and member.password_hash is not None
    try:
        _hasher().verify(member.password_hash if member and known else _nobodys_hash(), password)
    except (Argon2Error, InvalidHashError):
        return False
    return known


def hash_password(password: str) -> str:
    """Argon2id, with the library's recommended cost."""
    return _hasher().hash(password)


def sign_in(work: Work, member: Row[Any]) -> Grant:
    """Open a session for a member whose password and code were just checked.

    Without a second factor it is good for setting one up, and for nothing else.
    """
    return open_session(
        work,
        clinic_id=member.clinic_id,
        kind=CallerKind.STAFF,
        subject_id=member.id,
        role=Role(member.role),
        scopes=None if member.second_factor_since else SET_UP,
    )


def sign_out(work: Work, member_id: UUID) -> None:
    """End every session of a member of the caller's clinic; raises NotFound."""
    if not names(work, {member_id}):
        raise NotFound
    end_all(work, work.caller.clinic, member_id, why="ended-by-administrator")


def members(work: Work) -> list[Member]:
    """Everyone on the caller's care team, in the order they joined."""
    rows = work.rows(
        select(staff).where(staff.c.clinic_id == work.caller.clinic).order_by(staff.c.id)
    )
    return [_member(work, row) for row in rows]


def own_email(work: Work) -> str:
    """The address that the caller signs in with."""
    row = work.row(
        select(staff.c.id, staff.c.email).where(
            staff.c.clinic_id == work.caller.clinic, staff.c.id == work.caller.id
        )
    )
    assert row is not None
    return _open(work, "email", row.id, row.email)


def require_member(work: Work, member_id: UUID, scope: Scope) -> None:
    """Raises NotFound unless that person is active in the caller's clinic and holds the scope."""
    if not who_may(work, work.caller.clinic, {member_id}, scope):
        raise NotFound


def who_may(work: Work, clinic_id: UUID, member_ids: set[UUID], scope: Scope) -> set[UUID]:
    """Those of them who are active in the clinic and hold the scope."""
    if not member_ids:
        return set()
    roles = [role for role in STAFF_ROLES if scope in SCOPES_OF[role]]
    rows = work.rows(
        select(staff.c.id).where(
            staff.c.clinic_id == clinic_id,
            staff.c.id.in_(member_ids),
            staff.c.password_hash.is_not(None),
            staff.c.role.in_(roles),
        )
    )
    return {row.id for row in rows}


def require_clinician(work: Work, member_id: UUID) -> None:
    """Raises NotFound unless that person is an active clinician of the caller's clinic."""
    found = work.row(
        select(staff.c.id).where(
            staff.c.clinic_id == work.caller.clinic,
            staff.c.id == member_id,
            staff.c.role == Role.CLINICIAN,
            staff.c.password_hash.is_not(None),
        )
    )
    if found is None:
        raise NotFound


def names(work: Work, member_ids: set[UUID]) -> dict[UUID, str]:
    """The names of some members of the caller's clinic, by id."""
    rows = work.rows(
        select(staff.c.id, staff.c.name).where(
            staff.c.clinic_id == work.caller.clinic, staff.c.id.in_(member_ids)
        )
    )
    return {row.id: _open(work, "name", row.id, row.name) for row in rows}


def _member(work: Work, row: Row[Any]) -> Member:
    return Member(
        id=row.id,
        name=_open(work, "name", row.id, row.name),
        email=_open(work, "email", row.id, row.email),
        role=row.role,
        active=row.password_hash is not None,
        second_factor=row.second_factor_since is not None,
        created_at=row.created_at,
    )


def _open(work: Work, column: str, member_id: UUID, sealed: bytes) -> str:
    place = f"staff.{column}"
    return work.vault.open(sealed, place=place, clinic=work.caller.clinic, row=member_id)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(sha256(b"nobody").hexdigest())
