"""API clients: a clinic's own programs, which trade a key for short access tokens."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from diary.access import secrets
from diary.access.errors import GrantRefused
from diary.access.model import api_clients, sessions
from diary.access.permissions import SCOPES_OF, Role, Scope
from diary.access.sessions import Grant, country_of, open_session, revoke
from diary.callers import CallerKind
from diary.errors import NotFound
from diary.work import Work


@dataclass(frozen=True, slots=True)
class Client:
    """An API client; key only in the answer that created it."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None
    key: str | None = None


def create(work: Work, *, name: str, scopes: frozenset[Scope]) -> Client:
    """Register a client with a part of what clients may hold; its key is shown this once."""
    client_id = work.new_id()
    key = secrets.client_key(work.random_bytes)
    held = scopes & SCOPES_OF[Role.CLIENT]
    work.add(
        api_clients,
        clinic_id=work.caller.clinic,
        id=client_id,
        name=name,
        key_hash=secrets.key_fingerprint(key),
        created_at=work.now,
    )
    open_session(
        work,
        clinic_id=work.caller.clinic,
        kind=CallerKind.CLIENT,
        subject_id=client_id,
        session_id=client_id,
        role=Role.CLIENT,
        scopes=held,
    )
    return Client(client_id, name, tuple(sorted(held)), work.now, None, key)


def all_clients(work: Work) -> list[Client]:
    """The clinic's clients, revoked ones included."""
    rows = work.rows(
        select(api_clients, sessions.c.scopes, sessions.c.revoked_at)
        .join(
            sessions,
            (sessions.c.clinic_id == api_clients.c.clinic_id) & (sessions.c.id == api_clients.c.id),
        )
        .where(api_clients.c.clinic_id == work.caller.clinic)
        .order_by(api_clients.c.id)
    )
    return [
        Client(row.id, row.name, tuple(row.scopes.split()), row.created_at, row.revoked_at)
        for row in rows
    ]


def revoke_client(work: Work, client_id: UUID) -> None:
    """Refuse a client from its next request on; raises NotFound."""
    known = select(api_clients.c.id).where(
        api_clients.c.clinic_id == work.caller.clinic, api_clients.c.id == client_id
    )
    if work.row(known) is None:
        raise NotFound
    revoke(work, work.caller.clinic, client_id, why="client-revoked")


def exchange_key(work: Work, *, client_id: UUID, key: str) -> Grant:
    """The grant of a client that shows its key; raises GrantRefused."""
    row = work.row(
        select(api_clients.c.clinic_id, sessions.c.scopes)
        .join(
            sessions,
            (sessions.c.clinic_id == api_clients.c.clinic_id) & (sessions.c.id == api_clients.c.id),
        )
        .where(
            api_clients.c.key_hash == secrets.key_fingerprint(key),
            api_clients.c.id == client_id,
            sessions.c.revoked_at.is_(None),
        )
    )
    if row is None:
        raise GrantRefused
    return Grant(
        session_id=client_id,
        clinic_id=row.clinic_id,
        country=country_of(work, row.clinic_id),
        kind=CallerKind.CLIENT,
        subject_id=client_id,
        patient_id=None,
        scopes=frozenset(row.scopes.split()),
        refresh_token=None,
    )
