"""Sessions: opened once, read on every request, refreshed, revoked."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update

from diary.access import refresh
from diary.access.errors import GrantRefused
from diary.access.model import clinics, sessions
from diary.access.permissions import SCOPES_OF, Role, Scope
from diary.callers import Caller, CallerKind
from diary.columns import Id
from diary.errors import Unauthenticated
from diary.work import Work

STAFF_SESSION = timedelta(hours=12)
# A staff member who does nothing for half an hour lets the session lapse; the access token's
# own ten minutes come on top, because only refreshing shows that someone is there.
STAFF_IDLE = timedelta(minutes=40)


@dataclass(frozen=True, slots=True)
class Grant:
    """A session as the token service needs it: whose it is, and the next refresh token."""

    session_id: UUID
    clinic_id: UUID
    country: str
    kind: CallerKind
    subject_id: UUID
    patient_id: UUID | None
    scopes: frozenset[str]
    refresh_token: str | None


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
    )


_CALLER = select(
    sessions.c.kind,
    sessions.c.subject_id,
    sessions.c.patient_id,
    sessions.c.role,
    sessions.c.scopes,
    sessions.c.expires_at,
    sessions.c.revoked_at,
).where(
    sessions.c.clinic_id == bindparam("clinic", type_=Id),
    sessions.c.id == bindparam("session", type_=Id),
)


def find_caller(work: Work, clinic_id: UUID, session_id: UUID) -> Caller:
    """Whoever holds this session now; raises Unauthenticated once it is revoked or over."""
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
    )


def renew(work: Work, token: str) -> Grant | None:
    """Trade a refresh token in for the session's next one.

    None means that the family was just revoked because an old token came back: the caller is
    refused, and the revocation must be committed. Raises GrantRefused for anything else.
    """
    sent = refresh.read(token)
    row = work.row(
        select(sessions)
        .where(sessions.c.clinic_id == sent.clinic_id, sessions.c.id == sent.session_id)
        .with_for_update(key_share=True)
    )
    if row is None or not sent.is_genuine(work.vault, row.refresh_nonce):
        raise GrantRefused
    if row.revoked_at or _is_over(work, row):
        raise GrantRefused
    use = sent.use(row.refresh_ordinal)
    if use is refresh.Use.REUSE:
        revoke(work, sent.clinic_id, sent.session_id, why="refresh-token-reused")
        return None
    ordinal = row.refresh_ordinal + (use is refresh.Use.ADVANCE)
    work.execute(
        update(sessions)
        .where(sessions.c.clinic_id == sent.clinic_id, sessions.c.id == sent.session_id)
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
    )


def revoke(work: Work, clinic_id: UUID, session_id: UUID, *, why: str) -> None:
    """End a session; its tokens are refused from the next request on."""
    work.execute(
        update(sessions)
        .where(
            sessions.c.clinic_id == clinic_id,
            sessions.c.id == session_id,
            sessions.c.revoked_at.is_(None),
        )
        .values(revoked_at=work.now)
    )
    work.audit("session.revoked", "session", session_id, clinic=clinic_id, why=why)


def country_of(work: Work, clinic_id: UUID) -> str:
    """The clinic's country, which decides whose crisis contacts a caller is shown."""
    row = work.row(select(clinics.c.country).where(clinics.c.id == clinic_id))
    assert row is not None
    country: str = row.country
    return country


def _is_over(work: Work, row: Row[tuple[object, ...]]) -> bool:
    if row.kind != CallerKind.STAFF:
        return False
    return bool(row.expires_at <= work.now or row.refreshed_at + STAFF_IDLE <= work.now)
