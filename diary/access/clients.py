"""API clients: a clinic's own programs, which trade a key for short access tokens."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select, update

from diary.access import assertions, secrets
from diary.access.errors import GrantRefused
from diary.access.model import api_clients, client_assertions, sessions
from diary.access.permissions import SCOPES_OF, Role, Scope
from diary.access.sessions import Grant, country_of, open_session, revoke
from diary.callers import CallerKind
from diary.errors import FieldFault, Invalid, NotFound
from diary.versions import Expected, claim
from diary.work import Work

_CLIENTS = select(api_clients, sessions.c.scopes, sessions.c.revoked_at).join(
    sessions,
    (sessions.c.clinic_id == api_clients.c.clinic_id) & (sessions.c.id == api_clients.c.id),
)
_GOOD = _CLIENTS.where(sessions.c.revoked_at.is_(None))


@dataclass(frozen=True, slots=True)
class Client:
    """An API client; key only in the answer that created it, and only if it signs nothing."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None
    public_keys: list[dict[str, Any]] | None
    key: str | None = None
    version: int = 1


def create(
    work: Work,
    *,
    name: str,
    scopes: frozenset[Scope],
    public_keys: list[dict[str, Any]] | None = None,
) -> Client:
    """Register a client with a part of what clients may hold.

    public_keys: JWKs whose private halves it signs assertions with; without any it is given a key
    to exchange, which is shown this once. Raises Invalid for a JWK that is unfit.
    """
    client_id = work.new_id()
    key = None
    if public_keys:
        _check(public_keys)
    else:
        key = secrets.client_key(work.random_bytes)
    held = scopes & SCOPES_OF[Role.CLIENT]
    work.add(
        api_clients,
        clinic_id=work.caller.clinic,
        id=client_id,
        name=name,
        key_hash=key and secrets.key_fingerprint(key),
        public_keys=public_keys or None,
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
    return Client(
        id=client_id,
        name=name,
        scopes=tuple(sorted(held)),
        created_at=work.now,
        revoked_at=None,
        public_keys=public_keys or None,
        key=key,
    )


def all_clients(work: Work) -> list[Client]:
    """The clinic's clients, revoked ones included."""
    rows = work.rows(
        _CLIENTS.where(api_clients.c.clinic_id == work.caller.clinic).order_by(api_clients.c.id)
    )
    return [_shown(row) for row in rows]


def get(work: Work, client_id: UUID) -> Client:
    """One of the clinic's clients, revoked or not; raises NotFound."""
    row = work.row(_CLIENTS.where(_mine(work, client_id)))
    if row is None:
        raise NotFound
    return _shown(row)


def change_public_keys(
    work: Work, client_id: UUID, keys: list[dict[str, Any]], expected: Expected | None = None
) -> None:
    """Put other keys in place of those that a client signs with; raises NotFound, Invalid.

    Old and new beside each other, and later the new alone, change a key without a gap. A key that
    was exchanged before serves no longer.
    """
    _check(keys)
    mine = _mine(work, client_id)
    if work.row(_GOOD.where(mine)) is None:
        raise NotFound
    claim(work, api_clients, mine, expected)
    work.execute(update(api_clients).where(mine).values(public_keys=keys, key_hash=None))
    work.audit("client.keys-changed", "api_client", client_id)


def revoke_client(work: Work, client_id: UUID, expected: Expected | None = None) -> None:
    """Refuse a client from its next request on; raises NotFound."""
    mine = _mine(work, client_id)
    if work.row(select(api_clients.c.id).where(mine)) is None:
        raise NotFound
    claim(work, api_clients, mine, expected)
    revoke(work, work.caller.clinic, client_id, why="client-revoked")


def exchange_key(work: Work, *, client_id: UUID, key: str) -> Grant:
    """The grant of a client that shows its key; raises GrantRefused."""
    has_key = api_clients.c.key_hash == secrets.key_fingerprint(key)
    return _grant(work, _entered(work, has_key & (api_clients.c.id == client_id)))


def exchange_assertion(work: Work, token: str, *, audiences: Collection[str]) -> Grant:
    """The grant of a client that signed an assertion for one of these audiences.

    Raises GrantRefused, also for an assertion that was taken before.
    """
    try:
        claimed = assertions.read(token)
        row = _entered(work, api_clients.c.id == claimed.client_id)
        keys = row.public_keys or () if row else ()
        believed = assertions.believe(claimed, keys, audiences=audiences, now=work.now)
    except assertions.NotBelieved:
        raise GrantRefused from None
    grant = _grant(work, row)
    used, here = client_assertions.c.used, client_assertions.c.clinic_id == grant.clinic_id
    if work.row(select(used).where(here, used == believed.used)) is not None:
        raise GrantRefused
    # Of two requests at once with one assertion the key lets one commit; the other runs again and
    # finds it used.
    work.add(
        client_assertions,
        clinic_id=grant.clinic_id,
        client_id=claimed.client_id,
        used=believed.used,
        expires_at=believed.expires_at,
    )
    work.purge(used, here & (client_assertions.c.expires_at < work.now))
    return grant


def _entered(work: Work, which: ColumnElement[bool]) -> Row[Any] | None:
    """A client that is not revoked, in whose clinic the transaction is from now on."""
    clinic_id = work.enter_clinic_of(api_clients, which)
    if clinic_id is None:
        return None
    return work.row(_GOOD.where(api_clients.c.clinic_id == clinic_id, which))


def _mine(work: Work, client_id: UUID) -> ColumnElement[bool]:
    return (api_clients.c.clinic_id == work.caller.clinic) & (api_clients.c.id == client_id)


def _shown(row: Row[Any]) -> Client:
    return Client(
        id=row.id,
        name=row.name,
        scopes=tuple(row.scopes.split()),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        public_keys=row.public_keys,
        version=row.version,
    )


def _grant(work: Work, row: Row[Any] | None) -> Grant:
    if row is None:
        raise GrantRefused
    return Grant(
        session_id=row.id,
        clinic_id=row.clinic_id,
        country=country_of(work, row.clinic_id),
        kind=CallerKind.CLIENT,
        subject_id=row.id,
        patient_id=None,
        scopes=frozenset(row.scopes.split()),
        refresh_token=None,
    )


def _check(keys: list[dict[str, Any]]) -> None:
    faults = []
    names: set[object] = set()
    for index, key in enumerate(keys):
        try:
            assertions.usable_key(key)
        except assertions.UnusableKey:
            detail = (
                "must be a public EC key (P-256, P-384) or RSA key (2048 to 8192 bits) with a kid"
            )
            faults.append(FieldFault(f"/public_keys/{index}", "unusable_key", detail))
            continue
        if key["kid"] in names:
            detail = "must not name two keys"
            faults.append(FieldFault(f"/public_keys/{index}/kid", "duplicate", detail))
        names.add(key["kid"])
    if faults:
        raise Invalid(errors=faults)
