"""The keys that sign access tokens: sealed at rest, published as a JWK set, changed in overlap.

What a key is at a moment follows from when it and its successor begin to sign: pending while it is
only published, active while it signs, retiring while its last tokens may live, then retired. So
processes that read the keys at different times agree, and none waits for another. `state` in the
database is brought up to date by whoever reads next, for people to look at.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from sqlalchemy import Row, select, update
from sqlalchemy.exc import DBAPIError

from diary.access.model import signing_keys
from diary.callers import ANONYMOUS
from diary.database import lost_race
from diary.logs import logger
from diary.work import House, Work

_log = logger("keys")
# Longer than any process, and whoever fetched the set, goes without reading it again: five minutes
# each. And longer than a token lives, with the difference of two clocks on either side.
PUBLISHED_BEFORE = timedelta(minutes=15)
GOOD_AFTER = timedelta(minutes=15)
_PLACE = "signing_keys.private_key"
_AT_ONCE = timedelta(0)
_REREAD = timedelta(minutes=5)
_AT_MOST_EVERY = timedelta(seconds=5)


class State(StrEnum):
    """What a key is at a moment."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRING = "retiring"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair; id is the token header's `kid`. signs_from: its first moment."""

    id: UUID
    private: EllipticCurvePrivateKey
    jwk: dict[str, Any]
    signs_from: datetime


class KeyRing:
    """The keys in use, read from the database and kept; an unknown `kid` makes it look again."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._lock = Lock()
        self._read_at: datetime | None = None
        self._keys: dict[UUID, SigningKey] = {}
        self._public: dict[UUID, EllipticCurvePublicKey] = {}
        self._is_behind = False

    def active(self) -> SigningKey:
        """The key that signs now; the first one is made when there is none.

        Never to be called while a transaction is open: it may need a connection of its own, and
        one that waits here with the pool's last connection would wait for itself.
        """
        with self._lock:
            self._look_again(_REREAD)
            if not self._keys:
                self._make_the_first()
                self._look_again(_AT_ONCE)
            states = self._states()
            found = next(key for key in self._keys.values() if states[key.id] is State.ACTIVE)
        self._write_down()
        return found

    def public(self, kid: UUID) -> EllipticCurvePublicKey:
        """The public key with that id; raises KeyError where its tokens are not accepted.

        Never to be called while a transaction is open, for the same reason.
        """
        with self._lock:
            # Tokens with invented key ids must not cost a read of the database each.
            is_known = kid in self._keys
            self._look_again(_REREAD if is_known or not self._keys else _AT_MOST_EVERY)
            if self._states()[kid] is State.RETIRED:
                raise KeyError(kid)
            found = self._public[kid]
        self._write_down()
        return found

    def jwks(self) -> dict[str, Any]:
        """The JSON Web Key Set (RFC 7517): of the keys whose tokens are accepted, and of the next
        one before it signs."""
        self.active()
        with self._lock:
            states = self._states()
            keys = [key.jwk for key in self._keys.values() if states[key.id] is not State.RETIRED]
            return {"keys": keys}

    def _states(self) -> dict[UUID, State]:
        begins = ((key.id, key.signs_from) for key in self._keys.values())
        return states(begins, self._house.clock.now())

    def _make_the_first(self) -> None:
        try:
            with self._house.work(ANONYMOUS) as work:
                if not _rows(work):
                    _make(work, State.ACTIVE, signs_from=work.now)
        except DBAPIError as error:
            # Another process made the first key at the same moment: that one serves.
            if not lost_race(error):
                raise

    def _look_again(self, after: timedelta) -> None:
        """Read the keys, unless they were read less than that ago. Under the lock: whoever comes
        while another reads waits for what that one finds."""
        now = self._house.clock.now()
        if self._read_at is None or abs(now - self._read_at) >= after:
            self._read()
            self._read_at = now

    def _read(self) -> None:
        with self._house.work(ANONYMOUS, write=False) as work:
            rows = _rows(work)
            keys = {row.id: self._keys.get(row.id) or _opened(work, row) for row in rows}
            self._is_behind = bool(_behind(work, rows))
        if keys.keys() != self._keys.keys():
            self._public = {kid: key.private.public_key() for kid, key in keys.items()}
        self._keys = keys

    def _write_down(self) -> None:
        """Settle what was found behind. Nobody waits for it, and nothing depends on it: what a key
        is goes by the clock, and a full disk must not keep every token out."""
        if not self._is_behind:
            return
        self._is_behind = False
        try:
            with self._house.work(ANONYMOUS) as work:
                settle(work)
        except DBAPIError as error:
            # Another process does the same at this moment, or it is tried again at the next look.
            if not lost_race(error):
                _log.warning("keys.unsettled", error=error)


def states(begins: Iterable[tuple[UUID, datetime]], now: datetime) -> dict[UUID, State]:
    """What each key is at a moment. begins: from when each of them signs."""
    ordered = sorted(begins, key=lambda key: (key[1], key[0]))
    # The last that has begun signs; the first of all where the clock was set back before it.
    begun = sum(signs_from <= now for _, signs_from in ordered)
    active = max(begun - 1, 0)
    found = {}
    for place, (kid, _) in enumerate(ordered):
        if place >= active:
            found[kid] = State.ACTIVE if place == active else State.PENDING
        else:
            superseded = ordered[place + 1][1]
            over = now >= superseded + GOOD_AFTER
            found[kid] = State.RETIRED if over else State.RETIRING
    return found


def rotate(work: Work) -> tuple[UUID, datetime]:
    """Make the next key, which is published from now on; its id, and from when it signs.

    While one waits to sign there is no other: that one is told again.
    """
    settle(work)
    rows = _rows(work)
    for row in rows:
        if row.state == State.PENDING:
            return row.id, _signs_from(row)
    signs_from = work.now + PUBLISHED_BEFORE if rows else work.now
    return _make(work, State.PENDING if rows else State.ACTIVE, signs_from=signs_from), signs_from


def settle(work: Work) -> None:
    """Write down what the keys are now. The private half of one that is retired is forgotten."""
    behind = _behind(work, _rows(work))
    # There is one active key at most: the one before gives way first.
    for kid, state in sorted(behind.items(), key=lambda each: each[1] is State.ACTIVE):
        gone = {"private_key": b""} if state is State.RETIRED else {}
        work.execute(
            update(signing_keys).where(signing_keys.c.id == kid).values(state=state, **gone)
        )


def _make(work: Work, state: State, *, signs_from: datetime) -> UUID:
    key = generate_private_key(SECP256R1())
    kid = work.new_id()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    work.add(
        signing_keys,
        id=kid,
        private_key=work.vault.seal(pem, place=_PLACE, clinic=None, row=kid),
        public_jwk=jwk | {"kid": str(kid), "use": "sig", "alg": "ES256"},
        state=state,
        created_at=work.now,
        signs_from=signs_from,
    )
    return kid


def _rows(work: Work) -> list[Row[Any]]:
    return list(work.rows(select(signing_keys).where(signing_keys.c.state != State.RETIRED)))


def _behind(work: Work, rows: Iterable[Row[Any]]) -> dict[UUID, State]:
    """The keys that are something else now than is written down."""
    rows = list(rows)
    present = states(((row.id, _signs_from(row)) for row in rows), work.now)
    return {row.id: present[row.id] for row in rows if row.state != present[row.id]}


def _signs_from(row: Row[Any]) -> datetime:
    found: datetime = row.signs_from or row.created_at
    return found


def _opened(work: Work, row: Row[Any]) -> SigningKey:
    pem = work.vault.open(row.private_key, place=_PLACE, clinic=None, row=row.id)
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return SigningKey(row.id, key, row.public_jwk, _signs_from(row))
