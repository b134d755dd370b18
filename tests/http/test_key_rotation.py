"""A signing key changes: published before it signs, good until its last token is over."""

from collections import deque
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from sqlalchemy import event, select

from diary.access import keys
from diary.access.keys import GOOD_AFTER, PUBLISHED_BEFORE, KeyRing, State
from diary.access.model import signing_keys
from diary.access.tokens import LIFETIME, Tokens
from diary.callers import OPERATOR
from diary.clock import CLOCKS_DIFFER
from diary.errors import Unauthenticated
from diary.work import House
from tests.cast import Cast
from tests.client import Api
from tests.clock import SimulatedClock
from tests.databases import Kept

LONGEST = int(max(LIFETIME.values()).total_seconds() // 60)
# How long whoever fetched the set may go on with it: `max-age` of its answer.
KEPT_FOR = timedelta(minutes=5)


class FrontEnd:
    """One process: its own ring, and whoever fetched the set of keys from it."""

    def __init__(self, house: House) -> None:
        self.ring = KeyRing(house)
        self.tokens = Tokens(self.ring, house.settings.issuer, house.new_id)
        self.fetched: list[tuple[datetime, set[str]]] = []

    def published(self) -> set[str]:
        return {key["kid"] for key in self.ring.jwks()["keys"]}


def rotated(house: House) -> UUID:
    with house.work(OPERATOR) as work:
        return keys.rotate(work)[0]


def stored(house: House) -> dict[UUID, str]:
    with house.work(OPERATOR, write=False) as work:
        return {row.id: row.state for row in work.rows(select(signing_keys))}


def kid_of(token: str) -> str:
    found: str = jwt.get_unverified_header(token)["kid"]
    return found


def test_the_overlap_is_longer_than_what_it_has_to_outlast() -> None:
    assert max(LIFETIME.values()) + 2 * CLOCKS_DIFFER <= GOOD_AFTER
    assert PUBLISHED_BEFORE >= 2 * keys._REREAD + 2 * CLOCKS_DIFFER


def test_every_minute_of_an_overlap(house: House, cast: Cast, clock: SimulatedClock) -> None:
    # One of them has not been asked for anything for longer than the other.
    fronts = [FrontEnd(house), FrontEnd(house)]
    old = fronts[0].ring.active().id
    new = None
    alive: deque[str] = deque(maxlen=2 * (LONGEST + 1))
    signed_by: list[set[str]] = []
    for minute in range(45):
        if minute == 7:
            new = rotated(house)
            assert rotated(house) == new, "a second one waits for the first"
        for number, front in enumerate(fronts):
            # The second serves in bursts: whole minutes pass in which nobody asks it.
            if number == 1 and minute % 6 not in (0, 1):
                continue
            front.fetched.append((clock.now(), front.published()))
            token, _ = front.tokens.sign(cast.bob.grant, clock.now(), front.ring.active())
            alive.append(token)
            # Whoever took the set from either of them up to five minutes ago knows the key.
            for each in fronts:
                for at, known in each.fetched:
                    assert clock.now() - at > KEPT_FOR or kid_of(token) in known
        signed_by.append({kid_of(token) for token in list(alive)[-2:]})
        # Each accepts every token that is not over, whichever of them signed it.
        for front in fronts:
            fresh = Tokens(front.ring, house.settings.issuer, house.new_id)
            for token in alive:
                said = jwt.decode(token, options={"verify_signature": False})
                if said["exp"] > clock.now().timestamp():
                    assert fresh.verify(token, clock.now()).session_id == cast.bob.grant.session_id
        clock.advance(minutes=1)

    assert new is not None
    assert str(new) not in set().union(*signed_by[: 7 + 15])
    assert {kid_of(token) for token in alive} == {str(new)}
    # At last the one before is gone from the set, and its tokens are nobody's.
    for front in fronts:
        assert front.published() == {str(new)}
        with pytest.raises(KeyError):
            front.ring.public(old)
    assert stored(house) == {old: State.RETIRED, new: State.ACTIVE}
    with house.work(OPERATOR, write=False) as work:
        row = work.row(select(signing_keys.c.private_key).where(signing_keys.c.id == old))
    assert row is not None
    assert row.private_key == b"", "what signs nothing any more is forgotten"


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_what_cannot_be_written_down_keeps_no_token_out(
    house: House, cast: Cast, clock: SimulatedClock, kept: Kept
) -> None:
    front = FrontEnd(house)
    token, _ = front.tokens.sign(cast.bob.grant, clock.now(), front.ring.active())
    new = rotated(house)
    fresh = Tokens(front.ring, house.settings.issuer, house.new_id)
    clock.advance(minutes=7)
    assert fresh.verify(token, clock.now()).session_id == cast.bob.grant.session_id
    clock.advance(minutes=9)
    kept.alter(
        "CREATE TRIGGER full BEFORE UPDATE ON signing_keys "
        "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    try:
        signed, _ = front.tokens.sign(cast.bob.grant, clock.now(), front.ring.active())
        assert fresh.verify(signed, clock.now()).session_id == cast.bob.grant.session_id
    finally:
        kept.alter("DROP TRIGGER full")
    assert kid_of(signed) == str(new)
    assert stored(house)[new] == State.PENDING
    clock.advance(minutes=6)
    front.ring.active()
    assert stored(house)[new] == State.ACTIVE


def test_a_retired_key_forges_nothing(house: House, cast: Cast, clock: SimulatedClock) -> None:
    front = FrontEnd(house)
    stolen = front.ring.active()
    rotated(house)

    def forged() -> UUID:
        token, _ = front.tokens.sign(cast.bob.grant, clock.now(), stolen)
        return front.tokens.verify(token, clock.now()).session_id

    clock.advance(minutes=15)
    assert forged() == cast.bob.grant.session_id
    # It has verified nothing since, and looks again by itself.
    clock.advance(minutes=15)
    with pytest.raises(Unauthenticated):
        forged()


def test_invented_keys_cost_few_reads(house: House, cast: Cast, clock: SimulatedClock) -> None:
    ring = KeyRing(house)
    known = ring.active().id
    reads: list[str] = []

    def count(_: Any, __: Any, statement: str, *___: Any) -> None:
        reads.append(statement)

    engine = house.database._engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        for _ in range(60):
            for _ in range(20):
                with pytest.raises(KeyError):
                    ring.public(uuid4())
                ring.public(known)
            clock.advance(seconds=1)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert len([one for one in reads if "signing_keys" in one]) == 11


def test_states_as_the_set_shows_them(api: Api, house: House, clock: SimulatedClock) -> None:
    ring = KeyRing(house)
    old = ring.active().id
    new = rotated(house)
    seen = []
    for _ in range(8):
        ring.jwks()
        names = stored(house)
        seen.append((names[old], names[new], len(ring.jwks()["keys"])))
        clock.advance(minutes=5)
    assert seen == [
        *[("active", "pending", 1)],  # kept since before it was made
        *[("active", "pending", 2)] * 2,
        *[("retiring", "active", 2)] * 3,
        *[("retired", "active", 1)] * 2,
    ]


def test_a_clock_that_is_set_back_leaves_a_key_that_signs(
    house: House, cast: Cast, clock: SimulatedClock
) -> None:
    front = FrontEnd(house)
    clock.advance(days=-400)
    key = front.ring.active()
    assert str(key.id) in front.published()
