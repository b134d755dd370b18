"""Replace the master key: every key in the database is wrapped anew, and no field is touched.

In small transactions, beside running processes: whatever is under a former master key when this
looks is brought over, so it can be killed at any moment and run again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import sleep
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError

from diary import datakeys
from diary.callers import OPERATOR
from diary.columns import Id
from diary.sealing import CLINIC_KEY_PLACE, DATA_KEY_PLACE
from diary.vault import decrypt, encrypt, place, wrap_root
from diary.work import House, Work
from diary.wrapped import clinic_keys, data_keys, root_secret

_AT_ONCE = 200
# Seconds between two transactions. On SQLite whoever writes meanwhile only looks now and then
# whether it may, and would not come to it otherwise.
_GIVE_WAY = 0.03
_ABOVE = and_(
    clinic_keys.c.clinic_id == data_keys.c.clinic_id, clinic_keys.c.id == data_keys.c.wrapped_by
)
_WRAP_ANEW = (
    update(data_keys)
    .where(
        data_keys.c.clinic_id == bindparam("clinic", type_=Id),
        data_keys.c.id == bindparam("owner", type_=Id),
    )
    .values(wrapped=bindparam("anew"), wrapped_by=bindparam("above", type_=Id))
)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What is under which master key. root: whether the root is under the one that wraps now.

    clinics: wrapping keys under another; data_keys: those below such a one.
    """

    root: bool
    clinics: int
    data_keys: int

    @property
    def all_anew(self) -> bool:
        """Whether nothing is under another key than the one that wraps now."""
        return self.root and not self.clinics


def look(work: Work) -> Wrapped:
    """How far the master key that wraps now has come."""
    others = clinic_keys.c.wrapped_by != work.vault.vault.wraps_with
    root = work.row(select(root_secret.c.wrapped_by))
    keys = work.row(select(func.count().label("found")).select_from(clinic_keys).where(others))
    below = work.row(
        select(func.count().label("found"))
        .select_from(data_keys)
        .join(clinic_keys, _ABOVE)
        .where(others)
    )
    assert root is not None
    assert keys is not None
    assert below is not None
    return Wrapped(root.wrapped_by == work.vault.vault.wraps_with, keys.found, below.found)


def rotate(house: House) -> int:
    """Bring everything under the master key that wraps now; the number of data keys moved.

    Every process that runs must have been given both keys before. Raises WrongMasterKey where
    neither opens what is there.
    """
    with house.work(OPERATOR) as work:
        _move_root(work)
    moved = 0
    while True:
        # Again until none is found: clinics may be founded meanwhile.
        with house.work(OPERATOR, write=False) as work:
            others = clinic_keys.c.wrapped_by != house.vault.wraps_with
            found = work.rows(select(clinic_keys.c.clinic_id).where(others).distinct())
        if not found:
            return moved
        for row in found:
            moved += _move_clinic(house, row.clinic_id)


def _move_root(work: Work) -> None:
    """From the commit of this on, new clinics' keys are under the new master key, too."""
    row = work.row(select(root_secret.c.wrapped_by).with_for_update())
    assert row is not None
    vault = work.vault.vault
    if row.wrapped_by != vault.wraps_with:
        wrapped = wrap_root(vault, vault.root())
        work.execute(
            update(root_secret)
            .where(root_secret.c.id == 1)
            .values(wrapped=wrapped, wrapped_by=vault.wraps_with)
        )


def _move_clinic(house: House, clinic_id: UUID) -> int:
    operator = OPERATOR.within(clinic_id)
    with house.work(operator) as work:
        _make_active(work, clinic_id)
    moved = 0
    while True:
        with house.work(operator) as work:
            some = _move_some(work, clinic_id)
        moved += some
        if some:
            sleep(_GIVE_WAY)
            continue
        try:
            with house.work(operator) as work:
                _leave(work, clinic_id)
        except IntegrityError:
            # A patient was entered under the old key in this moment: their key is moved next.
            continue
        return moved


def _make_active(work: Work, clinic_id: UUID) -> None:
    """A new wrapping key for the clinic, unless an earlier run made it."""
    master = work.vault.vault.wraps_with
    active = and_(clinic_keys.c.clinic_id == clinic_id, clinic_keys.c.active)
    row = work.row(select(clinic_keys.c.wrapped_by).where(active).with_for_update(key_share=True))
    if row is not None and row.wrapped_by == master:
        return
    work.execute(update(clinic_keys).where(active).values(active=False))
    datakeys.wrapping_key(work, clinic_id, master=master)
    work.audit("wrapping-key.made", "clinic", clinic_id, clinic=clinic_id)


def _move_some(work: Work, clinic_id: UUID) -> int:
    rows = work.rows(
        select(
            data_keys,
            clinic_keys.c.wrapped.label("clinic_key"),
            clinic_keys.c.wrapped_by.label("master"),
        )
        .join(clinic_keys, _ABOVE)
        .where(
            data_keys.c.clinic_id == clinic_id,
            clinic_keys.c.wrapped_by != work.vault.vault.wraps_with,
        )
        .order_by(data_keys.c.id)
        .limit(_AT_ONCE)
        # None of them is destroyed between this and the commit.
        .with_for_update(of=data_keys, key_share=True)
    )
    if rows:
        work.connection.execute(_WRAP_ANEW, _anew(work, clinic_id, rows))
    return len(rows)


def _anew(work: Work, clinic_id: UUID, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    vault = work.vault.vault
    active = work.row(
        select(clinic_keys).where(clinic_keys.c.clinic_id == clinic_id, clinic_keys.c.active)
    )
    assert active is not None
    above = work.vault.clinic_key(active)
    anew = []
    for row in rows:
        at = place(CLINIC_KEY_PLACE, clinic_id, row.wrapped_by)
        former = vault.unwrap(vault.master(row.master), row.clinic_key, at)
        at = place(DATA_KEY_PLACE, clinic_id, row.id)
        # Not through what is kept unwrapped: that is for the keys that requests use.
        key = decrypt(former, row.wrapped, at)
        wrapped = encrypt(above, key, at, work.random_bytes)
        anew.append({"clinic": clinic_id, "owner": row.id, "anew": wrapped, "above": active.id})
    return anew


def _leave(work: Work, clinic_id: UUID) -> None:
    """Delete the wrapping keys under former master keys. Raises IntegrityError where one is used:
    the database waits for whoever has just read it, and refuses."""
    used = exists().where(_ABOVE)
    work.execute(
        delete(clinic_keys).where(
            clinic_keys.c.clinic_id == clinic_id,
            clinic_keys.c.wrapped_by != work.vault.vault.wraps_with,
            ~used,
        )
    )
