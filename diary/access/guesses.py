"""Guesses at a password are counted, and after too many no more are looked at for a while.

A guess is counted before it is looked at and in a transaction of its own: neither a process that
dies nor fifty guesses at once make it fewer. An account is counted by the address that was given,
whether or not there is such a member: the answers must not tell.

Whoever is kept out may be the one who has to answer an alert. So few guesses are allowed to one
address at one account, and many to an account from everywhere: a stranger elsewhere does not keep
its member out with five. What was counted wears off with time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil

from sqlalchemy import ColumnElement, select, update

from diary.access.errors import TooManyGuesses
from diary.access.model import guesses
from diary.clock import CLOCKS_DIFFER
from diary.vault import Vault
from diary.work import Work


class Kind(IntEnum):
    """What is counted; the value is how many guesses in a row are allowed."""

    FROM_ONE_ADDRESS = 5
    FROM_ANYWHERE = 100
    AT_ANY_ACCOUNT = 50


# Doubled with each guess that is one too many.
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(minutes=15)
# By then as many as are allowed have worn off.
FORGOTTEN_AFTER = timedelta(hours=1)
_KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Suspect:
    """What guesses are counted for. key: a keyed fingerprint."""

    key: bytes
    kind: Kind


def suspects(vault: Vault, email: str, address: str | None) -> tuple[Suspect, ...]:
    """Whom a guess at that account from that address counts for."""
    place = network(address)
    return (
        Suspect(
            vault.blind_index("guesses.pair", f"{email.strip()}|{place}"), Kind.FROM_ONE_ADDRESS
        ),
        Suspect(vault.blind_index("guesses.account", email), Kind.FROM_ANYWHERE),
        Suspect(vault.blind_index("guesses.address", place), Kind.AT_ANY_ACCOUNT),
    )


def count(work: Work, *of: Suspect) -> None:
    """Count one guess for each; raises TooManyGuesses, and counts nothing, where one must wait."""
    ordered = _in_order(of)
    for suspect in ordered:
        work.add_unless_there(guesses, key=suspect.key, level=0.0, at=work.now)
    query = select(guesses).where(guesses.c.key.in_([suspect.key for suspect in ordered]))
    rows = {row.key: row for row in work.rows(query.order_by(guesses.c.key).with_for_update())}
    waits = [row.refused_until - work.now for row in rows.values() if row.refused_until]
    # None is so long but by a clock that was set back since.
    longest = max((wait for wait in waits if wait <= LONGEST + CLOCKS_DIFFER), default=timedelta())
    if longest > timedelta():
        raise TooManyGuesses(longest)
    for suspect in ordered:
        row = rows.get(suspect.key)
        if row is None:  # purged in between
            work.add_unless_there(guesses, key=suspect.key, level=1.0, at=work.now)
            continue
        # Not below zero: another guess can have been later by its clock and first here.
        age = max(work.now - row.at, timedelta())
        level = max(0.0, row.level - suspect.kind * (age / FORGOTTEN_AFTER)) + 1
        over = ceil(level) - suspect.kind
        wait = None if over < 0 else min(SHORTEST * 2 ** min(over, 10), LONGEST)
        is_back = row.at > work.now + CLOCKS_DIFFER
        work.execute(
            update(guesses)
            .where(guesses.c.key == suspect.key)
            .values(
                level=level,
                at=work.now if is_back else max(work.now, row.at),
                refused_until=wait and work.now + wait,
            )
        )
    work.purge(guesses.c.key, guesses.c.at < work.now - _KEPT_FOR)


def was_right(work: Work, *of: Suspect) -> None:
    """It was no guess: nothing is held against that address at that account any more."""
    for suspect in _in_order(of):
        if suspect.kind is Kind.FROM_ONE_ADDRESS:
            _hold(work, guesses.c.key == suspect.key, level=0)
        else:
            _take_back(work, suspect)


def was_half_right(work: Work, *of: Suspect) -> None:
    """The password was right and the code is still to come.

    That counts as a guess for this address at this account alone: leaving the code out must begin
    no count of codes anew.
    """
    for suspect in _in_order(of):
        if suspect.kind is not Kind.FROM_ONE_ADDRESS:
            _take_back(work, suspect)


def _take_back(work: Work, suspect: Suspect) -> None:
    counted = (guesses.c.key == suspect.key) & (guesses.c.level >= 1)
    _hold(work, counted, level=guesses.c.level - 1)


def _hold(work: Work, which: ColumnElement[bool], *, level: float | ColumnElement[float]) -> None:
    work.execute(update(guesses).where(which).values(level=level, refused_until=None))


def _in_order(of: Sequence[Suspect]) -> list[Suspect]:
    """In one order everywhere, so that two sign-ins do not wait for each other."""
    return sorted(of, key=lambda suspect: suspect.key)


@lru_cache(maxsize=1_024)
def network(address: str | None) -> str:
    """The address; of IPv6 the network: its holder has 2^64 addresses."""
    try:
        known = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or IPv6Network((known, 64), strict=False))
    return str(known)
