"""Guesses at a secret are counted, and after too many no more are looked at for a while.

A guess is counted before it is looked at and in a transaction of its own: neither a process that
dies nor fifty guesses at once make it fewer. An account is counted by the address that was given,
whether or not there is such a member: the answers must not tell. Nobody is kept out for long: the
one who is may be the one who has to answer an alert.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from sqlalchemy import delete, select, update

from diary.access.errors import TooManyGuesses
from diary.access.model import guesses
from diary.vault import Vault
from diary.work import Work

OF_ACCOUNT = 5
# A clinic sits behind one address.
FROM_ADDRESS = 50
# Doubled with each guess that is one too many.
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Suspect:
    """What guesses are counted for. key: a keyed fingerprint. allowed: guesses in a row."""

    key: bytes
    allowed: int


def account(vault: Vault, email: str) -> Suspect:
    """Whoever signs in with that e-mail address."""
    return Suspect(vault.blind_index("guesses.account", email), OF_ACCOUNT)


def address(vault: Vault, address: str | None) -> Suspect:
    """Whoever calls from there. Of IPv6 the network: its holder has 2^64 addresses."""
    return Suspect(vault.blind_index("guesses.address", _network(address)), FROM_ADDRESS)


def count(work: Work, *suspects: Suspect) -> None:
    """Count one guess for each; raises TooManyGuesses, and counts nothing, where one must wait."""
    ordered = _in_order(suspects)
    for suspect in ordered:
        work.add_unless_there(guesses, key=suspect.key, number=0, last_at=work.now)
    rows = {
        row.key: row
        for row in work.rows(
            select(guesses)
            .where(guesses.c.key.in_([suspect.key for suspect in ordered]))
            .order_by(guesses.c.key)
            .with_for_update()
        )
    }
    waits = [row.refused_until - work.now for row in rows.values() if row.refused_until]
    # None is so long but by a clock that was set back since.
    longest = max((wait for wait in waits if wait <= LONGEST), default=timedelta())
    if longest > timedelta():
        raise TooManyGuesses(longest)
    for suspect in ordered:
        row = rows[suspect.key]
        is_old = not timedelta() <= work.now - row.last_at < FORGOTTEN_AFTER
        number = 1 if is_old else row.number + 1
        over = number - suspect.allowed
        wait = None if over < 0 else min(SHORTEST * 2 ** min(over, 10), LONGEST)
        work.execute(
            update(guesses)
            .where(guesses.c.key == suspect.key)
            .values(number=number, last_at=work.now, refused_until=wait and work.now + wait)
        )
    work.execute(delete(guesses).where(guesses.c.last_at < work.now - FORGOTTEN_AFTER))


def was_right(work: Work, *suspects: Suspect) -> None:
    """The guess that was counted was none: the account begins anew, the address has one less."""
    for suspect in _in_order(suspects):
        here = guesses.c.key == suspect.key
        if suspect.allowed == OF_ACCOUNT:
            work.execute(delete(guesses).where(here))
        else:
            work.execute(
                update(guesses)
                .where(here, guesses.c.number > 0)
                .values(number=guesses.c.number - 1, refused_until=None)
            )


def _in_order(suspects: Sequence[Suspect]) -> list[Suspect]:
    """In one order everywhere, so that two sign-ins do not wait for each other."""
    return sorted(suspects, key=lambda suspect: suspect.key)


def _network(address: str | None) -> str:
    try:
        known = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or IPv6Network((known, 64), strict=False))
    return str(known)
