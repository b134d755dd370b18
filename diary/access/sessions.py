"""Sessions: opened once, read on every request, refreshed, revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update

from diary.access import refresh
from diary.access.errors import GrantRefused, StepUpNeeded
from diary.access.model import clinics, sessions
from diary.access.permissions import SCOPES_OF, Role, Scope
from diary.callers import Caller, CallerKind
from diary.clock import CLOCKS_DIFFER
from diary.columns import Id
from diary.errors import NotFound, Unauthenticated
from diary.work import Work

STAFF_SESSION = timedelta(hours=12)
# A staff member who does nothing for half an hour lets the session lapse; the access token's
# own ten minutes come on top, because only refreshing shows that someone is there.
STAFF_IDLE = timedelta(minutes=40)
# How long a proof of who one is serves for what needs a fresh one.
PROOF_HOLDS = timedelta(minutes=10)

# Why a phone is out that the patient may still believe to be in.
REUSED = "refresh-token-reused"
GIVEN_UP = "refresh-token-given-up"


@dataclass(frozen=True, slots=True)
class Grant:
    """A session as the token service needs it: whose it is, and the next refresh token.

    authenticated_at: when a person last proved who they are; None for a program.
    """

    session_id: UUID
    clinic_id: UUID
    country: str
    kind: CallerKind
    subject_id: UUID
    patient_id: UUID | None
    scopes: frozenset[str]
    refresh_token: str | None
    authenticated_at: datetime | None = None


def open_session(
    work: Work,
    *,
    clinic_id: UUID,
    kind: CallerKind,
    subject_id: UUID,
    role: Role,
    session_id: UUID | None = None,
    patient_id: UUID | None = None,
    scopes: frozenset[Scope] | None = None,
) -> Grant:
    """Open a session for someone whose credentials were just checked."""
    sid = session_id or work.new_id()
    nonce = work.random_bytes(16)
    held = SCOPES_OF[role] if scopes is None else SCOPES_OF[role] & scopes
    work.add(
        sessions,
        clinic_id=clinic_id,
        id=sid,
        kind=kind,
        subject_id=subject_id,
        patient_id=patient_id,
        role=role,
        scopes=" ".join(sorted(held)),
        created_at=work.now,
        expires_at=work.now + STAFF_SESSION if kind is CallerKind.STAFF else None,
        refreshed_at=work.now,
        refresh_ordinal=1,
        refresh_nonce=nonce,
    )
    work.audit("session.opened", "session", sid, clinic=clinic_id)
    return Grant(
        session_id=sid,
        clinic_id=clinic_id,
        country=country_of(work, clinic_id),
        kind=kind,
        subject_id=subject_id,
        patient_id=patient_id,
        scopes=frozenset(held),
        refresh_token=refresh.make(work.vault, clinic_id, sid, 1, nonce),
        authenticated_at=work.now,
    )


_CALLER = select(
    sessions.c.kind,
    sessions.c.subject_id,
    sessions.c.patient_id,
    sessions.c.role,
    sessions.c.scopes,
    sessions.c.expires_at,
    sessions.c.revoked_at,
    sessions.c.created_at,
    sessions.c.proven_at,
).where(
    sessions.c.clinic_id == bindparam("clinic", type_=Id),
    sessions.c.id == bindparam("session", type_=Id),
)


def find_caller(work: Work, clinic_id: UUID, session_id: UUID) -> Caller:
    """Whoever holds this session now; raises Unauthenticated once it is revoked or over."""
    work.enter(clinic_id)
    row = work.row(_CALLER, {"clinic": clinic_id, "session": session_id})
    if row is None or row.revoked_at or (row.expires_at and row.expires_at <= work.now):
        raise Unauthenticated
    return Caller(
        kind=CallerKind(row.kind),
        id=row.subject_id,
        clinic_id=clinic_id,
        patient_id=row.patient_id,
        role=row.role,
        session_id=session_id,
        scopes=frozenset(row.scopes.split()),
        authenticated_at=row.proven_at or row.created_at,
    )


def require_fresh_proof(work: Work) -> None:
    """Raises StepUpNeeded for a member who proved who they are more than 10 minutes ago.

    Programs prove it with each token, of five minutes. A phone has nobody who could: what asks for
    this is not a patient's.
    """
    caller = work.caller
    if caller.kind is not CallerKind.STAFF:
        return
    # A clock that was set back must not make it hold longer.
    proven = caller.authenticated_at
    if proven is None or not -CLOCKS_DIFFER <= work.now - proven <= PROOF_HOLDS:
        raise StepUpNeeded


def prove(work: Work) -> Grant:
    """Note that the caller has just proven who they are; no new refresh token comes with it."""
    caller = work.caller
    assert caller.id is not None
    assert caller.session_id is not None
    work.execute(
        update(sessions)
        .where(sessions.c.clinic_id == caller.clinic, sessions.c.id == caller.session_id)
        .values(proven_at=work.now)
    )
    work.audit("session.proven", "session", caller.session_id)
    return Grant(
        session_id=caller.session_id,
        clinic_id=caller.clinic,
        country=country_of(work, caller.clinic),
        kind=caller.kind,
        subject_id=caller.id,
        patient_id=None,
        scopes=caller.scopes,
        refresh_token=None,
        authenticated_at=work.now,
    )


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that a refresh token has just ended: an old one came back, or one was given up."""

    session_id: UUID
    clinic_id: UUID
    kind: CallerKind
    patient_id: UUID | None


def renew(work: Work, token: str) -> Grant | Ended:
    """Trade a refresh token in for the session's next one.

    After Ended the caller is refused, and the revocation must be committed. Raises GrantRefused
    for anything else.
    """
    row, use = _presented(work, token)
    if use is refresh.Use.REUSE:
        return _end(work, row, why=REUSED)
    ordinal = row.refresh_ordinal + (use is refresh.Use.ADVANCE)
    work.execute(
        update(sessions)
        .where(sessions.c.clinic_id == row.clinic_id, sessions.c.id == row.id)
        .values(refresh_ordinal=ordinal, refreshed_at=work.now)
    )
    return Grant(
        session_id=row.id,
        clinic_id=row.clinic_id,
        country=country_of(work, row.clinic_id),
        kind=CallerKind(row.kind),
        subject_id=row.subject_id,
        patient_id=row.patient_id,
        scopes=frozenset(row.scopes.split()),
        refresh_token=refresh.make(work.vault, row.clinic_id, row.id, ordinal, row.refresh_nonce),
        authenticated_at=row.proven_at or row.created_at,
    )


def give_up(work: Work, token: str) -> Ended:
    """End the session of a refresh token, for whoever holds it (RFC 7009).

    Raises GrantRefused for what is no token of an open session: there is nothing to end.
    """
    row, use = _presented(work, token)
    return _end(work, row, why=REUSED if use is refresh.Use.REUSE else GIVEN_UP)


def revoke(work: Work, clinic_id: UUID, session_id: UUID, *, why: str) -> None:
    """End a session; its tokens are refused from the next request on."""
    work.execute(
        update(sessions)
        .where(
            sessions.c.clinic_id == clinic_id,
            sessions.c.id == session_id,
            sessions.c.revoked_at.is_(None),
        )
        .values(revoked_at=work.now, revoked_why=why)
    )
    work.audit("session.revoked", "session", session_id, clinic=clinic_id, why=why)


def open_sessions(work: Work, clinic_id: UUID, subject_id: UUID) -> Sequence[Row[Any]]:
    """The sessions of one subject that still serve, the newest first."""
    rows = work.rows(
        select(sessions)
        .where(
            sessions.c.clinic_id == clinic_id,
            sessions.c.subject_id == subject_id,
            sessions.c.revoked_at.is_(None),
        )
        .order_by(sessions.c.created_at.desc(), sessions.c.id.desc())
    )
    return [row for row in rows if not _is_over(work, row)]


def end_own(work: Work, session_id: UUID) -> None:
    """End one of the caller's sessions; raises NotFound for any other."""
    assert work.caller.id is not None
    mine = open_sessions(work, work.caller.clinic, work.caller.id)
    if session_id not in {row.id for row in mine}:
        raise NotFound
    revoke(work, work.caller.clinic, session_id, why="signed-out")


def end_all(
    work: Work, clinic_id: UUID, subject_id: UUID, *, why: str, but: UUID | None = None
) -> None:
    """End every session of one subject, but for that one."""
    for row in open_sessions(work, clinic_id, subject_id):
        if row.id != but:
            revoke(work, clinic_id, row.id, why=why)


def end_of_patient(
    work: Work, clinic_id: UUID, patient_id: UUID, *, why: str, but_newest: int = 0
) -> None:
    """End the sessions of a patient's phones, but for so many of the newest."""
    rows = work.rows(
        select(sessions.c.id)
        .where(
            sessions.c.clinic_id == clinic_id,
            sessions.c.patient_id == patient_id,
            sessions.c.revoked_at.is_(None),
        )
        .order_by(sessions.c.created_at.desc(), sessions.c.id.desc())
    )
    for row in rows[but_newest:]:
        revoke(work, clinic_id, row.id, why=why)


def country_of(work: Work, clinic_id: UUID) -> str:
    """The clinic's country, which decides whose crisis contacts a caller is shown."""
    row = work.row(select(clinics.c.country).where(clinics.c.id == clinic_id))
    assert row is not None
    country: str = row.country
    return country


def _presented(work: Work, token: str) -> tuple[Row[Any], refresh.Use]:
    """The open session of a refresh token, locked; raises GrantRefused where there is none."""
    sent = refresh.read(token)
    # Not believed yet: a token that names another clinic finds no session there.
    work.enter(sent.clinic_id)
    row = work.row(
        select(sessions)
        .where(sessions.c.clinic_id == sent.clinic_id, sessions.c.id == sent.session_id)
        .with_for_update(key_share=True)
    )
    if row is None or not sent.is_genuine(work.vault, row.refresh_nonce):
        raise GrantRefused
    if row.revoked_at or _is_over(work, row):
        raise GrantRefused
    return row, sent.use(row.refresh_ordinal)


def _end(work: Work, row: Row[Any], *, why: str) -> Ended:
    revoke(work, row.clinic_id, row.id, why=why)
    return Ended(row.id, row.clinic_id, CallerKind(row.kind), row.patient_id)


def _is_over(work: Work, row: Row[tuple[object, ...]]) -> bool:
    if row.kind != CallerKind.STAFF:
        return False
    return bool(row.expires_at <= work.now or row.refreshed_at + STAFF_IDLE <= work.now)
